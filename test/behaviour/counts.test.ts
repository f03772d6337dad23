// How often a request calls the ciphers, `JSON` and the serializer. The counts are exact, because
// every request pays for each unnecessary call.

import nodeCrypto from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import { createJar, namesOf, pairsOf } from '../support/cookie-jar.ts'
import { inEngine } from '../support/engines.ts'
import { setAll } from '../support/set-up.ts'

const SECRET = '8f3TqY1mZ0cVwJx5KpR7uNbG2hLsD9eA4iXoQyWtUkM'
const OLDER = 'Qm7RzT2vXc9LpWk4YdHs6NjBf1GaEo8UiKxZ3MwCq5V'
const NAME = '__Host-session'

/** Milliseconds. */
const HOUR = 3_600_000
const DAY = 24 * HOUR

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

/** The calls of one seal in `node:crypto`. */
const ONE_SEAL = { createCipheriv: 1, randomFillSync: 1 }
const ONE_OPEN = { createDecipheriv: 1 }

/**
 * Returns how often each function of WebCrypto and of `node:crypto` has been called since the last
 * call.
 */
function countCalls() {
  const subtle = subtleNames.map((name) => vi.spyOn(crypto.subtle, name))
  const node = nodeNames.map((name) => vi.spyOn(nodeCrypto, name))
  const random = vi.spyOn(crypto, 'getRandomValues')
  const names = [...subtleNames, ...nodeNames, 'getRandomValues']
  const spies = [...subtle, ...node, random]
  for (const spy of spies) spy.mockClear()
  return () =>
    Object.fromEntries(
      spies.map((spy, at) => [names[at], spy.mock.calls.length]).filter(([, count]) => count !== 0),
    )
}

