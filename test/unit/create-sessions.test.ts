// The members of `createSessions`, called as an application calls them.

import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import type { CookieAttributes, Session, SessionOptions, Sessions } from 'sealed-session'
import { createSessions } from '../../src/create-sessions.ts'
import { getInternals } from '../../src/internals.ts'
import { createJar, namesOf, pairsOf } from '../support/cookie-jar.ts'
import { DAY, NAME, SECRET, START, mint, mintToken, untyped } from '../support/mint.ts'
import {
  COMMITTED_ERROR,
  TOO_LARGE_ERROR,
  configError,
  catchAsyncError,
} from '../support/errors.ts'
import { URL_OF_PAGE, requestWith } from '../support/requests.ts'
import { setUp as setUpWith, setUser } from '../support/set-up.ts'

interface Data {
  user?: string
  visits?: number
  text?: string
}
const WRONG_RESPONSE = expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })

const setUp = (options: Partial<SessionOptions<Data>> = {}) => setUpWith<Data>(options)

describe('the sessions object', () => {
  test('is frozen, and its members need no this', async () => {
    const { sessions } = setUp()
    expect(Object.isFrozen(sessions)).toBe(true)
    const { open, setCookies } = sessions
    const session = await open(null)
    setUser(session)
    expect(await setCookies(session)).toHaveLength(1)
  })

  test('does not expose its options', () => {
    const { sessions } = setUp()
    expect(inspect(sessions, { depth: 10, showHidden: true })).not.toContain(SECRET)
    expect(Object.keys(sessions).toSorted()).toEqual([
      'commit',
      'device',
      'measure',
      'open',
      'save',
      'seal',
      'setCookies',
      'unseal',
      'verify',
      'wrap',
    ])
  })
})

describe('commit', () => {
  test('returns a new response with the cookies and the same body, and changes none', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const given = new Response('hello', { status: 201, headers: { 'x-a': '1' } })
    const response = await sessions.commit(session, given)
    expect(response).not.toBe(given)
    expect([...given.headers.keys()]).toEqual(['content-type', 'x-a'])
    expect([response.status, response.headers.get('x-a')]).toEqual([201, '1'])
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toBe('hello')
  })

  test('of one constant response gives no visitor the cookie of another', async () => {
    const { sessions } = setUp()
    const NO_CONTENT = new Response(null, { status: 204 })
    const login = sessions.wrap((_, session) => (setUser(session), NO_CONTENT))
    const other = sessions.wrap(() => NO_CONTENT)
    expect((await login(requestWith())).headers.getSetCookie()).toHaveLength(1)
    expect((await other(requestWith())).headers.getSetCookie()).toEqual([])
    expect([...NO_CONTENT.headers]).toEqual([])
  })

  test('rejects swapped arguments, and states their order', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const error = await catchAsyncError(sessions.commit(untyped(new Response()), untyped(session)))
    expect(error).toEqual(configError('commit'))
    expect(String(error)).toContain('write commit(session, response)')
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test.each([undefined, null, 'text', 200, {}, { status: 200 }, new Headers(), requestWith()])(
    'rejects %o in place of a response, before anything is written',
    async (given) => {
      const { sessions, events } = setUp()
      const session = await sessions.open(null)
      setUser(session)
      const error = await catchAsyncError(sessions.commit(session, untyped(given)))
      expect(error).toEqual(WRONG_RESPONSE)
      expect(String(error)).toContain('write commit(session, response)')
      session.set('visits', 1)
      expect(events).toEqual([])
    },
  )

  test('rejects a promise of a response, and says to await it', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const promise = Promise.resolve(new Response())
    const error = await catchAsyncError(sessions.commit(session, untyped(promise)))
    expect(String(error)).toContain('a promise (await it)')
  })

  test('fails for a response that cannot carry a cookie, and succeeds with another one', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const used = new Response('hello')
    await used.text()
    expect(await catchAsyncError(sessions.commit(session, used))).toEqual(WRONG_RESPONSE)
    const { headers } = await sessions.commit(session, new Response('hello'))
    expect(headers.getSetCookie()).toHaveLength(1)
  })

  test('replaces the lines of an earlier commit, and reports the lost write to observe', async () => {
    const { sessions, events } = setUp()
    const cookie = `${NAME}=${mint()}`
    const one = await sessions.open(cookie)
    const other = await sessions.open(cookie)
    one.set('visits', 1)
    other.set('visits', 2)
    const first = await sessions.commit(one, new Response())
    const second = await sessions.commit(other, first)
    const lines = second.headers.getSetCookie()
    expect(namesOf(lines)).toEqual([NAME])
    expect((await sessions.open(pairsOf(lines))).get('visits')).toBe(2)
    expect(events).toContainEqual({ type: 'warning', cause: 'overwritten' })
  })
})

