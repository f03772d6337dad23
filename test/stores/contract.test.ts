// One suite for every store: parcels are stored completely, replaced, expire and are removed.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { createSessions } from 'sealed-session'
import { overflow, revocations } from 'sealed-session/overflow'
import type { OverflowStorage } from 'sealed-session/overflow'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import fsLiteDriver from 'unstorage/drivers/fs-lite'
import lruDriver from 'unstorage/drivers/lru-cache'
import memoryDriver from 'unstorage/drivers/memory'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { areInstalled } from '../servers/programs.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { SECRET } from '../support/mint.ts'
import { startRedis } from './redis.ts'
import type { RedisServer } from './redis.ts'

/** A store, and further parts for a test. */
interface Backend {
  readonly storage: OverflowStorage
  /** Lists all of its entries. */
  keys(): Promise<string[]>
  /**
   * Returns the seconds until an entry expires; `undefined` if the store does not support expiry.
   */
  secondsLeft(key: string): Promise<number | undefined>
  stop(): Promise<unknown>
}

let redis: RedisServer | undefined

const hasRedis = areInstalled('stores', 'redis-server')

beforeAll(async () => {
  if (hasRedis) redis = await startRedis()
})

afterAll(() => redis?.stop())

function url(): string {
  return `redis://127.0.0.1:${redis?.port}`
}

async function ofUnstorage(driver: Parameters<typeof createStorage>[0]): Promise<Backend> {
  const storage = createStorage(driver)
  return {
    storage,
    keys: () => storage.getKeys(),
    secondsLeft: async () => undefined,
    stop: () => storage.dispose(),
  }
}

async function inFiles(driver: typeof fsDriver | typeof fsLiteDriver): Promise<Backend> {
  const base = await mkdtemp(join(tmpdir(), 'parcels-'))
  const backend = await ofUnstorage({ driver: driver({ base }) })
  return {
    ...backend,
    async stop() {
      await backend.stop()
      await rm(base, { recursive: true })
    },
  }
}

async function inMap(): Promise<Backend> {
  const items = new Map<string, string>()
  return {
    storage: {
      getItem: (key) => items.get(key),
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
    },
    keys: async () => [...items.keys()],
    secondsLeft: async () => undefined,
    stop: async () => {},
  }
}

async function inUnstorageRedis(): Promise<Backend> {
  const backend = await ofUnstorage({ driver: redisDriver({ url: url(), base: 'unstorage' }) })
  const client = new Redis(url())
  return {
    ...backend,
    secondsLeft: (key) => client.ttl(`unstorage:${key}`),
    async stop() {
      await client.quit()
      await backend.stop()
    },
  }
}

async function inIoredis(): Promise<Backend> {
  const client = new Redis(url())
  return {
    storage: {
      getItem: (key) => client.get(`ioredis:${key}`),
      setItem: (key, value, { ttl }) => client.set(`ioredis:${key}`, value, 'EX', ttl),
      removeItem: (key) => client.del(`ioredis:${key}`),
    },
    keys: async () => (await client.keys('ioredis:*')).map((key) => key.slice('ioredis:'.length)),
    secondsLeft: (key) => client.ttl(`ioredis:${key}`),
    stop: () => client.quit(),
  }
}

async function inNodeRedis(): Promise<Backend> {
  const client = createClient({ url: url() })
  await client.connect()
  return {
    storage: {
      getItem: (key) => client.get(`node:${key}`),
      setItem: (key, value, { ttl }) => client.set(`node:${key}`, value, { EX: ttl }),
      removeItem: (key) => client.del(`node:${key}`),
    },
    keys: async () => (await client.keys('node:*')).map((key) => key.slice('node:'.length)),
    secondsLeft: (key) => client.ttl(`node:${key}`),
    stop: () => client.close(),
  }
}

interface StoreCase {
  readonly name: string
  readonly start: () => Promise<Backend>
  /** Whether it drops expired entries. */
  readonly forgets?: boolean
}

