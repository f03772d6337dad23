import nodeCrypto from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionOptions } from 'sealed-session'

const SECRET = '8f3TqY1mZ0cVwJx5KpR7uNbG2hLsD9eA4iXoQyWtUkM'
const OLDER = 'Qm7RzT2vXc9LpWk4YdHs6NjBf1GaEo8UiKxZ3MwCq5V'
const NAME = '__Host-session'
const DAY = 86_400_000

const subtleNames = [
  'encrypt',
  'decrypt',
  'deriveBits',
  'deriveKey',
  'importKey',
  'digest',
] as const
const nodeNames = [
  'createCipheriv',
  'createDecipheriv',
  'createSecretKey',
  'randomFillSync',
] as const

/** How often each function of WebCrypto and of `node:crypto` has been called since. */
function watchCrypto() {
  const subtle = subtleNames.map((name) => vi.spyOn(crypto.subtle, name))
  const node = nodeNames.map((name) => vi.spyOn(nodeCrypto, name))
  const random = vi.spyOn(crypto, 'getRandomValues')
  const names = [...subtleNames, ...nodeNames, 'getRandomValues']
  const spies = [...subtle, ...node, random]
  return () =>
    Object.fromEntries(
      spies.map((spy, at) => [names[at], spy.mock.calls.length]).filter(([, count]) => count !== 0),
    )
}

/** How often our own code has called `JSON` since: the test runner calls it too. */
function watchJson() {
  const counts = { parse: 0, stringify: 0 }
  const { parse, stringify } = JSON
  const isOurs = () => /\/src\/[a-z-]+\.ts/.test(new Error().stack ?? '')
  vi.spyOn(JSON, 'parse').mockImplementation((...given) => {
    if (isOurs()) counts.parse++
    return parse(...given)
  })
  vi.spyOn(JSON, 'stringify').mockImplementation((...given: unknown[]) => {
    if (isOurs()) counts.stringify++
    return Reflect.apply(stringify, JSON, given)
  })
  return counts
}

async function cookieOf(options: SessionOptions, data: object) {
  const sessions = createSessions(options)
  const session = await sessions.open(null)
  for (const [key, value] of Object.entries(data)) session.set(key, value)
  const lines = await sessions.setCookies(session)
  return lines.map((line) => line.split(';')[0]).join('; ')
}

/** Sessions that have opened `cookie` once, so that its key is there. */
async function warm(options: SessionOptions, cookie: string) {
  const sessions = createSessions(options)
  expect((await sessions.open(cookie)).rejection).toBeUndefined()
  return sessions
}

/** A serializer that counts. */
function counting() {
  return { stringify: vi.fn(JSON.stringify), parse: vi.fn(JSON.parse) }
}

/** A clock that stands still. */
const clock = () => Date.UTC(2026, 10, 20, 12)

const handle = (cookie: string) => new Request('https://shop.example/', { headers: { cookie } })

afterEach(() => vi.restoreAllMocks())