describe('a session of other sessions', () => {
  const takers: readonly (readonly [
    string,
    (sessions: Sessions<Data>, session: Session<Data>) => Promise<unknown>,
  ])[] = [
    ['commit', (sessions, session) => sessions.commit(session, new Response())],
    ['setCookies', (sessions, session) => sessions.setCookies(session)],
    ['save', (sessions, session) => sessions.save(session, () => {})],
    ['seal', (sessions, session) => sessions.seal(session)],
    ['verify', (sessions, session) => sessions.verify(session)],
    ['measure', (sessions, session) => sessions.measure(session)],
  ]

  test.each(takers)('is rejected by %s', async (_, take) => {
    const { sessions, make } = setUp()
    const foreign = await make().open(null)
    setUser(foreign)
    const error = await catchAsyncError(take(sessions, foreign))
    expect(error).toEqual(configError('session'))
    expect(String(error)).toContain('is of other sessions')
  })

  test.each(takers)('is rejected by %s, as is any value that is not a session', async (_, take) => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const others = [{}, [], 'session', 5, null, undefined, new Map(), session.scope('cart')]
    for (const other of [...others, Object.create(session), sessions, Promise.resolve(session)]) {
      expect(await catchAsyncError(take(sessions, untyped(other)))).toEqual(configError('session'))
    }
  })

  test.each(takers)(
    'is rejected by %s as a promise, with the advice to await it',
    async (_, take) => {
      const { sessions } = setUp()
      const error = await catchAsyncError(take(sessions, untyped(sessions.open(null))))
      expect(String(error)).toContain('session is a promise (await it)')
    },
  )
})

/** Returns a store like `cookies()` of Next.js and `cookies` of SvelteKit. */
function createStore(cookie = '') {
  const stored = new Map<string, string>()
  for (const pair of cookie.split('; ').filter(Boolean)) {
    const [name = '', value = ''] = pair.split('=')
    stored.set(name, value)
  }
  const calls: [string, string, CookieAttributes][] = []
  return {
    calls,
    getAll: () => Array.from(stored, ([name, value]) => ({ name, value })),
    set(name: string, value: string, attributes: CookieAttributes) {
      calls.push([name, value, attributes])
      if (attributes.maxAge === 0) stored.delete(name)
      else stored.set(name, value)
    },
  }
}

