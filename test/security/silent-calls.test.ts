// Calls that cannot do what the caller means. Each throws and names the right call, and never
// silently keeps, loses or shares a session. Rows L4 to L7, L13, S4 and S13 of threats.md.

import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, Sessions } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'
import { nodeSessions } from 'sealed-session/node'
import { setUpAttack } from '../support/attacks.ts'
import { ENTRIES } from '../support/entries.ts'
import { OLDER_SECRET, SECRET, START, untyped } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'
import { testServers } from '../support/test-servers.ts'
import { catchError } from '../support/errors.ts'

function configErrorWith(option: string, advice: RegExp | string): unknown {
  return expect.objectContaining({
    code: 'ERR_SESSION_CONFIG',
    option,
    message: expect.stringMatching(advice),
  })
}

/** Calls a method as JavaScript without types does. */
function call(object: object, method: string, ...given: readonly unknown[]): unknown {
  return Reflect.apply(untyped<() => unknown>(Reflect.get(object, method)), object, given)
}

describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
  test("L4: session.user = 'ada' is a TypeError that names set, on a scope too, and stores nothing", async () => {
    const { sessions } = setUpAttack()
    const lines = await entry(sessions, '', (session) => {
      for (const target of [session, session.scope('cart'), session.scope('a').scope('b')]) {
        const error = catchError(() => Object.assign(target, { user: 'ada' }))
        expect(error).toBeInstanceOf(TypeError)
        expect(String(error)).toContain('session.set("user", value)')
        expect([Reflect.get(target, 'user'), Object.keys(target)]).toEqual([undefined, []])
      }
    })
    expect(lines).toEqual([])
  })

  test.each(['destroy', 'renewId', 'discard', 'touch', 'clear'])(
    'L5: session.%s(callback) is an error at the call, and the request ends with its session as it was',
    async (method) => {
      const { sessions, cookieWith } = setUpAttack()
      const cookie = await cookieWith({ user: 'ada' })
      const lines = await entry(sessions, cookie, (session) => {
        for (const given of [() => {}, null, {}, 'ada', false]) {
          expect(catchError(() => call(session, method, given))).toEqual(
            configErrorWith(method, /takes no argument/),
          )
        }
        expect(catchError(() => call(session, method, () => {}))).toEqual(
          configErrorWith(method, `write ${method}\\(\\)`),
        )
        expect(session.toJSON()).toEqual({ user: 'ada' })
      })
      expect(lines).toEqual([])
    },
  )

  const regenerations: readonly (readonly [string, unknown, string])[] = [
    ['a callback', () => {}, 'regenerate'],
    ['a string for keep', { keep: 'userPrefs' }, 'regenerate.keep'],
    ['a string for scopes', { scopes: 'cart' }, 'regenerate.scopes'],
    ['a name that is no option', { kep: ['cart'] }, 'regenerate.kep'],
    ['an array', ['cart'], 'regenerate'],
    ['null', null, 'regenerate'],
    ['a string', 'cart', 'regenerate'],
    ['a number in keep', { keep: [5] }, 'regenerate.keep'],
    ['null in scopes', { scopes: [null] }, 'regenerate.scopes'],
    ['a Set for keep', { keep: new Set(['cart']) }, 'regenerate.keep'],
    ['null for keep', { keep: null }, 'regenerate.keep'],
    ['a lifetime that is not configured', { lifetime: 'forever' }, 'regenerate.lifetime'],
    ['a number for a lifetime', { lifetime: 3600 }, 'regenerate.lifetime'],
  ]
  test.each(regenerations)(
    'L6: regenerate with %s is an error at the call, and changes nothing',
    async (_, given, option) => {
      const { sessions, cookieWith } = setUpAttack()
      const cookie = await cookieWith({ user: 'ada', userPrefs: 1, cart: ['tea'] })
      const lines = await entry(sessions, cookie, (session) => {
        const { id } = session
        expect(catchError(() => call(session, 'regenerate', given))).toEqual(
          configErrorWith(option, /.{20,}/),
        )
        expect([session.id, session.keys()]).toEqual([id, ['user', 'userPrefs', 'cart']])
      })
      expect(lines).toEqual([])
    },
  )
})

test('L4: an existing member of a session cannot be assigned either', async () => {
  const { sessions } = setUpAttack()
  const session = await sessions.open(null)
  for (const name of ['id', 'get', 'set', 'isEmpty', 'rejection', 'constructor', 'toString']) {
    expect(catchError(() => Object.assign(session, { [name]: 'ada' }))).toBeInstanceOf(TypeError)
  }
  expect(catchError(() => Object.defineProperty(session, 'user', { value: 'ada' }))).toBeInstanceOf(
    TypeError,
  )
  expect(Reflect.set(Object.create(session), 'id', 1)).toBe(false)
  expect(Object.isExtensible(session)).toBe(false)
  expect(session.isEmpty).toBe(true)
})

