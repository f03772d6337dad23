// Unreadable requests, broken responses, aborted handlers, and ten thousand of them at once. Rows
// X40 to X49 of faults.md.

import { expect, test, vi } from 'vitest'
import { throwError, catchAsyncError } from '../support/errors.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { untyped } from '../support/mint.ts'
import { URL_OF_PAGE, requestWith } from '../support/requests.ts'
import { cookieOf, setUp, setUser } from '../support/set-up.ts'

const RESPONSE_ERROR = expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })

test('X40: a request whose headers throw reaches the caller, calls no handler, and is read again', async () => {
  const { sessions } = setUp()
  const error = new Error('the connection is gone')
  const cookie = await cookieOf(sessions)
  const faults = [
    { get: () => throwError(error), has: () => true, append: () => undefined },
    Object.defineProperty({}, 'cookie', { enumerable: true, get: () => throwError(error) }),
    new Proxy({}, { ownKeys: () => throwError(error) }),
  ]
  for (const fault of faults) {
    let isBroken = true
    const broken = {
      get headers() {
        return isBroken ? fault : { cookie }
      },
    }
    const handler = vi.fn(() => new Response())
    expect(await catchAsyncError(sessions.wrap(handler)(untyped<Request>(broken)))).toBe(error)
    expect(handler).not.toHaveBeenCalled()
    expect(await catchAsyncError(sessions.open(broken))).toBe(error)
    isBroken = false
    expect((await sessions.open(broken)).get('user')).toBe('ada')
  }
})

test('X41: a body whose stream breaks fails only for its reader, after the cookies were sent', async () => {
  const { sessions } = setUp()
  const error = new Error('the database is gone')
  let pulled = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (pulled++ === 0) return controller.enqueue(new TextEncoder().encode('half'))
    throw error
  }
  const handler = sessions.wrap((_, session) => {
    setUser(session)
    return new Response(new ReadableStream({ pull }))
  })
  const response = await handler(requestWith())
  const cookie = pairsOf(response.headers.getSetCookie())
  expect(await catchAsyncError(response.text())).toBe(error)
  expect((await sessions.open(cookie)).get('user')).toBe('ada')
})

test('X42: a response whose body has been read is an error, and another one carries the cookies', async () => {
  const { sessions } = setUp()
  const session = await sessions.open(null)
  setUser(session)
  for (const used of [await fetch('data:text/plain,hello'), new Response('hello')]) {
    await used.text()
    expect(await catchAsyncError(sessions.commit(session, used))).toEqual(RESPONSE_ERROR)
  }
  const next = await sessions.commit(session, new Response())
  expect((await sessions.open(pairsOf(next.headers.getSetCookie()))).get('user')).toBe('ada')
})

test('X43: a response whose body is being read is an error, and the reader goes on', async () => {
  const { sessions } = setUp()
  const response = new Response('hello')
  const reader = response.body?.getReader()
  const page = requestWith()
  const handler = sessions.wrap((_, session) => {
    setUser(session)
    return response
  })
  expect(await catchAsyncError(handler(page))).toEqual(RESPONSE_ERROR)
  expect((await sessions.commit(page, new Response())).headers.getSetCookie()).toHaveLength(1)
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('hello')
})

test('X44: Response.error() carries no cookies: an error if there are some, and another response can carry them', async () => {
  const { sessions } = setUp()
  const page = requestWith()
  const failing = sessions.wrap((_, session) => {
    setUser(session)
    return Response.error()
  })
  expect(await catchAsyncError(failing(page))).toEqual(RESPONSE_ERROR)
  expect((await sessions.commit(page, new Response())).headers.getSetCookie()).toHaveLength(1)
  const error = Response.error()
  expect(await sessions.wrap(() => error)(requestWith())).toBe(error)
})

test('X45: a request aborted in its handler writes nothing, and its reason is rethrown unchanged', async () => {
  const { sessions, events } = setUp()
  const controller = new AbortController()
  const page = new Request(URL_OF_PAGE, { signal: controller.signal })
  const handler = sessions.wrap(async ({ signal }, session) => {
    setUser(session)
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(untyped<Error>(signal.reason)))
      controller.abort()
    })
    return new Response()
  })
  expect(await catchAsyncError(handler(page))).toBe(controller.signal.reason)
  expect(events).toEqual([])
})