describe('save', () => {
  test('writes into the store that the session was opened from', async () => {
    const { sessions } = setUp()
    const store = createStore('theme=dark')
    const session = await sessions.open(store)
    setUser(session)
    await sessions.save(session, store)
    expect(store.calls).toEqual([
      [
        NAME,
        expect.stringMatching(/^[\w-]{4}\.20468\./),
        { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 604_800 },
      ],
    ])
    const next = { getAll: store.getAll }
    expect((await sessions.open(next)).get('user')).toBe('ada')
  })

  test('writes with a function, such as one around the cookies of Astro', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const set = vi.fn()
    await sessions.save(session, set)
    expect(set.mock.calls.map(([name]) => name)).toEqual([NAME])
  })

  test('awaits the cookieStore of a browser', async () => {
    const { sessions } = setUp()
    const stored: string[] = []
    const store = {
      getAll: async () => [],
      set: async (name: string) => {
        await new Promise((done) => setImmediate(done))
        stored.push(name)
      },
    }
    const session = await sessions.open(store)
    setUser(session)
    await sessions.save(session, store)
    expect(stored).toEqual([NAME])
  })

  test('deletes with an empty value and maxAge 0, and leaves a stamp', async () => {
    const { sessions } = setUp()
    const store = createStore(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    session.destroy()
    await sessions.save(session, store)
    expect(store.calls).toEqual([
      [NAME, '', expect.objectContaining({ maxAge: 0, expires: new Date(0) })],
      [`${NAME}.x`, expect.stringMatching(/^[\w-]{4}$/), expect.objectContaining({ path: '/' })],
    ])
    expect(store.getAll().map(({ name }) => name)).toEqual([`${NAME}.x`])
  })

  test('writes nothing for a session that was only read', async () => {
    const { sessions } = setUp()
    const store = createStore(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    session.get('user')
    await sessions.save(session, store)
    expect(store.calls).toEqual([])
  })

  test('may be called again after further changes, and leaves the session open', async () => {
    const { sessions } = setUp()
    const store = createStore()
    const session = await sessions.open(store)
    for (const visits of [1, 2, 3]) {
      session.set('visits', visits)
      await sessions.save(session, store)
      expect((await sessions.open({ getAll: store.getAll })).get('visits')).toBe(visits)
    }
    await sessions.save(session, store)
    expect(store.calls).toHaveLength(4)
  })

  test('rejects a destination that cannot be written to, before it seals', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const { headers } = new Response()
    for (const store of [undefined, null, 'cookies', {}, { get() {} }, new Map(), headers]) {
      const error = await catchAsyncError(sessions.save(session, untyped(store)))
      expect(error).toEqual(configError('store'))
    }
    expect(events).toEqual([])
  })

  test('rejects swapped arguments', async () => {
    const { sessions } = setUp()
    const store = createStore()
    const session = await sessions.open(store)
    const error = await catchAsyncError(sessions.save(untyped(store), untyped(session)))
    expect(error).toEqual(configError('session'))
  })

  test('rejects a session that is too large as commit does, and writes nothing', async () => {
    const { sessions } = setUp()
    const store = createStore()
    const session = await sessions.open(store)
    session.set('text', 'x'.repeat(9000))
    expect(await catchAsyncError(sessions.save(session, store))).toEqual(TOO_LARGE_ERROR)
    expect(store.calls).toEqual([])
    session.set('text', 'short')
    await sessions.save(session, store)
    expect(store.calls).toHaveLength(1)
  })
})