test('L4: request.session = null in Node is a TypeError that names destroy, and the visitor stays logged in', async () => {
  const { sessions, cookieWith } = setUpAttack()
  for (const property of ['session', 'visit']) {
    const { middleware } = nodeSessions(sessions, { property })
    const { ask, close } = await testServers.http((request, response) =>
      middleware(request, response, () => {
        const error = catchError(() => Object.assign(request, { [property]: null }))
        response.end(`${error instanceof TypeError}: ${String(error)}`)
      }),
    )
    const answer = await ask({ cookie: await cookieWith({ user: 'ada' }) })
    await close()
    expect(answer.body).toMatch(/^true: /)
    expect(answer.body).toContain(`request.${property}.destroy()`)
    expect(answer.cookies).toEqual([])
  }
})

test('L6: keep matches whole keys, not keys that only begin alike', async () => {
  const { sessions, cookieWith } = setUpAttack()
  const session = await sessions.open(await cookieWith({ user: 'ada', userPrefs: 1 }))
  session.regenerate({ keep: ['userPrefs'] })
  expect(session.toJSON()).toEqual({ userPrefs: 1 })
  session.regenerate({ keep: undefined, scopes: undefined, lifetime: undefined })
  expect(session.isEmpty).toBe(true)
})

describe('a value that is no source of cookies', () => {
  const sources: readonly (readonly [string, unknown])[] = [
    ['a Map', new Map([['cookie', 'x']])],
    ['FormData', new FormData()],
    ['URLSearchParams', new URLSearchParams('a=b')],
    ['an object with get', { get: () => 'x' }],
    ['an empty object', {}],
    ['an array', ['a=b']],
    ['a number', 5],
    ['true', true],
    ['a symbol', Symbol('cookie')],
    ['a function', () => 'a=b'],
    ['a promise', Promise.resolve('a=b')],
    ['a Date', new Date(0)],
    ['an error', new Error('x')],
    ['headers that are null', { headers: null }],
    ['headers in a Map', { headers: new Map([['cookie', 'a=b']]) }],
    ['headers in pairs', { headers: [['cookie', 'a=b']] }],
    ['a store whose getAll returns no array', { getAll: () => ({ a: 'b' }) }],
  ]
  test.each(sources)('L7: open(%s) is an error, not an empty session', async (_, source) => {
    const { sessions } = setUpAttack()
    await expect(sessions.open(untyped(source))).rejects.toEqual(configErrorWith('source', /must/))
    const handler = sessions.wrap(() => new Response())
    await expect(handler(untyped(source))).rejects.toEqual(configErrorWith('source', /must/))
  })

  test.each<readonly [string, (cookie: string) => unknown]>([
    ['a store', (cookie) => ({ getAll: () => pairsOf(cookie) })],
    ['a store that is asynchronous', (cookie) => ({ getAll: async () => pairsOf(cookie) })],
    ['a store of a class', (cookie) => new Store(cookie)],
    ['a request with a store', (cookie) => new NextRequest(cookie)],
  ])('L7: open(%s) reads it', async (_, make) => {
    const { sessions, cookieWith } = setUpAttack({ limits: { preset: 'node', cookie: 240 } })
    for (const size of [1, 190]) {
      const cookie = await cookieWith({ text: 'x'.repeat(size) })
      const session = await sessions.open(untyped(make(`theme=dark; ${cookie}`)))
      expect(session.get('text')).toBe('x'.repeat(size))
    }
  })

  function pairsOf(cookie: string) {
    return cookie.split('; ').map((pair) => {
      const at = pair.indexOf('=')
      return { name: pair.slice(0, at), value: pair.slice(at + 1), path: '/' }
    })
  }

  /** An object like `cookies()` of Next.js: iterable, with `get`, `has` and `getAll`. */
  class Store {
    readonly #cookie: string
    constructor(cookie: string) {
      this.#cookie = cookie
    }
    get(name: string) {
      return pairsOf(this.#cookie).find((pair) => pair.name === name)
    }
    has(name: string) {
      return this.get(name) !== undefined
    }
    getAll() {
      return pairsOf(this.#cookie)
    }
    [Symbol.iterator]() {
      return pairsOf(this.#cookie)[Symbol.iterator]()
    }
  }

  class NextRequest extends Request {
    readonly cookies: Store
    constructor(cookie: string) {
      super('https://example.test/', { headers: { cookie } })
      this.cookies = new Store(cookie)
    }
  }
})

describe('commit', () => {
  async function begin(): Promise<{
    sessions: Sessions<Data>
    request: Request
    session: Session<Data>
  }> {
    const { sessions, cookieWith } = setUpAttack()
    const headers = { cookie: await cookieWith({ user: 'ada' }) }
    const request = new Request('https://example.test/', { headers })
    const session = await sessions.open(request)
    session.set('visits', 1)
    return { sessions, request, session }
  }

  test('L13: commit(response, session) is an error that states the order', async () => {
    const { sessions, session, request } = await begin()
    for (const second of [session, request, new Response(), undefined]) {
      await expect(sessions.commit(untyped(new Response()), untyped(second))).rejects.toEqual(
        configErrorWith('commit', /commit\(session, response\)/),
      )
    }
  })

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'page'],
    ['Headers', new Headers()],
    ['a session', {}],
    ['a promise', Promise.resolve(new Response())],
  ])(
    'L13: commit(session, %s) is an error, and the session can be committed with a response',
    async (_, response) => {
      const { sessions, session } = await begin()
      await expect(sessions.commit(session, untyped(response))).rejects.toMatchObject({
        code: 'ERR_SESSION_RESPONSE',
      })
      expect((await sessions.commit(session, new Response())).headers.getSetCookie()).toHaveLength(
        1,
      )
    },
  )

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a string', 'a=b'],
    ['Headers', new Headers()],
    ['a Map', new Map()],
    ['an empty object', {}],
    ['an event of Lambda', { version: '2.0', headers: {}, cookies: [] }],
    ['an object with headers', { headers: { cookie: 'a=b' } }],
    ["data that looks like a session's", { user: 'ada' }],
  ])('L13: commit(%s, response) is an error: no session is remembered for it', async (_, first) => {
    const { sessions } = await begin()
    await expect(sessions.commit(untyped(first), new Response())).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
    })
  })

  test.each(['commit', 'setCookies', 'save', 'seal', 'verify', 'measure'])(
    'L13: %s of a session of other sessions is an error',
    async (method) => {
      const { session } = await begin()
      const { sessions } = setUpAttack()
      const second = method === 'save' ? () => {} : method === 'commit' ? new Response() : undefined
      await expect(call(sessions, method, session, second)).rejects.toEqual(
        configErrorWith('session', /of other sessions/),
      )
      await expect(call(sessions, method, { user: 'ada' }, second)).rejects.toMatchObject({
        code: 'ERR_SESSION_CONFIG',
      })
    },
  )

  test('L13: a clone of a request is another request, and does not write the session of the first', async () => {
    const { sessions, request } = await begin()
    const response = new Response('page')
    expect(await sessions.commit(request.clone(), response)).toBe(response)
    expect((await sessions.commit(request, response)).headers.getSetCookie()).toHaveLength(1)
  })

  test('L13: save to an object without set is an error, and so is wrap without a function', async () => {
    const { sessions, session } = await begin()
    for (const store of [
      undefined,
      null,
      'store',
      {},
      { set: 5 },
      [],
      new Request('https://x.test/'),
    ]) {
      await expect(sessions.save(session, untyped(store))).rejects.toEqual(
        configErrorWith('store', /set/),
      )
    }
    const refused = untyped<Error>(configErrorWith('handler', /function/))
    for (const handler of [undefined, null, {}, 'handler', new Response()]) {
      const given = untyped<() => Response>(handler)
      expect(() => sessions.wrap(given)).toThrow(refused)
      expect(() => wrapLambda(sessions, given)).toThrow(refused)
    }
  })
})