describe('no session came', () => {
  test('no crypto and no JSON, whether the handler looks at the session or not', async () => {
    const sessions = createSessions({ secrets: SECRET, clock })
    // Node loads what `Request` and `Response` are made of at their first use.
    await sessions.wrap(() => new Response('hello'))(handle(''))
    const counts = watchCrypto()
    const json = watchJson()
    const looking = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    const notLooking = sessions.wrap(() => new Response('hello'))
    for (const cookie of ['', 'theme=dark; lang=en']) {
      await looking(handle(cookie))
      await notLooking(handle(cookie))
    }
    expect(counts()).toEqual({})
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('nor when it is looked at after its commit, and committed again', async () => {
    const sessions = createSessions({ secrets: SECRET, clock })
    const session = await sessions.open(null)
    expect(await sessions.setCookies(session)).toEqual([])
    const json = watchJson()
    expect(session.toJSON()).toEqual({})
    expect(await sessions.setCookies(session)).toEqual([])
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('a cookie that is no token, or names no key of ours, costs no crypto', async () => {
    const foreign = await cookieOf({ secrets: OLDER, clock }, { user: 'ada' })
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada' })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const counts = watchCrypto()
    for (const [sent, reason] of [
      [`${NAME}=junk`, 'malformed'],
      [`${cookie}=`, 'malformed'],
      [foreign, 'unknown-key'],
    ] as const) {
      expect((await sessions.open(sent)).rejection).toEqual({ reason })
    }
    expect(counts()).toEqual({})
  })

  test('a day that no session can be from costs no derivation', async () => {
    const later = () => clock() + 30 * DAY
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada' })
    const sessions = createSessions({ secrets: SECRET, clock: later })
    const counts = watchCrypto()
    expect((await sessions.open(cookie)).rejection).toEqual({ reason: 'expired' })
    expect(counts()).toEqual({})
  })
})

describe('a session that is only read', () => {
  test('one decryption, no encryption, nothing drawn at random', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada', visits: 3 })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const counts = watchCrypto()
    const read = sessions.wrap((_, session) => new Response(String(session.get('visits'))))
    const response = await read(handle(cookie))
    expect(await response.text()).toBe('3')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(counts()).toEqual({ createDecipheriv: 1 })
  })

  test('one parse, and no serialisation while only primitives were handed out', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada', cart: ['tea'] })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const json = watchJson()
    const read = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    await read(handle(cookie))
    expect(json).toEqual({ parse: 1, stringify: 0 })
  })

  test('one serialisation once an object was handed out, to see whether it changed', async () => {
    const serializer = counting()
    const cookie = await cookieOf({ secrets: SECRET, clock, serializer }, { cart: ['tea'] })
    const sessions = await warm({ secrets: SECRET, clock, serializer }, cookie)
    serializer.stringify.mockClear()
    const counts = watchCrypto()
    const read = sessions.wrap((_, session) => new Response(String(session.get('cart'))))
    await read(handle(cookie))
    expect(serializer.stringify).toHaveBeenCalledTimes(1)
    expect(counts()).toEqual({ createDecipheriv: 1 })
  })

  test('one decryption however often the same request is asked for its session', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada' })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const counts = watchCrypto()
    const request = handle(cookie)
    const opened = await Promise.all([1, 2, 3].map(() => sessions.open(request)))
    await sessions.wrap((same) => sessions.commit(same, new Response('hello')))(request)
    expect(new Set(opened).size).toBe(1)
    expect(counts()).toEqual({ createDecipheriv: 1 })
  })
})

describe('a session that is written', () => {
  test('one serialisation, one encryption and one IV', async () => {
    const serializer = counting()
    const cookie = await cookieOf({ secrets: SECRET, clock, serializer }, { visits: 1 })
    const sessions = await warm({ secrets: SECRET, clock, serializer }, cookie)
    serializer.stringify.mockClear()
    serializer.parse.mockClear()
    const counts = watchCrypto()
    const write = sessions.wrap((_, session) => {
      session.set('visits', 2)
      session.set('user', 'ada')
      return new Response('changed')
    })
    expect((await write(handle(cookie))).headers.getSetCookie()).toHaveLength(1)
    expect(serializer.stringify).toHaveBeenCalledTimes(1)
    expect(serializer.parse).toHaveBeenCalledTimes(1)
    expect(counts()).toEqual({ createDecipheriv: 1, createCipheriv: 1, randomFillSync: 1 })
  })

  test('no second serialisation or encryption for the size guard, in three cookies either', async () => {
    const serializer = counting()
    const options = { secrets: SECRET, clock, serializer, limits: 'node' } as const
    const sessions = createSessions(options)
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(7000))
    const counts = watchCrypto()
    expect(await sessions.setCookies(session)).toHaveLength(3)
    expect(serializer.stringify).toHaveBeenCalledTimes(1)
    expect(counts()).toMatchObject({ createCipheriv: 1, randomFillSync: 1 })
  })

  test('nothing again when its lines are asked for again', async () => {
    const sessions = createSessions({ secrets: SECRET, clock })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    const counts = watchCrypto()
    const json = watchJson()
    expect(await sessions.setCookies(session)).toEqual(lines)
    expect((await sessions.commit(session, new Response(''))).headers.getSetCookie()).toEqual(lines)
    expect(counts()).toEqual({})
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('a renewal seals the text that came: no serialisation at all', async () => {
    const serializer = counting()
    const time = { now: clock() }
    const options = { secrets: SECRET, clock: () => time.now, serializer }
    const cookie = await cookieOf(options, { user: 'ada' })
    const sessions = await warm(options, cookie)
    serializer.stringify.mockClear()
    time.now += DAY / 2 - 3_600_000
    const counts = watchCrypto()
    const read = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    expect((await read(handle(cookie))).headers.getSetCookie()).toHaveLength(1)
    expect(serializer.stringify).not.toHaveBeenCalled()
    expect(counts()).toEqual({ createDecipheriv: 1, createCipheriv: 1, randomFillSync: 1 })
  })
})

describe('a Cookie header with others in it', () => {
  test('none of 50 foreign cookies is decoded or parsed', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada' })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const foreign = Array.from(
      { length: 50 },
      (_, index) => `other${index}=%7B%22a%22%3A${index}%7D`,
    )
    const decoders = [
      vi.spyOn(globalThis, 'decodeURIComponent'),
      vi.spyOn(globalThis, 'decodeURI'),
      vi.spyOn(globalThis, 'unescape'),
    ]
    const json = watchJson()
    const counts = watchCrypto()
    const header = [...foreign.slice(0, 25), cookie, ...foreign.slice(25)].join('; ')
    const session = await sessions.open(header)
    expect(session.get('user')).toBe('ada')
    expect(decoders.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0])
    expect(json).toEqual({ parse: 1, stringify: 0 })
    expect(counts()).toEqual({ createDecipheriv: 1 })
  })
})

