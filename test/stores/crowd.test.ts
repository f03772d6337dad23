// Two thousand visitors with carts of 0 to 60 kB on three processes, a proxy and a real Redis: a
// rotation and rolling restarts under load, and a Redis that stops and starts again.

import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createFleet } from '../drill/fleet.ts'
import type { Fleet } from '../drill/fleet.ts'
import { areInstalled } from '../servers/programs.ts'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { OLDER_SECRET, SECRET } from '../support/mint.ts'
import { cartOf } from './cart.ts'
import { startRedis } from './redis.ts'
import type { RedisServer } from './redis.ts'

const VISITORS = 2000
const LARGEST_CART = 60_000
const INSTANCES = 3
const IN_FLIGHT = 20

/** Bytes that fit `portable` beside the rest of the session. */
const FITS = 1500

const SHOP = new URL('shop.ts', import.meta.url).pathname

interface Visitor {
  readonly name: string
  readonly jar: Browser
  readonly size: number
  /** The data of the session, as far as the visitor received answers. */
  version: number
  visits: number
}

interface Answer {
  readonly user?: string
  readonly visits?: number
  readonly version?: number
  readonly cart?: string
  readonly reason?: string
  readonly code?: string
}

const hasRedis = areInstalled('a crowd', 'redis-server')