/** Counts only the calls of `JSON` by our own code, because the test runner calls it too. */
function watchJson() {
  const counts = { parse: 0, stringify: 0 }
  const { parse, stringify } = JSON
  const isOurs = () => /\/src\/(?:[a-z-]+\/)*[a-z-]+\.ts/.test(new Error().stack ?? '')
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

async function cookieWith(options: SessionOptions, data: object): Promise<string> {
  const sessions = createSessions(options)
  const session = await sessions.open(null)
  setAll(session, data)
  return pairsOf(await sessions.setCookies(session))
}

/** Creates sessions that have opened `cookie` once, so that its key is derived. */
async function warm(options: SessionOptions, cookie: string): Promise<Sessions> {
  const sessions = createSessions(options)
  expect((await sessions.open(cookie)).rejection).toBeUndefined()
  return sessions
}

/** Returns a serializer that counts its calls. */
function counting() {
  return { stringify: vi.fn(JSON.stringify), parse: vi.fn(JSON.parse) }
}

/** A clock that stands still. */
const clock = () => Date.UTC(2026, 10, 20, 12)

const strict = { secrets: SECRET, clock }

const requestWith = (cookie: string) =>
  new Request('https://shop.example/', { headers: { cookie } })

/** Sends one request to a handler that uses the session. Returns the lines that it sets. */
async function visit(
  sessions: Sessions,
  cookie: string,
  act: (session: Session) => unknown,
): Promise<string[]> {
  const handler = sessions.wrap((_, session) => new Response(String(act(session))))
  return (await handler(requestWith(cookie))).headers.getSetCookie()
}

afterEach(() => vi.restoreAllMocks())

describe('a request without a session', () => {
  test('uses no crypto and no JSON, whether or not the handler accesses the session', async () => {
    const sessions = createSessions(strict)
    // Node loads its implementation of `Request` and `Response` at their first use.
    await sessions.wrap(() => new Response('hello'))(requestWith(''))
    const counts = countCalls()
    const json = watchJson()
    const looking = sessions.wrap((_, session) => new Response(String(session.get('user'))))
    const notLooking = sessions.wrap(() => new Response('hello'))
    for (const cookie of ['', 'theme=dark; lang=en', `${NAME}.x=aaaa; ${NAME}.t=junk`]) {
      await looking(requestWith(cookie))
      await notLooking(requestWith(cookie))
    }
    expect(counts()).toEqual({})
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('uses none when it is accessed after its commit, and committed again', async () => {
    const sessions = createSessions(strict)
    const session = await sessions.open(null)
    expect(await sessions.setCookies(session)).toEqual([])
    const json = watchJson()
    expect(session.toJSON()).toEqual({})
    expect(await sessions.setCookies(session)).toEqual([])
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('with a malformed cookie, or one of an unknown secret, uses no crypto', async () => {
    const foreign = await cookieWith({ secrets: OLDER, clock }, { user: 'ada' })
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    for (const [sent, reason] of [
      [`${NAME}=junk`, 'malformed'],
      [`${cookie}=`, 'malformed'],
      [foreign, 'unknown-key'],
    ] as const) {
      const session = await sessions.open(sent)
      expect(session.rejection).toEqual({ reason })
      expect(await sessions.setCookies(session)).toEqual([])
    }
    expect(counts()).toEqual({})
  })

  test('with a day that is out of range derives no key', async () => {
    const later = () => clock() + 30 * DAY
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = createSessions({ secrets: SECRET, clock: later })
    const counts = countCalls()
    expect((await sessions.open(cookie)).rejection).toEqual({ reason: 'expired' })
    expect(counts()).toEqual({})
  })
})

describe('a request whose session is not opened', () => {
  test('uses none of them, and neither does its commit', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const json = watchJson()
    const response = new Response('hello')
    expect(await sessions.commit(requestWith(cookie), response)).toBe(response)
    expect(counts()).toEqual({})
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('under wrap decrypts the session, and does not check it for changes or write a ticket', async () => {
    const time = { now: clock() }
    const serializer = counting()
    const options = { secrets: SECRET, clock: () => time.now, serializer }
    const cookie = await cookieWith(options, { cart: ['tea'] })
    const sessions = await warm(options, cookie)
    time.now += 11 * HOUR
    serializer.stringify.mockClear()
    serializer.parse.mockClear()
    const counts = countCalls()
    expect(await visit(sessions, cookie, () => 'hello')).toEqual([])
    expect(counts()).toEqual(ONE_OPEN)
    expect([serializer.parse.mock.calls.length, serializer.stringify.mock.calls.length]).toEqual([
      1, 0,
    ])
  })
})

describe('a request that only reads its session', () => {
  test('decrypts once, encrypts nothing, and draws no random bytes', async () => {
    const cookie = await cookieWith(strict, { user: 'ada', visits: 3 })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const read = sessions.wrap((_, session) => new Response(String(session.get('visits'))))
    const response = await read(requestWith(cookie))
    expect(await response.text()).toBe('3')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(counts()).toEqual(ONE_OPEN)
  })

  test('parses once, and serialises nothing if only primitives were read', async () => {
    const cookie = await cookieWith(strict, { user: 'ada', cart: ['tea'] })
    const sessions = await warm(strict, cookie)
    const json = watchJson()
    await visit(sessions, cookie, (session) => [session.get('user'), session.id, session.size])
    expect(json).toEqual({ parse: 1, stringify: 0 })
  })

  test('serialises once if an object was read, to find out whether it changed', async () => {
    const cookie = await cookieWith(strict, { cart: ['tea'] })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const json = watchJson()
    expect(await visit(sessions, cookie, (session) => session.get('cart'))).toEqual([])
    expect(json).toEqual({ parse: 1, stringify: 1 })
    expect(counts()).toEqual(ONE_OPEN)
  })

  test('serialises and parses once with a serializer too', async () => {
    const serializer = counting()
    const options = { ...strict, serializer }
    const cookie = await cookieWith(options, { cart: ['tea'] })
    const sessions = await warm(options, cookie)
    serializer.stringify.mockClear()
    serializer.parse.mockClear()
    expect(await visit(sessions, cookie, (session) => session.get('cart'))).toEqual([])
    expect(serializer.stringify).toHaveBeenCalledTimes(1)
    expect(serializer.parse).toHaveBeenCalledTimes(1)
  })

  test('decrypts once more for a ticket, and parses once', async () => {
    const time = { now: clock() }
    const options = { secrets: SECRET, clock: () => time.now }
    const browser = createJar()
    browser.store([`${await cookieWith(options, { user: 'ada' })}; Path=/; Secure`])
    const sessions = createSessions(options)
    time.now += 3 * HOUR
    for (let request = 0; request < 2; request++) {
      browser.store(await visit(sessions, browser.header(), (session) => session.get('user')))
    }
    expect(browser.names()).toEqual([NAME, `${NAME}.t`])
    const counts = countCalls()
    const json = watchJson()
    const lines = await visit(sessions, browser.header(), (session) => session.get('user'))
    expect(lines).toEqual([])
    expect(counts()).toEqual({ createDecipheriv: 2 })
    expect(json).toEqual({ parse: 2, stringify: 0 })
  })

  test('decrypts once however often its session is opened', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const request = requestWith(cookie)
    const opened = await Promise.all([1, 2, 3].map(() => sessions.open(request)))
    await sessions.wrap((same) => sessions.commit(same, new Response('hello')))(request)
    expect(new Set(opened).size).toBe(1)
    expect(counts()).toEqual(ONE_OPEN)
  })

  test('only parses once more for a discarded change, to restore the session', async () => {
    const cookie = await cookieWith(strict, { cart: ['tea'] })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const json = watchJson()
    const lines = await visit(sessions, cookie, (session) => {
      session.set('cart', ['milk'])
      session.discard()
    })
    expect(lines).toEqual([])
    expect(counts()).toEqual(ONE_OPEN)
    expect(json).toEqual({ parse: 2, stringify: 0 })
  })
})

describe('a ticket takes', () => {
  test('one encryption and one IV, and the session is neither serialised nor sealed', async () => {
    const serializer = counting()
    const time = { now: clock() }
    const options = { secrets: SECRET, clock: () => time.now, serializer }
    const cookie = await cookieWith(options, { user: 'ada' })
    const sessions = await warm(options, cookie)
    time.now += 11 * HOUR
    // The first one of a day derives its key.
    await visit(sessions, cookie, (session) => session.get('user'))
    serializer.stringify.mockClear()
    const counts = countCalls()
    const lines = await visit(sessions, cookie, (session) => session.get('user'))
    expect(namesOf(lines)).toEqual([`${NAME}.t`])
    expect(serializer.stringify).not.toHaveBeenCalled()
    expect(counts()).toEqual({ ...ONE_OPEN, ...ONE_SEAL })
  })

  test('the same by touch', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    await visit(sessions, cookie, (session) => session.touch())
    const counts = countCalls()
    const json = watchJson()
    const lines = await visit(sessions, cookie, (session) => session.touch())
    expect(namesOf(lines)).toEqual([`${NAME}.t`])
    expect(counts()).toEqual({ ...ONE_OPEN, ...ONE_SEAL })
    expect(json).toEqual({ parse: 1, stringify: 0 })
  })
})

describe('a write takes', () => {
  function write(session: Session): void {
    session.set('visits', 2)
    session.set('user', 'ada')
  }

  test('one parse, one serialisation, one encryption and one IV', async () => {
    const cookie = await cookieWith(strict, { visits: 1 })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const json = watchJson()
    expect(await visit(sessions, cookie, write)).toHaveLength(1)
    expect(json).toEqual({ parse: 1, stringify: 1 })
    expect(counts()).toEqual({ ...ONE_OPEN, ...ONE_SEAL })
  })

  test('one id more for a new session', async () => {
    const sessions = await warm(strict, await cookieWith(strict, { visits: 1 }))
    const counts = countCalls()
    const json = watchJson()
    expect(await visit(sessions, '', write)).toHaveLength(1)
    expect(json).toEqual({ parse: 0, stringify: 1 })
    expect(counts()).toEqual({ ...ONE_SEAL, getRandomValues: 1 })
  })

  test('the calls of a serializer that write the data and check that it can be read', async () => {
    const serializer = counting()
    const options = { ...strict, serializer }
    const cookie = await cookieWith(options, { visits: 1 })
    const sessions = await warm(options, cookie)
    const callsOf = async (sent: string) => {
      serializer.stringify.mockClear()
      serializer.parse.mockClear()
      expect(await visit(sessions, sent, write)).toHaveLength(1)
      return [serializer.parse.mock.calls.length, serializer.stringify.mock.calls.length]
    }
    // Written, then read and written again by the check.
    expect(await callsOf('')).toEqual([1, 3])
    // The same for a session that was opened, after a comparison with its former state.
    expect(await callsOf(cookie)).toEqual([3, 4])
  })

  test('no second serialisation or encryption for the size guard, even with three cookies', async () => {
    const sessions = createSessions({ ...strict, limits: 'node' })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(7000))
    const counts = countCalls()
    const json = watchJson()
    expect(await sessions.setCookies(session)).toHaveLength(3)
    expect(json).toEqual({ parse: 0, stringify: 1 })
    expect(counts()).toMatchObject(ONE_SEAL)
  })

  test('nothing more when its lines are requested again', async () => {
    const sessions = createSessions(strict)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    const counts = countCalls()
    const json = watchJson()
    expect(await sessions.setCookies(session)).toEqual(lines)
    expect((await sessions.commit(session, new Response(''))).headers.getSetCookie()).toEqual(lines)
    await sessions.save(session, () => {})
    expect(counts()).toEqual({})
    expect(json).toEqual({ parse: 0, stringify: 0 })
  })

  test('one stamp for a logout, and no encryption', async () => {
    const cookie = await cookieWith(strict, { visits: 1 })
    const sessions = await warm(strict, cookie)
    const counts = countCalls()
    const json = watchJson()
    expect(await visit(sessions, cookie, (session) => session.destroy())).toHaveLength(2)
    expect(counts()).toEqual({ ...ONE_OPEN, getRandomValues: 1 })
    expect(json).toEqual({ parse: 1, stringify: 0 })
  })
})

describe('the option revoked', () => {
  test('is called once by a request that reads, and twice by one that writes', async () => {
    const revoked = vi.fn(() => false)
    const options = { ...strict, revoked }
    const cookie = await cookieWith(options, { visits: 1 })
    const sessions = await warm(options, cookie)
    const callsOf = async (act: (session: Session) => unknown) => {
      revoked.mockClear()
      await visit(sessions, cookie, act)
      return revoked.mock.calls.length
    }
    expect(await callsOf((session) => session.get('visits'))).toBe(1)
    expect(await callsOf((session) => session.set('visits', 2))).toBe(2)
    expect(await callsOf((session) => session.touch())).toBe(2)
    expect(await callsOf((session) => session.destroy())).toBe(1)
  })
})

describe('a Cookie header with other cookies', () => {
  test('has none of 50 foreign cookies decoded or parsed', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
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
    const counts = countCalls()
    const header = [...foreign.slice(0, 25), cookie, ...foreign.slice(25)].join('; ')
    const session = await sessions.open(header)
    expect(session.get('user')).toBe('ada')
    expect(decoders.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0])
    expect(json).toEqual({ parse: 1, stringify: 0 })
    expect(counts()).toEqual(ONE_OPEN)
  })

  test('has at most four of many sessions and tickets decrypted', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    const touched = await sessions.open(cookie)
    touched.touch()
    const ticket = pairsOf(await sessions.setCookies(touched))
    const counts = countCalls()
    const header = [...Array(50).fill(cookie), ...Array(50).fill(ticket)].join('; ')
    expect((await sessions.open(header)).get('user')).toBe('ada')
    expect(counts()).toEqual({ createDecipheriv: 4 + 4 })
  })
})

