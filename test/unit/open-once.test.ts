// Which session is opened from which request, and which requests are remembered.

import nodeCrypto from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CookieSource } from 'sealed-session'
import { createSessions } from '../../src/create-sessions.ts'
import { getInternals } from '../../src/internals.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { NAME, SECRET, START, mint, mintToken, untyped } from '../support/mint.ts'
import { configError, catchAsyncError } from '../support/errors.ts'
import { URL_OF_PAGE, requestWith } from '../support/requests.ts'
import { setUp, setUser } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Counts every call of WebCrypto and of the cipher and key functions of `node:crypto`. */
function countCryptoCalls(): () => number {
  const spies = [
    vi.spyOn(crypto.subtle, 'importKey'),
    vi.spyOn(crypto.subtle, 'deriveKey'),
    vi.spyOn(crypto.subtle, 'deriveBits'),
    vi.spyOn(crypto.subtle, 'encrypt'),
    vi.spyOn(crypto.subtle, 'decrypt'),
    vi.spyOn(nodeCrypto, 'createSecretKey'),
    vi.spyOn(nodeCrypto, 'createDecipheriv'),
  ]
  return () => spies.reduce((calls, spy) => calls + spy.mock.calls.length, 0)
}

/** Returns a store of cookies like that of a framework, and how often it was read. */
function storeOf(cookie: string) {
  const pairs = cookie.split('; ').map((pair) => pair.split('='))
  const cookies = pairs.map(([name = '', value = '']) => ({ name, value }))
  return { getAll: vi.fn(() => cookies) }
}

describe('open', () => {
  test('returns the same session for the same Request, however often it is called, concurrently too', async () => {
    const { sessions } = setUp()
    const request = new Request(URL_OF_PAGE)
    const [first, second] = await Promise.all([sessions.open(request), sessions.open(request)])
    expect(second).toBe(first)
    expect(await sessions.open(request)).toBe(first)
    expect(await sessions.open(new Request(request))).not.toBe(first)
  })

  test('opens the same session from Headers, a header, a Node request and Lambda events', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const sources: CookieSource[] = [
      cookie,
      new Headers({ cookie }),
      requestWith(cookie),
      { headers: new Headers({ cookie }) },
      { headers: { cookie } },
      { headers: { Cookie: cookie } },
      { headers: { cookie: [cookie] } },
      { headers: {}, cookies: ['other=1', cookie] },
      storeOf(cookie),
      { getAll: async () => storeOf(cookie).getAll() },
    ]
    for (const source of sources) expect((await sessions.open(source)).get('user')).toBe('ada')
  })

  test.each([null, undefined, '', new Headers(), { headers: {} }, { getAll: () => [] }])(
    'returns an empty session without a rejection for a source without cookies: %j',
    async (source) => {
      const session = await setUp().sessions.open(source)
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
    },
  )

  test.each<[string, unknown]>([
    ['a number', 1],
    ['an object', {}],
    ['an array', []],
    ['a Map', new Map([['cookie', 'a=1']])],
    ['FormData', new FormData()],
    ['URLSearchParams', new URLSearchParams('a=1')],
    ['an object with get', { get: () => 'a=1' }],
    ['a promise of a store', Promise.resolve(storeOf('a=1'))],
  ])('rejects for %s, which is no source', async (_, source) => {
    const error = await catchAsyncError(setUp().sessions.open(untyped(source)))
    expect(error).toEqual(configError('source'))
  })

  test('says of a promise that it must be awaited', async () => {
    const cookies = async () => storeOf('a=1')
    const error = await catchAsyncError(setUp().sessions.open(untyped(cookies())))
    expect(String(error)).toContain('source is a promise (await it)')
  })

  test('uses crypto only if our cookie is present', async () => {
    const { sessions, make, cookieOf } = setUp()
    const cookie = await cookieOf(setUser, make())
    const calls = countCryptoCalls()
    const session = await sessions.open('theme=dark; __Host-other=1; session=x')
    expect(session.get('user')).toBeUndefined()
    expect(await sessions.setCookies(session)).toEqual([])
    expect(calls()).toBe(0)
    await sessions.open(cookie)
    expect(calls()).toBeGreaterThan(0)
  })

  test('is observed once for a Request that is opened twice', async () => {
    const { sessions, events } = setUp()
    const request = requestWith(`${NAME}=${mint()}`)
    await sessions.open(request)
    await sessions.open(request)
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('that failed for a Request can be retried, and then returns the same session', async () => {
    const { sessions } = setUp()
    const request = requestWith(`${NAME}=${mint()}`)
    const error = new Error('no crypto today')
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(error)
    await expect(sessions.open(request)).rejects.toBe(error)
    const session = await sessions.open(request)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.open(request)).toBe(session)
  })

  test('remembers a frozen Request, too', async () => {
    const { sessions, cookieOf } = setUp()
    const request = Object.freeze(requestWith(await cookieOf(setUser)))
    const session = await sessions.open(request)
    expect([await sessions.open(request), session.get('user')]).toEqual([session, 'ada'])
  })

  test('of several createSessions returns separate sessions for one Request', async () => {
    const { sessions, make, cookieOf } = setUp()
    const request = requestWith(await cookieOf(setUser))
    const other = make()
    expect(await other.open(request)).not.toBe(await sessions.open(request))
    expect(await other.open(request)).toBe(await other.open(request))
  })
})