describe.runIf(hasRedis)('2 000 visitors with carts of 0 to 60 kB', () => {
  let redis: RedisServer
  let client: Redis
  let fleet: Fleet
  let folder = ''
  const errors = new Map<string, number>()
  const torn: string[] = []
  let requests = 0
  let carts = 0

  const visitors = Array.from({ length: VISITORS }, (_, at): Visitor => {
    const size = Math.round((LARGEST_CART * at) / (VISITORS - 1))
    return { name: `visitor-${at}`, jar: createJar(), size, version: 0, visits: 0 }
  })
  const large = visitors.filter(({ size }) => size > 2 * FITS)
  const small = visitors.filter(({ size }) => size < FITS)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'overflow-crowd-'))
    await publish(OLDER_SECRET)
    redis = await startRedis()
    client = new Redis(redis.port, '127.0.0.1', { retryStrategy: () => 100 })
    client.on('error', () => {})
    fleet = await createFleet(INSTANCES, environment(), SHOP)
  })

  afterAll(async () => {
    await fleet?.stop()
    client?.disconnect()
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function environment(): Record<string, string> {
    return { SECRETS_FILE: join(folder, 'secrets'), REDIS_PORT: String(redis.port) }
  }

  /** Writes the secrets in one step, so that no instance reads half a value. */
  async function publish(value: string): Promise<void> {
    const file = join(folder, 'secrets')
    await writeFile(`${file}.next`, value)
    await rename(`${file}.next`, file)
  }

  async function send({ jar }: Visitor, path: string): Promise<Answer> {
    const cookie = jar.header()
    const headers: Record<string, string> = cookie === '' ? {} : { cookie }
    const response = await fetch(`http://127.0.0.1:${fleet.port}${path}`, { headers })
    requests++
    const answer: Answer = await response.json()
    jar.store(response)
    if (response.status !== 200) {
      const code = `${response.status} ${answer.code}`
      errors.set(code, (errors.get(code) ?? 0) + 1)
    }
    return answer
  }

  /** Sends a request, and compares the session with the visitor's expectation. */
  async function visit(visitor: Visitor, path: string): Promise<boolean> {
    const answer = await send(visitor, path)
    if (answer.code !== undefined) return false
    if (path === '/visit') visitor.visits++
    if (path.startsWith('/cart')) {
      visitor.version++
      carts++
    }
    const { name, version, visits, size } = visitor
    const cart = version === 0 ? '' : cartOf(name, version, size)
    const hash = createHash('sha256').update(cart).digest('base64url')
    const expected = { user: name, visits, version, cart: hash }
    if (JSON.stringify(answer) !== JSON.stringify(expected)) {
      torn.push(`${path}: ${JSON.stringify(answer)} is not ${JSON.stringify(expected)}`)
    }
    return true
  }

  /** Sends the same requests for each visitor, and returns how many were answered. */
  async function each(all: readonly Visitor[], paths: (visitor: Visitor) => string[]) {
    const waiting = [...all]
    let answered = 0
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        for (const path of paths(next)) if (await visit(next, path)) answered++
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, work))
    return answered
  }

  /** Resolves when so many more requests are answered. Requests must be sent meanwhile. */
  async function untilSent(count: number): Promise<void> {
    const enough = requests + count
    await vi.waitFor(() => expect(requests).toBeGreaterThan(enough), { timeout: 300_000 })
  }

  const cartPath = ({ size }: Visitor) => `/cart?size=${size}`

  /** Sends requests until a promise is settled, whose value it returns. */
  async function sendUntil<T>(promise: Promise<T>, send: () => Promise<unknown>): Promise<T> {
    const progress = { isSettled: false }
    const settled = promise.finally(() => (progress.isSettled = true))
    // It is awaited below.
    settled.catch(() => {})
    while (!progress.isSettled) await send()
    return settled
  }

  /** Writes other secrets, and sends requests until every instance has them in force. */
  async function replaceSecrets(value: string): Promise<void> {
    const change = fleet.untilSecretsChange()
    await publish(value)
    await sendUntil(change, () => each(visitors.slice(0, IN_FLIGHT), () => ['/']))
  }

  /** Whether there was no error, and every session is complete. */
  async function expectWhole(): Promise<void> {
    await each(visitors, () => ['/'])
    expect(torn).toEqual([])
    expect([...errors]).toEqual([])
  }

  /** Returns when every instance has found the store again: each connects when its own wait is over. */
  async function expectStoreInUse(): Promise<void> {
    const everyInstance = large.slice(0, 2 * INSTANCES)
    await vi.waitFor(
      async () => {
        errors.clear()
        for (const visitor of everyInstance) await visit(visitor, '/')
        expect([...errors]).toEqual([])
      },
      { timeout: 300_000, interval: 100 },
    )
  }

  /** Returns how many parcels exist; each must expire. */
  async function countParcels(): Promise<number> {
    let [count, cursor] = [0, '0']
    do {
      const [next, keys] = await client.scan(cursor, 'COUNT', 1000)
      cursor = next
      const pipeline = client.pipeline()
      for (const key of keys) pipeline.ttl(key)
      for (const [, ttl] of (await pipeline.exec()) ?? []) {
        expect(ttl).toBeGreaterThan(0)
        expect(ttl).toBeLessThanOrEqual(604_810)
      }
      count += keys.length
    } while (cursor !== '0')
    return count
  }

  test('fill their carts, and each session is complete', async () => {
    await each(visitors, ({ name }) => [`/login?user=${name}`])
    await each(visitors, (visitor) => [cartPath(visitor)])
    await expectWhole()
    const parcels = await countParcels()
    expect(parcels).toBeGreaterThanOrEqual(large.length)
    expect(parcels).toBeLessThanOrEqual(VISITORS - small.length)
  })

  test('keep their parcels if they only visit', async () => {
    const before = await countParcels()
    await each(visitors, () => ['/visit', '/'])
    await expectWhole()
    expect(await countParcels()).toBe(before)
  })

  test('are not logged out by a rotation and rolling restarts under load', async () => {
    const activeFrom = Math.floor(Date.now() / 1000) + 3600
    const keys = [
      { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), activeFrom },
      { kty: 'oct', k: Buffer.from(OLDER_SECRET).toString('base64url') },
    ]
    await replaceSecrets(JSON.stringify({ keys }))
    const restarts = fleet.restart(environment(), () => untilSent(10 * IN_FLIGHT))
    await sendUntil(restarts, () => each(visitors, (visitor) => ['/visit', cartPath(visitor), '/']))
    await fleet.setClock(activeFrom * 1000)
    await each(visitors, () => ['/visit'])
    await expectWhole()
    // Every session was written since, so the older secret is no longer needed, not for parcels
    // either.
    await replaceSecrets(SECRET)
    await expectWhole()
  })

  test('see errors only if they need Redis, and only while it is down', async () => {
    await redis.pause()
    const [ofSmall, ofLarge] = await Promise.all([
      each(small, () => ['/visit', '/']),
      each(large.slice(0, 300), () => ['/visit', '/']),
    ])
    expect(ofSmall).toBe(2 * small.length)
    expect(ofLarge).toBe(0)
    expect([...errors]).toEqual([['503 ERR_SESSION_STORE', 600]])
    errors.clear()
    await redis.resume()
    await expectStoreInUse()
    await expectWhole()
    await each(visitors, (visitor) => ['/visit', cartPath(visitor)])
    await expectWhole()
  })

  test('leave no more parcels than carts and secrets, and a logout removes its own', async () => {
    const before = await countParcels()
    // One for each cart, and one more when the session changed to the new secret.
    expect(before).toBeLessThanOrEqual(carts + VISITORS)
    const leaving = large.slice(0, 200)
    await Promise.all(leaving.map((visitor) => send(visitor, '/logout')))
    expect(await countParcels()).toBe(before - leaving.length)
    const reasons = await Promise.all(leaving.map((visitor) => send(visitor, '/')))
    expect(new Set(reasons.map(({ user, reason }) => [user, reason].join()))).toEqual(
      new Set([',']),
    )
    console.log(`${requests} requests, ${carts} carts, ${before} parcels, ${torn.length} torn`)
    expect([torn, [...errors]]).toEqual([[], []])
  })
})