test('X46: a handler that throws after a change writes nothing, whatever it throws, and the browser keeps its session', async () => {
  const { sessions, events } = setUp()
  const cookie = await cookieOf(sessions)
  for (const error of [new Error('boom'), Object.freeze({ status: 500 }), Symbol('boom'), 0]) {
    for (const mode of ['throws', 'rejects']) {
      events.length = 0
      const handler = sessions.wrap((_, session) => {
        session.set('user', 'eve')
        session.destroy()
        if (mode === 'throws') throw error
        return Promise.reject(error)
      })
      expect(await catchAsyncError(handler(requestWith(cookie)))).toBe(error)
      expect(events.map(({ type }) => type)).toEqual(['opened'])
    }
  }
  expect((await sessions.open(cookie)).get('user')).toBe('ada')
})

test.each([[undefined], [null], ['text'], [{}]])(
  'X47: a handler that returns no Response (%j) is an error only if cookies have to be written',
  async (value) => {
    const { sessions, events } = setUp()
    const changing = sessions.wrap((_, session) => {
      setUser(session)
      return untyped<Response>(value)
    })
    expect(await catchAsyncError(changing(requestWith()))).toEqual(RESPONSE_ERROR)
    expect(events.map(({ type }) => type)).toEqual(['sealed'])
    expect(await sessions.wrap(() => untyped<Response>(value))(requestWith())).toBe(value)
  },
)

test('X48: a response whose headers accept no cookie is not changed: a new one carries the cookies', async () => {
  const { sessions } = setUp()
  const refuse = () => throwError(new Error('no more headers'))
  const full = new Response('hello', { headers: { 'X-Own': '1' } })
  Object.assign(full.headers, { append: refuse, set: refuse, delete: refuse })
  const session = await sessions.open(null)
  setUser(session)
  const response = await sessions.commit(session, full)
  expect(response.headers.getSetCookie()).toHaveLength(1)
  expect([response.headers.get('X-Own'), await response.text()]).toEqual(['1', 'hello'])
  expect([...full.headers.keys()]).toEqual(['content-type', 'x-own'])
})

test(
  'X49: thousands of interleaved requests see only their own session, each change once',
  { timeout: 600_000 },
  async () => {
    const { sessions, events } = setUp()
    const USERS = process.env['SLOW'] === undefined ? 100 : 500
    const VISITS = 20
    /** The same pauses in every run, in an order that the library cannot know. */
    let state = 1
    const random = (most: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % most
    }
    const pause = async () => {
      for (let turns = random(4); turns > 0; turns--) await Promise.resolve()
      if (random(10) === 0) await new Promise((next) => setImmediate(next))
    }
    const handler = sessions.wrap(async (page, session) => {
      const user = new URL(page.url).searchParams.get('user') ?? ''
      await pause()
      const [owner, visits] = [session.get('user', user), Number(session.get('visits', 0))]
      await pause()
      session.set('user', user)
      session.set('visits', visits + 1)
      session.set('list', [owner, visits])
      await pause()
      if (random(50) === 0) throw Response.json({ owner, visits })
      return Response.json({ owner, visits })
    })
    const ids = new Set<unknown>()
    const browse = async (user: string) => {
      let cookie = ''
      for (let visit = 0; visit < VISITS; visit++) {
        await pause()
        const page = new Request(`${URL_OF_PAGE}?user=${user}`, { headers: { cookie } })
        const response = await handler(page)
        if ((await response.text()) !== JSON.stringify({ owner: user, visits: visit }))
          return 'mixed'
        cookie = pairsOf(response.headers.getSetCookie())
      }
      const last = await sessions.open(cookie)
      ids.add(last.id)
      return JSON.stringify(last)
    }
    const users = Array.from({ length: USERS }, (_, index) => `u${index}`)
    const ends = await Promise.all(users.map(browse))
    expect(ends).toEqual(
      users.map((user) => JSON.stringify({ user, visits: VISITS, list: [user, VISITS - 1] })),
    )
    expect(ids.size).toBe(USERS)
    const count = (type: string) => events.filter((event) => event.type === type).length
    expect(['opened', 'sealed', 'rejected'].map(count)).toEqual([USERS * VISITS, USERS * VISITS, 0])
  },
)