describe('a cookie store', () => {
  test('is remembered, and read once', async () => {
    const { sessions, cookieOf } = setUp()
    const store = storeOf(await cookieOf(setUser))
    const session = await sessions.open(store)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.open(store)).toBe(session)
    expect(store.getAll).toHaveBeenCalledTimes(1)
  })

  test('that rejects makes open reject, and is read again by the next call', async () => {
    const { sessions } = setUp()
    const error = new Error('no cookies today')
    const store = { getAll: vi.fn(async () => storeOf(`${NAME}=${mint()}`).getAll()) }
    store.getAll.mockRejectedValueOnce(error)
    await expect(sessions.open(store)).rejects.toBe(error)
    expect((await sessions.open(store)).get('user')).toBe('ada')
  })

  test('that throws makes open reject with its error', async () => {
    const error = new Error('no cookies here')
    const getAll = () => {
      throw error
    }
    await expect(setUp().sessions.open({ getAll })).rejects.toBe(error)
  })
})

describe('an object that a server reuses', () => {
  test.each<[string, (cookie: string) => { headers: object }]>([
    ['a Node request', (cookie) => ({ method: 'GET', headers: { cookie } })],
    ['a Lambda event', (cookie) => ({ headers: { cookie } })],
    ['an object with Headers', (cookie) => ({ headers: new Headers({ cookie }) })],
  ])('for another visitor (%s) opens the session of that visitor', async (_, create) => {
    const { sessions, cookieOf } = setUp()
    const cookies = [
      await cookieOf(setUser),
      await cookieOf((session) => session.set('user', 'eve')),
      '',
    ]
    const reused = create(cookies[0] ?? '')
    const users: unknown[] = []
    for (const cookie of cookies) {
      Object.assign(reused, { headers: create(cookie).headers })
      users.push((await sessions.open(reused)).get('user'))
    }
    expect(users).toEqual(['ada', 'eve', undefined])
  })

  test('Headers are never remembered, because they may be reused', async () => {
    const { sessions, cookieOf } = setUp()
    const headers = new Headers({ cookie: await cookieOf(setUser) })
    const first = await sessions.open(headers)
    expect(await sessions.open(headers)).not.toBe(first)
    headers.set('cookie', await cookieOf((session) => session.set('user', 'eve')))
    expect((await sessions.open(headers)).get('user')).toBe('eve')
    headers.delete('cookie')
    expect((await sessions.open(headers)).get('user')).toBeUndefined()
  })

  test('the next visitor does not get the changed session of the former one', async () => {
    const { sessions } = setUp()
    const event = { headers: {} }
    const first = await sessions.open(event)
    first.set('user', 'ada')
    expect((await sessions.open(event)).isEmpty).toBe(true)
  })
})