describe('keys', () => {
  test('one derivation for each day and secret, over a hundred requests', async () => {
    const time = { now: clock() }
    const ids = {
      secrets: [
        { secret: SECRET, id: 'new' },
        { secret: OLDER, id: 'old' },
      ],
    }
    const options = { ...ids, clock: () => time.now }
    const old = await cookieOf({ ...options, secrets: [ids.secrets[1] ?? ''] }, { user: 'ada' })
    const sessions = createSessions(options)
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const makeKey = vi.spyOn(nodeCrypto, 'createSecretKey')
    const write = sessions.wrap((_, session) => {
      session.set('visits', 1)
      return new Response('changed')
    })
    for (let day = 0; day < 2; day++) {
      time.now = clock() + day * DAY - day * 3_600_000
      for (let request = 0; request < 50; request++) await write(handle(old))
    }
    // The old secret's day opens; the new secret's two days seal.
    expect([derive.mock.calls.length, makeKey.mock.calls.length]).toEqual([3, 3])
  })

  test('the header of a secret and a day is decoded once, not with every token', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { user: 'ada' })
    const sessions = await warm({ secrets: SECRET, clock }, cookie)
    const decode = vi.spyOn(globalThis, 'atob')
    for (let request = 0; request < 10; request++) {
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
    }
    expect(decode).not.toHaveBeenCalled()
  })

  test('a secret without a name has it derived once, and so has its key', async () => {
    const sessions = createSessions({ secrets: SECRET, clock })
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    for (let request = 0; request < 100; request++) {
      const session = await sessions.open(null)
      session.set('user', 'ada')
      await sessions.setCookies(session)
    }
    expect(derive).toHaveBeenCalledTimes(2)
  })
})

describe('where the runtime has WebCrypto alone', () => {
  const { getBuiltinModule } = process

  function createWithoutNodeCrypto(options: SessionOptions) {
    try {
      Reflect.set(process, 'getBuiltinModule', undefined)
      return createSessions(options)
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  }

  test('a session read is one decryption, one written an encryption more, and no key is imported again', async () => {
    const cookie = await cookieOf({ secrets: SECRET, clock }, { visits: 1 })
    const sessions = createWithoutNodeCrypto({ secrets: SECRET, clock })
    await sessions.open(cookie)
    const counts = watchCrypto()
    const read = sessions.wrap((_, session) => new Response(String(session.get('visits'))))
    await read(handle(cookie))
    expect(counts()).toEqual({ decrypt: 1 })
    const write = sessions.wrap((_, session) => {
      session.set('visits', 2)
      return new Response('changed')
    })
    expect((await write(handle(cookie))).headers.getSetCookie()).toHaveLength(1)
    expect(counts()).toEqual({ decrypt: 2, encrypt: 1, getRandomValues: 1 })
  })
})