const STORES: readonly StoreCase[] = [
  { name: 'a Map', start: inMap },
  { name: 'unstorage: memory', start: () => ofUnstorage({ driver: memoryDriver() }) },
  { name: 'unstorage: lru-cache', start: () => ofUnstorage({ driver: lruDriver({}) }) },
  { name: 'unstorage: fs', start: () => inFiles(fsDriver) },
  { name: 'unstorage: fs-lite', start: () => inFiles(fsLiteDriver) },
  ...(hasRedis
    ? [
        { name: 'unstorage: Redis', start: inUnstorageRedis, forgets: true },
        { name: 'ioredis', start: inIoredis, forgets: true },
        { name: 'node-redis', start: inNodeRedis, forgets: true },
      ]
    : []),
]

describe.each(STORES)('$name', ({ start, forgets = false }) => {
  let backend: Backend
  let began = 0
  beforeAll(async () => {
    began = Date.now()
    backend = await start()
  })
  afterAll(() => backend.stop())

  const create = () =>
    createSessions({ secrets: SECRET, overflow: overflow({ storage: backend.storage }) })

  async function cookieWith(cart: string): Promise<string> {
    const sessions = create()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', cart)
    return pairsOf(await sessions.setCookies(session))
  }

  test.each([3000, 60_000, 300_000])(
    'stores %i characters, which are read immediately',
    async (length) => {
      const cart = 'tea Grüße 🍵 '.repeat(length / 12)
      const later = await create().open(await cookieWith(cart))
      expect(later.toJSON()).toEqual({ user: 'ada', cart })
    },
  )

  test('keeps the parcels of two writes of one session apart', async () => {
    const sessions = create()
    const cookie = await cookieWith('x'.repeat(5000))
    const session = await sessions.open(cookie)
    session.set('cart', 'y'.repeat(5000))
    const later = pairsOf(await sessions.setCookies(session))
    expect((await sessions.open(cookie)).get('cart')).toBe('x'.repeat(5000))
    expect((await sessions.open(later)).get('cart')).toBe('y'.repeat(5000))
  })

  test('drops the parcel of a logout, after which a copy is incomplete', async () => {
    const sessions = create()
    const before = await backend.keys()
    const cookie = await cookieWith('x'.repeat(5000))
    const session = await sessions.open(cookie)
    session.destroy()
    await sessions.setCookies(session)
    expect((await backend.keys()).toSorted()).toEqual(before.toSorted())
    expect((await sessions.open(cookie)).rejection?.reason).toBe('incomplete')
  })

  test.runIf(forgets)('drops each parcel after a week', async () => {
    await cookieWith('x'.repeat(5000))
    const left = await Promise.all((await backend.keys()).map((key) => backend.secondsLeft(key)))
    const elapsed = (Date.now() - began) / 1000
    for (const seconds of left) {
      expect(seconds).toBeGreaterThanOrEqual(604_800 - 1 - elapsed)
      expect(seconds).toBeLessThanOrEqual(604_810)
    }
  })

  test('keeps revocations', async () => {
    const time = { now: Date.now() }
    const ended = revocations<{ user: string }>(backend.storage, {
      user: (session) => session.get('user'),
      cache: 0,
      clock: () => time.now,
    })
    const sessions = createSessions<{ user: string }>({
      secrets: SECRET,
      revoked: ended.revoked,
      clock: () => time.now,
    })
    const [one, other] = await Promise.all(
      ['ada', 'grace'].map(async (user) => {
        const session = await sessions.open(null)
        session.set('user', user)
        return pairsOf(await sessions.setCookies(session))
      }),
    )
    const reasons = async () => [
      (await sessions.open(one)).rejection?.reason,
      (await sessions.open(other)).rejection?.reason,
    ]
    expect(await reasons()).toEqual([undefined, undefined])
    await ended.endSession(String((await sessions.open(other)).id))
    expect(await reasons()).toEqual([undefined, 'revoked'])
    time.now += 1000
    await ended.endUser('ada', { except: String((await sessions.open(one)).id) })
    expect(await reasons()).toEqual([undefined, 'revoked'])
    await ended.endUser('ada', { except: 'another' })
    expect(await reasons()).toEqual(['revoked', 'revoked'])
    await ended.endAll()
    expect(await reasons()).toEqual(['revoked', 'revoked'])
  })
})