test("S4: two applications with one secret and one name open each other's sessions, and with two names do not", async () => {
  const clock = () => START * 1000
  const shop = createSessions<Data>({ secrets: SECRET, clock })
  const blog = createSessions<Data>({ secrets: SECRET, clock })
  const session = await shop.open(null)
  session.set('user', 'ada')
  const [line = ''] = await shop.setCookies(session)
  const cookie = line.split(';', 1).join()
  expect((await blog.open(cookie)).get('user')).toBe('ada')

  const named = createSessions<Data>({ secrets: SECRET, clock, cookie: { name: '__Host-blog' } })
  const renamed = cookie.replace('__Host-session', '__Host-blog')
  expect((await named.open(renamed)).rejection).toEqual({ reason: 'undecryptable' })
  const other = createSessions<Data>({ secrets: OLDER_SECRET, clock })
  expect((await other.open(cookie)).rejection).toEqual({ reason: 'unknown-key' })
})

describe('access to the internals of a session', () => {
  test('S13: is limited to its methods: no state, no cookies, no keys', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const session = await sessions.open(await cookieWith({ user: 'ada' }))
    const reached = new Set<unknown>()
    const collect = (value: unknown): void => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return
      if (value === Function.prototype || value === Object.prototype || reached.has(value)) return
      reached.add(value)
      for (const key of Reflect.ownKeys(value)) {
        const { get, set, value: inner } = Object.getOwnPropertyDescriptor(value, key) ?? {}
        for (const next of [get, set, inner]) collect(next)
      }
      collect(Object.getPrototypeOf(value))
    }
    collect(session)
    const names = [...reached].flatMap((value) => Reflect.ownKeys(Object(value)))
    expect(names).toContain('peekFlash')
    for (const name of ['stateOf', 'state', 'getState', 'claims', 'received', 'contents', 'ring']) {
      expect(names).not.toContain(name)
    }
    // A session that the application constructs itself has no state.
    const made = untyped<Session<Data>>(Reflect.construct(session.constructor, [{}]))
    await expect(sessions.setCookies(made)).rejects.toEqual(configErrorWith('session', /opened/))
  })
})