describe('save into a read-only store', () => {
  const error = new Error('Cookies can only be modified in a Server Action or Route Handler.')
  const refusing = (cookie = '') => ({
    ...createStore(cookie),
    set() {
      throw error
    },
  })

  test('drops a ticket that is due, and the end of the session does not move', async () => {
    const { sessions, time } = setUp()
    time.now += DAY / 2
    const store = refusing(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    expect(session.get('user')).toBe('ada')
    await sessions.save(session, store)
    expect(session.expiresAt).toEqual(new Date((START + DAY) * 1000))
  })

  test.each<[string, (session: Session<Data>) => unknown]>([
    ['a touch', (session) => session.touch()],
    ['a value that is there already', (session) => session.set('user', 'ada')],
    ['the deletion of what is not there', (session) => session.delete('visits')],
  ])('drops the ticket of %s, which loses nothing', async (_, act) => {
    const { sessions, time } = setUp()
    time.now += DAY / 2
    const store = refusing(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    act(session)
    await expect(sessions.save(session, store)).resolves.toBeUndefined()
  })

  test('keeps the cookie of a destroyed session', async () => {
    const { sessions } = setUp()
    const store = refusing(`${NAME}=${mint()}; ${NAME}.x=aaaa`)
    const session = await sessions.open(store)
    expect(session.rejection).toEqual({ reason: 'destroyed' })
    await expect(sessions.save(session, store)).resolves.toBeUndefined()
  })

  test.each<[string, (session: Session<Data>) => unknown]>([
    ['set', (session) => session.set('visits', 1)],
    ['flash', (session) => session.flash('notice', 'hello')],
    ['regenerate', (session) => session.regenerate({ keep: ['user'] })],
    ['renewId', (session) => session.renewId()],
    ['clear', (session) => session.clear()],
    ['destroy', (session) => session.destroy()],
  ])('throws its error for a session that was changed by %s', async (_, change) => {
    const { sessions } = setUp()
    const store = refusing(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    change(session)
    await expect(sessions.save(session, store)).rejects.toBe(error)
  })

  test('keeps the change to be written elsewhere, together with later changes', async () => {
    const { sessions } = setUp()
    const store = refusing(`${NAME}=${mint()}`)
    const session = await sessions.open(store)
    session.set('visits', 1)
    await expect(sessions.save(session, store)).rejects.toBe(error)
    session.set('visits', 1)
    session.touch()
    const { headers } = await sessions.commit(session, new Response())
    const next = await sessions.open(pairsOf(headers.getSetCookie()))
    expect(next.toJSON()).toEqual({ user: 'ada', visits: 1 })
  })

  test('rejects with the error of an asynchronous store', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    await expect(sessions.save(session, () => Promise.reject(error))).rejects.toBe(error)
  })
})

describe('wrap', () => {
  test('commits the response of the handler, and passes on further arguments', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap(
      (request, session, environment: { name: string }, count: number) => {
        session.set('user', environment.name)
        return new Response(`${new URL(request.url).pathname} ${count}`)
      },
    )
    const response = await handler(new Request(`${URL_OF_PAGE}a`), { name: 'ada' }, 2)
    expect(await response.text()).toBe('/a 2')
    const next = await sessions.open(pairsOf(response.headers.getSetCookie()))
    expect(next.get('user')).toBe('ada')
  })

  test('passes the handler the session that open returns', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap(async (request, session) => {
      expect(await sessions.open(request)).toBe(session)
      return new Response()
    })
    const response = await handler(requestWith())
    expect(response.headers.get('vary')).toBe('Cookie')
  })

  test('commits a thrown Response like a returned one', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap((_, session) => {
      setUser(session)
      throw Response.redirect(`${URL_OF_PAGE}login`)
    })
    const response = await handler(requestWith())
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`${URL_OF_PAGE}login`)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test('commits a Response of another implementation, returned or thrown', async () => {
    class OtherResponse {
      readonly status = 302
      readonly statusText = 'Found'
      readonly ok = false
      readonly headers = new Headers({ location: '/' })
      readonly body = null
      readonly bodyUsed = false
      async arrayBuffer() {
        return new ArrayBuffer(0)
      }
    }
    const { sessions } = setUp()
    for (const isThrown of [false, true]) {
      const handler = sessions.wrap((_, session) => {
        setUser(session)
        const response = untyped<Response>(new OtherResponse())
        if (isThrown) throw response
        return response
      })
      const response = await handler(requestWith())
      expect([response.status, response.headers.get('location')]).toEqual([302, '/'])
      expect(response.headers.getSetCookie()).toHaveLength(1)
    }
  })

  test.each([new TypeError('boom'), 'a text', undefined, null, { status: 500, headers: {} }])(
    'rethrows any other error (%s) unchanged, and its catcher may still commit',
    async (thrown) => {
      const { sessions } = setUp()
      const request = requestWith()
      const handler = sessions.wrap((_, session) => {
        setUser(session)
        throw thrown
      })
      const caught = await handler(request).then(
        () => 'nothing was thrown',
        (error: unknown) => error,
      )
      expect(caught).toBe(thrown)
      const page = await sessions.commit(request, new Response('sorry', { status: 500 }))
      expect(page.headers.getSetCookie()).toHaveLength(1)
    },
  )

  test('an error page may discard what the handler had changed', async () => {
    const { sessions } = setUp()
    const request = requestWith(`${NAME}=${mint()}`)
    const handler = sessions.wrap((_, session) => {
      session.set('user', 'eve')
      throw new Error('boom')
    })
    await catchAsyncError(handler(request))
    const session = await sessions.open(request)
    session.discard()
    expect(session.get('user')).toBe('ada')
    const { headers } = await sessions.commit(session, new Response('sorry', { status: 500 }))
    expect(headers.getSetCookie()).toEqual([])
  })

  test('rejects a result that is no response, if a cookie has to be written', async () => {
    const { sessions } = setUp()
    for (const value of [undefined, null, 'text', {}, new Headers()]) {
      const write = sessions.wrap((_, session) => (setUser(session), untyped<Response>(value)))
      expect(await catchAsyncError(write(requestWith()))).toEqual(WRONG_RESPONSE)
      const look = sessions.wrap(() => untyped<Response>(value))
      expect(await look(requestWith())).toBe(value)
    }
  })

  test.each<[string, () => unknown]>([
    [
      'a protocol switch',
      () => Object.defineProperty(new Response(null), 'status', { value: 101 }),
    ],
    ['nothing, as after the upgrade of Bun', () => undefined],
    ['a network error', () => Response.error()],
  ])(
    'returns %s as it is if a ticket is due, and fails if a change would be lost',
    async (_, make) => {
      const { sessions, time } = setUp()
      time.now += DAY / 2
      const answer = untyped<Response>(make())
      const handlerOf = (act: (session: Session<Data>) => unknown) =>
        sessions.wrap((_, session) => (act(session), answer))
      const read = handlerOf((session) => session.get('user'))
      const touch = handlerOf((session) => session.touch())
      const write = handlerOf((session) => session.set('visits', 1))
      const end = handlerOf((session) => session.destroy())
      const cookie = `${NAME}=${mint()}`
      expect(await read(requestWith(cookie))).toBe(answer)
      expect(await read(requestWith(`${cookie}; ${NAME}.x=aaaa`))).toBe(answer)
      expect(await touch(requestWith(cookie))).toBe(answer)
      expect(await catchAsyncError(write(requestWith(cookie)))).toEqual(WRONG_RESPONSE)
      expect(await catchAsyncError(end(requestWith(cookie)))).toEqual(WRONG_RESPONSE)
    },
  )

  test.each([undefined, null, {}, 'handler', { fetch() {} }])(
    'throws for %o at once',
    (handler) => {
      const { sessions } = setUp()
      expect(() => sessions.wrap(untyped<() => Response>(handler))).toThrow(configError('handler'))
    },
  )

  test('rejects an argument that is no request, and does not call the handler', async () => {
    const { sessions } = setUp()
    const handler = vi.fn(() => new Response())
    const wrapped = sessions.wrap(handler)
    for (const request of [5, {}, new Map()]) {
      expect(await catchAsyncError(wrapped(untyped(request)))).toEqual(configError('source'))
    }
    expect(handler).not.toHaveBeenCalled()
  })

  const looks: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
    ['get', (session) => session.get('user')],
    ['has', (session) => session.has('user')],
    ['keys', (session) => session.keys()],
    ['entries', (session) => session.entries()],
    ['iteration', (session) => [...session]],
    ['size', (session) => session.size],
    ['toJSON', (session) => session.toJSON()],
    ['id', (session) => session.id],
    ['startedAt', (session) => session.startedAt],
    ['expiresAt', (session) => session.expiresAt],
    ['isNew', (session) => session.isNew],
    ['isEmpty', (session) => session.isEmpty],
    ['rejection', (session) => session.rejection],
    ['peekFlash', (session) => session.peekFlash('notice')],
    ['flash', (session) => session.flash('notice')],
    ['verifyCsrfToken', (session) => session.verifyCsrfToken('x')],
    ['testCookieWorked', (session) => session.testCookieWorked()],
    ['a scope', (session) => session.scope('cart').size],
  ]
  test.each(looks)('an access by %s makes the response vary by the cookie', async (_, look) => {
    const { sessions } = setUp()
    const handler = sessions.wrap((_request, session) => {
      look(session)
      return new Response()
    })
    const response = await handler(requestWith(`${NAME}=${mint()}`))
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test.each<[string, (sessions: Sessions<Data>, session: Session<Data>) => Promise<unknown>]>([
    ['seal', (sessions, session) => sessions.seal(session)],
    ['measure', (sessions, session) => sessions.measure(session)],
    ['verify', (sessions, session) => sessions.verify(session)],
  ])('a look by %s makes the response vary, too: it shows something', async (_, look) => {
    const { sessions } = setUp()
    const handler = sessions.wrap(async (_request, session) =>
      Response.json((await look(sessions, session)) ?? null),
    )
    const response = await handler(requestWith(`${NAME}=${mint()}`))
    expect(response.headers.get('vary')).toBe('Cookie')
  })
})

describe('a session that the handler does not access', () => {
  test('leaves the response as it is, even if a ticket is due', async () => {
    const { sessions, time, events } = setUp()
    time.now += DAY / 2
    const response = new Response('hello')
    const handler = sessions.wrap(() => response)
    expect(await handler(requestWith(`${NAME}=${mint()}`))).toBe(response)
    expect([...response.headers.keys()]).toEqual(['content-type'])
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('is closed when the handler has returned: a later change by a stream is an error', async () => {
    const { sessions } = setUp()
    const late: unknown[] = []
    const handler = sessions.wrap((_, session) => {
      const body = new ReadableStream({
        async start(controller) {
          await new Promise((done) => setImmediate(done))
          for (const change of [
            () => setUser(session),
            () => session.destroy(),
            () => session.flash('notice', 'hello'),
          ]) {
            try {
              change()
            } catch (error) {
              late.push(error)
            }
          }
          controller.close()
        },
      })
      return new Response(body)
    })
    const response = await handler(requestWith())
    await response.text()
    expect(late).toEqual([COMMITTED_ERROR, COMMITTED_ERROR, COMMITTED_ERROR])
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('is closed when the handler has thrown, too', async () => {
    const { sessions } = setUp()
    const kept: Session<Data>[] = []
    for (const thrown of [new Error('boom'), Response.redirect(URL_OF_PAGE)]) {
      const handler = sessions.wrap((_, session) => {
        kept.push(session)
        throw thrown
      })
      await catchAsyncError(handler(requestWith()))
    }
    for (const session of kept) expect(() => setUser(session)).toThrow(COMMITTED_ERROR)
  })

  test('is closed by the outermost of several handlers', async () => {
    const { sessions } = setUp()
    const inner = sessions.wrap(() => new Response('inner'))
    const outer = sessions.wrap(async (request, session) => {
      const response = await inner(request)
      setUser(session)
      return response
    })
    const response = await outer(requestWith())
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toBe('inner')
  })

  test('stays readable after it was closed', async () => {
    const { sessions } = setUp()
    const kept: Session<Data>[] = []
    const handler = sessions.wrap((_, session) => (kept.push(session), new Response()))
    await handler(requestWith(`${NAME}=${mint()}`))
    expect(kept.map((session) => session.get('user'))).toEqual(['ada'])
  })
})

describe('nested wrapped handlers', () => {
  const inner = (sessions: Sessions<Data>) =>
    sessions.wrap((_, session) => {
      session.set('visits', session.get('visits', 0) + 1)
      return Response.json(session.get('visits'))
    })

  test('on one request share the session, and set its cookie once', async () => {
    const { sessions } = setUp()
    const outer = sessions.wrap((request, session) => {
      setUser(session)
      return inner(sessions)(request)
    })
    const response = await outer(requestWith())
    const lines = response.headers.getSetCookie()
    expect(namesOf(lines)).toEqual([NAME])
    expect((await sessions.open(pairsOf(lines))).toJSON()).toEqual({ user: 'ada', visits: 1 })
  })

  test('on one request: after the inner one has committed, the outer one cannot change the session', async () => {
    const { sessions } = setUp()
    const outer = sessions.wrap(async (request, session) => {
      const response = await inner(sessions)(request)
      setUser(session)
      return response
    })
    expect(await catchAsyncError(outer(requestWith()))).toEqual(COMMITTED_ERROR)
  })

  test('on a copy of the request have a session each; the last one is written, and observe is called', async () => {
    const { sessions, events } = setUp()
    for (const copyOf of [
      (request: Request) => new Request(request),
      (request: Request) => request.clone(),
    ]) {
      events.length = 0
      const outer = sessions.wrap((request, session) => {
        setUser(session)
        return inner(sessions)(copyOf(request))
      })
      const response = await outer(requestWith())
      const lines = response.headers.getSetCookie()
      expect(namesOf(lines)).toEqual([NAME])
      expect((await sessions.open(pairsOf(lines))).toJSON()).toEqual({ user: 'ada' })
      expect(events).toContainEqual({ type: 'warning', cause: 'overwritten' })
    }
  })

  test('with different cookies write both', async () => {
    const { sessions, make } = setUp()
    const side = make({ cookie: { name: '__Host-side' } })
    const handler = sessions.wrap((request, session) => {
      session.set('user', 'outer')
      return side.wrap((_, other) => {
        other.set('user', 'inner')
        return new Response()
      })(request)
    })
    const { headers } = await handler(requestWith())
    expect(namesOf(headers.getSetCookie())).toEqual(['__Host-side', NAME])
    expect(headers.get('vary')).toBe('Cookie')
    expect(headers.get('cache-control')).toBe('private, no-store')
  })
})

describe('seal and unseal', () => {
  test('a bare token opens as the session that was sealed', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const next = await sessions.unseal(await sessions.seal(session))
    expect(next.toJSON()).toEqual({ user: 'ada' })
    expect([next.id, next.startedAt, next.isNew]).toEqual([session.id, session.startedAt, false])
  })

  test('an empty session seals to the empty string, which unseals to an empty session', async () => {
    const { sessions } = setUp()
    const token = await sessions.seal(await sessions.open(null))
    expect(token).toBe('')
    expect((await sessions.unseal(token)).isEmpty).toBe(true)
    const session = await sessions.unseal(mintToken())
    session.destroy()
    expect(await sessions.seal(session)).toBe('')
  })

  test('a bare token does not open as a cookie, nor a cookie as a bare token', async () => {
    const { sessions, cookieOf } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const token = await sessions.seal(session)
    const value = (await cookieOf(setUser)).slice(`${NAME}=`.length)
    expect((await sessions.open(`${NAME}=${token}`)).rejection).toEqual({ reason: 'malformed' })
    expect((await sessions.unseal(value)).rejection).toEqual({ reason: 'malformed' })
    // Converting one form to the other does not help, because they are sealed under different keys.
    const [, , iv, ciphertext, tag] = token.split('.')
    const asValue = [...value.split('.').slice(0, 2), iv, ciphertext, tag].join('.')
    expect((await sessions.open(`${NAME}=${asValue}`)).rejection).toEqual({
      reason: 'undecryptable',
    })
  })

  test('the logout of a bare token deletes no cookies and leaves no stamp', async () => {
    const { sessions } = setUp()
    const session = await sessions.unseal(mintToken())
    session.destroy()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('a session of a bare token can be committed to cookies', async () => {
    const { sessions } = setUp()
    const session = await sessions.unseal(mintToken())
    session.set('visits', 1)
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect([next.id, next.toJSON()]).toEqual([session.id, { user: 'ada', visits: 1 }])
  })

  test('seal may be called before and after a commit', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const before = await sessions.seal(session)
    await sessions.setCookies(session)
    const after = await sessions.seal(session)
    for (const token of [before, after]) {
      expect((await sessions.unseal(token)).id).toBe(session.id)
    }
  })
})

describe('a purpose', () => {
  const PURPOSES = [
    undefined,
    'password reset',
    'api',
    'api ',
    'token',
    'cookie',
    'a b c',
    'zoë 🦊',
  ]

  test('opens only tokens that were sealed for it', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    for (const sealedFor of PURPOSES) {
      const token = await sessions.seal(session, sealedFor)
      for (const purpose of PURPOSES) {
        const opened = await sessions.unseal(token, purpose)
        const isSame = purpose === sealedFor
        expect(opened.rejection).toEqual(isSame ? undefined : { reason: 'undecryptable' })
        expect(opened.get('user')).toBe(isSame ? 'ada' : undefined)
      }
    }
  })

  test('is part of the key as docs/format.md says', async () => {
    const { sessions } = setUp()
    const token = mintToken(undefined, { purpose: 'token password reset' })
    expect((await sessions.unseal(token, 'password reset')).get('user')).toBe('ada')
  })

  test('may have up to 256 characters of any kind', async () => {
    const { sessions } = setUp({ cookie: { name: 'n'.repeat(64) } })
    const session = await sessions.open(null)
    setUser(session)
    for (const character of ['x', '語']) {
      const longest = character.repeat(256)
      const token = await sessions.seal(session, longest)
      expect((await sessions.unseal(token, longest)).get('user')).toBe('ada')
      const error = await catchAsyncError(sessions.seal(session, longest + character))
      expect(error).toEqual(configError('purpose'))
      expect(await catchAsyncError(sessions.unseal(token, longest + character))).toEqual(error)
    }
  })

  test.each(['', null, 5, true, {}, ['api'], Symbol('s'), 'half \ud800', () => 'api'])(
    'that is %o is rejected by seal and unseal',
    async (purpose) => {
      const { sessions } = setUp()
      const session = await sessions.open(null)
      setUser(session)
      expect(await catchAsyncError(sessions.seal(session, untyped(purpose)))).toEqual(
        configError('purpose'),
      )
      expect(await catchAsyncError(sessions.unseal('', untyped(purpose)))).toEqual(
        configError('purpose'),
      )
    },
  )
})

describe('an exception of observe', () => {
  test('reaches the caller', async () => {
    const error = new Error('the log is full')
    const observe = () => {
      throw error
    }
    const { sessions } = setUp({ observe })
    await expect(sessions.open(`${NAME}=nonsense`)).rejects.toBe(error)
    const session = await sessions.open(null)
    setUser(session)
    await expect(sessions.setCookies(session)).rejects.toBe(error)
  })
})

describe('two sessions on one request', () => {
  test('with different cookies are independent', async () => {
    const { make } = setUp()
    const main = make()
    const side = make({ cookie: { name: '__Host-side' } })
    const browser = createJar()
    const request = browser.request()
    setUser(await main.open(request))
    ;(await side.open(request)).set('user', 'side')
    browser.store(await side.commit(request, await main.commit(request, new Response())))
    expect(browser.names()).toEqual(['__Host-session', '__Host-side'])

    const next = browser.request()
    expect((await main.open(next)).get('user')).toBe('ada')
    ;(await side.open(next)).destroy()
    browser.store(await main.commit(next, await side.commit(next, new Response())))
    expect(browser.names()).toEqual(['__Host-session', '__Host-side.x'])
    expect((await main.open(browser.request())).get('user')).toBe('ada')
  })

  test('with names that begin alike are independent', async () => {
    const { make } = setUp()
    const short = make({ cookie: { name: 's', secure: false } })
    const long = make({ cookie: { name: 'sid', secure: false } })
    const browser = createJar()
    const request = browser.request()
    setUser(await short.open(request))
    ;(await long.open(request)).set('user', 'eve')
    browser.store(await long.commit(request, await short.commit(request, new Response())))
    const next = browser.request()
    expect((await short.open(next)).get('user')).toBe('ada')
    ;(await short.open(next)).destroy()
    browser.store(await short.commit(next, new Response()))
    expect((await long.open(browser.request())).get('user')).toBe('eve')
  })
})

describe('getInternals', () => {
  test('recognizes the cookies of these sessions by their names', () => {
    const sessions = createSessions({ secrets: SECRET, cookie: { name: 's', secure: false } })
    const { isOwnCookie } = getInternals(sessions)
    expect(['s', 's.1', 's.15', 's.t', 's.x'].map(isOwnCookie)).toEqual(Array(5).fill(true))
    expect(['S', 's.16', 's2', '', 'theme'].map(isOwnCookie)).toEqual(Array(5).fill(false))
  })

  test('throws for anything that createSessions has not returned', () => {
    const sessions = createSessions({ secrets: SECRET })
    const others = [{}, null, undefined, 5, 'sessions', { ...sessions }, Object.create(sessions)]
    for (const other of others) {
      expect(() => getInternals(untyped<typeof sessions>(other))).toThrow(configError('sessions'))
    }
  })
})