describe('key derivation', () => {
  test('happens once for each day, secret and purpose, over a hundred requests', async () => {
    const time = { now: clock() }
    const ids = {
      secrets: [
        { secret: SECRET, id: 'new' },
        { secret: OLDER, id: 'old' },
      ],
    }
    const options = { ...ids, clock: () => time.now }
    const old = await cookieWith({ ...options, secrets: [ids.secrets[1] ?? ''] }, { user: 'ada' })
    const sessions = createSessions(options)
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const makeKey = vi.spyOn(nodeCrypto, 'createSecretKey')
    for (let day = 0; day < 2; day++) {
      time.now = clock() + day * DAY - day * HOUR
      for (let request = 0; request < 50; request++) {
        await visit(sessions, old, (session) => session.set('visits', 1))
      }
    }
    // Opens with the day of the old secret, and seals with the two days of the new one.
    expect([derive.mock.calls.length, makeKey.mock.calls.length]).toEqual([3, 3])
    for (let request = 0; request < 50; request++) {
      await visit(sessions, old, (session) => session.touch())
    }
    expect(derive).toHaveBeenCalledTimes(4)
  })

  test('does not decode the part of a cookie that names the key', async () => {
    const cookie = await cookieWith(strict, { user: 'ada' })
    const sessions = await warm(strict, cookie)
    const decode = vi.spyOn(globalThis, 'atob')
    for (let request = 0; request < 10; request++) {
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
    }
    expect(decode).not.toHaveBeenCalled()
  })

  test('happens once for the id of a secret without one, and for its key', async () => {
    const sessions = createSessions(strict)
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    for (let request = 0; request < 100; request++) {
      await visit(sessions, '', (session) => session.set('user', 'ada'))
    }
    expect(derive).toHaveBeenCalledTimes(2)
  })

  test('happens once for a purpose while it is one of the last 32', async () => {
    const sessions = createSessions({ secrets: [{ secret: SECRET, id: 'new' }], clock })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    for (let round = 0; round < 5; round++) {
      for (let purpose = 0; purpose < 32; purpose++) await sessions.seal(session, `for ${purpose}`)
    }
    expect(derive).toHaveBeenCalledTimes(32)
  })
})

describe('a runtime with only WebCrypto', () => {
  test('decrypts once to read a session, encrypts once more to write it, and imports no key again', async () => {
    const cookie = await cookieWith(strict, { visits: 1 })
    const sessions = inEngine('webcrypto', () => createSessions(strict))
    await sessions.open(cookie)
    const counts = countCalls()
    expect(await visit(sessions, cookie, (session) => session.get('visits'))).toEqual([])
    expect(counts()).toEqual({ decrypt: 1 })
    expect(await visit(sessions, cookie, (session) => session.set('visits', 2))).toHaveLength(1)
    expect(counts()).toEqual({ decrypt: 2, encrypt: 1, getRandomValues: 1 })
  })
})
