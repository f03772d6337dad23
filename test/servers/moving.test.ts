// A session that exceeds its cookies: the keys in its size report move to a store of the
// application, and the session keeps their id. The same code for every store.

import { randomBytes } from 'node:crypto'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { createStorage } from 'unstorage'
import type { Driver, Storage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pairOf } from './application.ts'
import { areInstalled, freePort, launch } from './programs.ts'

type Cart = readonly { readonly article: string; readonly count: number }[]

interface Shop {
  userId: string
  cart: Cart
  cartId: string
}

/** Further parts of a store for a test. */
interface Backend {
  readonly driver: Driver
  /** Returns the seconds until an item expires, if the store reports them. */
  secondsLeft(key: string): Promise<number | undefined>
  stop(): Promise<void>
}

const SMALL: Cart = [{ article: 'lamp', count: 1 }]
const LARGE: Cart = Array.from({ length: 90 }, (_, at) => ({ article: `chair ${at}`, count: at }))

const maxAge = 7 * 24 * 3600
const sessions = createSessions<Shop>({ secrets: randomBytes(32).toString('base64url'), maxAge })
let store: Storage

/** Keeps a cart in the session while it fits, and in the store from then on. */
async function saveCart(session: Session<Shop>, cart: Cart): Promise<void> {
  session.set('cart', cart)
  const { move } = await sessions.measure(session)
  if (!move.includes('cart') && !session.has('cartId')) return
  const cartId = session.get('cartId', crypto.randomUUID())
  await store.setItem(cartId, cart, { ttl: maxAge })
  session.set('cartId', cartId)
  session.delete('cart')
}

async function loadCart(session: Session<Shop>): Promise<Cart> {
  const cartId = session.get('cartId')
  return (cartId ? await store.getItem<Cart>(cartId) : session.get('cart')) ?? []
}

async function newcomer(): Promise<Session<Shop>> {
  const session = await sessions.open(null)
  session.set('userId', 'u-1')
  return session
}

/** Opens the session that the browser sends after these lines. */
function nextRequest(lines: readonly string[]): Promise<Session<Shop>> {
  return sessions.open(lines.map(pairOf).join('; '))
}

function inMemory(): Promise<Backend> {
  const backend = {
    driver: memoryDriver(),
    secondsLeft: () => Promise.resolve(undefined),
    stop: () => Promise.resolve(),
  }
  return Promise.resolve(backend)
}

async function inRedis(): Promise<Backend> {
  const port = await freePort()
  const where = ['--port', String(port), '--bind', '127.0.0.1']
  const server = await launch('redis-server', [...where, '--save', '', '--appendonly', 'no'], port)
  const driver = redisDriver({ host: '127.0.0.1', port })
  return {
    driver,
    secondsLeft: (key) => driver.getInstance().ttl(key),
    async stop() {
      await driver.dispose?.()
      await server.stop()
    },
  }
}

const hasRedis = areInstalled('moving to a store', 'redis-server')

const STORES = [['memory', inMemory], ...(hasRedis ? ([['Redis', inRedis]] as const) : [])] as const

describe.each(STORES)('a cart that exceeds its session, with a store in %s', (_name, start) => {
  let backend: Backend

  beforeAll(async () => {
    backend = await start()
    store = createStorage({ driver: backend.driver })
  })
  beforeEach(() => store.clear())
  afterAll(() => backend?.stop())

  test('is what the size report says to move', async () => {
    const session = await newcomer()
    session.set('cart', LARGE)
    const report = await sessions.measure(session)

    expect(report.level).toBe('over')
    expect(report.keys[0]?.key).toBe('cart')
    expect(report.move).toEqual(['cart'])
    await expect(sessions.setCookies(session)).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      report: { move: ['cart'] },
    })
  })

  test('moves to the store, and is read in the next request', async () => {
    const session = await newcomer()
    await saveCart(session, LARGE)
    const { level } = await sessions.measure(session)
    const again = await nextRequest(await sessions.setCookies(session))

    expect(level).toBe('ok')
    expect(again.keys()).toEqual(['userId', 'cartId'])
    expect(await loadCart(again)).toEqual(LARGE)
    expect(await store.getKeys()).toEqual([again.get('cartId')])
  })

  test('can be saved after a save has failed for its size', async () => {
    const session = await newcomer()
    session.set('cart', LARGE)
    await expect(sessions.setCookies(session)).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
    })
    await saveCart(session, LARGE)

    expect(await loadCart(await nextRequest(await sessions.setCookies(session)))).toEqual(LARGE)
  })

  test('stays in the store under the same id when it is small again', async () => {
    const session = await newcomer()
    await saveCart(session, LARGE)
    const second = await nextRequest(await sessions.setCookies(session))
    await saveCart(second, SMALL)

    expect(await loadCart(second)).toEqual(SMALL)
    expect(second.has('cart')).toBe(false)
    expect(await store.getKeys()).toEqual([session.get('cartId')])
    // The session has not changed, so no cookie is sent.
    expect(await sessions.setCookies(second)).toEqual([])
  })

  test('stays in the session while it is small', async () => {
    const session = await newcomer()
    await saveCart(session, SMALL)
    const again = await nextRequest(await sessions.setCookies(session))

    expect(again.toJSON()).toEqual({ userId: 'u-1', cart: SMALL })
    expect(await loadCart(again)).toEqual(SMALL)
    expect(await store.getKeys()).toEqual([])
  })

  test('is empty again when the store has lost it', async () => {
    const session = await newcomer()
    await saveCart(session, LARGE)
    await store.clear()

    expect(await loadCart(session)).toEqual([])
  })

  test('expires when no session can refer to it, if the store supports expiry', async () => {
    const session = await newcomer()
    const began = Date.now()
    await saveCart(session, LARGE)
    const left = (await backend.secondsLeft(session.get('cartId', ''))) ?? maxAge

    expect(left).toBeGreaterThanOrEqual(maxAge - 1 - (Date.now() - began) / 1000)
    expect(left).toBeLessThanOrEqual(maxAge)
  })

  test('is not seen by another visitor', async () => {
    const one = await newcomer()
    const other = await newcomer()
    await saveCart(one, LARGE)
    await saveCart(other, LARGE.slice(1))

    expect(await loadCart(one)).toEqual(LARGE)
    expect(await loadCart(other)).toEqual(LARGE.slice(1))
  })
})