describe('unseal', () => {
  test('of no token is an empty session without a rejection', async () => {
    const { sessions, events } = setUp()
    for (const token of ['', null, undefined]) {
      const session = await sessions.unseal(token)
      expect([session.isEmpty, session.rejection]).toEqual([true, undefined])
    }
    expect(events).toEqual([])
  })

  test.each<[string, unknown]>([
    ['an array with a token', [mintToken()]],
    ['an object with toString', { toString: () => mintToken() }],
    ['a String object', Object(mintToken())],
    ['a number', 1],
    ['false', false],
    ['a symbol', Symbol('s')],
    ['a function', () => mintToken()],
    ['a promise', Promise.resolve(mintToken())],
  ])('of %s is malformed, and never throws', async (_, token) => {
    const { sessions, events } = setUp()
    const session = await sessions.unseal(untyped(token))
    expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'malformed' }, true])
    expect(events).toEqual([{ type: 'rejected', reason: 'malformed' }])
  })

  test('of one token twice are two sessions', async () => {
    const { sessions } = setUp()
    const token = mintToken()
    expect(await sessions.unseal(token)).not.toBe(await sessions.unseal(token))
  })
})

describe('commit with a request', () => {
  test('commits the session that was opened from it', async () => {
    const { sessions } = setUp()
    const request = new Request(URL_OF_PAGE)
    setUser(await sessions.open(request))
    const response = await sessions.commit(request, new Response('hello'))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toBe('hello')
  })

  test('that was never opened returns the response as it is', async () => {
    const { sessions, cookieOf } = setUp()
    const request = requestWith(await cookieOf(setUser))
    const response = new Response('hello')
    expect(await sessions.commit(request, response)).toBe(response)
    expect([...response.headers.keys()]).not.toContain('vary')
  })

  test('of Node and with a store commits the session that was opened from them', async () => {
    const { sessions } = setUp()
    for (const source of [{ method: 'GET', headers: {} }, { getAll: () => [] }]) {
      setUser(await sessions.open(source))
      const response = await sessions.commit(untyped(source), new Response())
      expect(response.headers.getSetCookie()).toHaveLength(1)
    }
  })

  test.each<[string, unknown]>([
    ['an object', {}],
    ['a Map', new Map()],
    ['Headers, which are not remembered', new Headers()],
    ['the data of a session', { user: 'ada' }],
    ['a string', 'session'],
    ['undefined', undefined],
    ['null', null],
  ])('rejects for %s, which it cannot have remembered', async (_, source) => {
    const { sessions } = setUp()
    const error = await catchAsyncError(sessions.commit(untyped(source), new Response()))
    expect(error).toEqual(configError('session'))
  })

  test('says of a promise that it must be awaited', async () => {
    const { sessions } = setUp()
    const promise = sessions.open(new Request(URL_OF_PAGE))
    const error = await catchAsyncError(sessions.commit(untyped(promise), new Response()))
    expect(String(error)).toContain('session is a promise (await it)')
  })
})

test('opening for an adapter does not count as access, and gives the same session', async () => {
  const sessions = createSessions<Data>({ secrets: SECRET, clock: () => START * 1000 })
  const request = requestWith(`${NAME}=${mint()}`)
  const quiet = await getInternals<Data>(sessions).open(request)
  expect(await sessions.setCookies(quiet)).toEqual([])
  const response = new Response()
  expect(await sessions.commit(request, response)).toBe(response)
  expect(await sessions.open(request)).toBe(quiet)
  const { headers } = await sessions.commit(request, response)
  expect(headers.get('vary')).toBe('Cookie')
})

test('a second open returns the changed session, not what the cookies of the request hold', async () => {
  const { sessions, cookieOf } = setUp()
  const request = requestWith(await cookieOf(setUser))
  const session = await sessions.open(request)
  session.set('user', 'eve')
  const header = pairsOf(await sessions.setCookies(session))
  expect((await sessions.open(request)).get('user')).toBe('eve')
  expect((await sessions.open(header)).get('user')).toBe('eve')
})
