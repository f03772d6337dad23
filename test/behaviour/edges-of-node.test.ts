// The Node adapter in unusual surroundings: error handlers that fail, requests and responses that
// are not Node's own, middleware used as a promise, another copy of the package. Every request is
// answered, and no rejection is unhandled (vitest fails on one).

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import type { NodeRequest, NodeResponse } from 'sealed-session/node'
import { pairsOf } from '../support/cookie-jar.ts'
import { SECRET, START, untyped } from '../support/mint.ts'
import { configError, throwError } from '../support/errors.ts'
import { cookieOf } from '../support/set-up.ts'
import { ConnectionCut, testServers } from '../support/test-servers.ts'
import type { ReceivedResponse, TestServer } from '../support/test-servers.ts'

interface Data {
  user?: string
  big?: string
}

type Next = (error?: Error) => unknown

const TOO_MUCH = 'x'.repeat(20_000)
const FAILED = new Error('the handler failed')
const AGAIN = new Error('the error handler failed')
const TOO_LARGE = expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })

const open: TestServer[] = []
let log = vi.spyOn(console, 'error')

beforeEach(() => {
  log = vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(async () => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  await Promise.all(open.splice(0).map((wire) => wire.close()))
})

function createTestSessions(options: Partial<SessionOptions<Data>> = {}): Sessions<Data> {
  return createSessions<Data>({ secrets: SECRET, clock: () => START * 1000, ...options })
}

async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<TestServer> {
  const wire = await testServers.http((request, response) => void listener(request, response))
  open.push(wire)
  return wire
}

/** The arguments of `console.error`. */
const logged = () => log.mock.calls.flat()

describe('request.session', () => {
  test('L4: an assignment throws, and says how to end the session', async () => {
    const { middleware, sessionOf } = nodeSessions(createTestSessions())
    const errors: unknown[] = []
    const wire = await serve((request, response) => {
      middleware(request, response, () => {
        sessionOf(request).set('user', 'ada')
        for (const value of [null, undefined, {}]) {
          try {
            Object.assign(request, { session: value })
          } catch (error) {
            errors.push(error)
          }
        }
        response.end(String(Reflect.get(request, 'session') === sessionOf(request)))
      })
    })
    const { body, cookies } = await wire.ask()
    expect([body, cookies.length]).toEqual(['true', 1])
    expect(errors).toHaveLength(3)
    for (const error of errors) {
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({ message: expect.stringContaining('request.session.destroy()') })
    }
  })

  test('L4: the error names the configured property', async () => {
    const { middleware } = nodeSessions(createTestSessions(), { property: 'cart' })
    const wire = await serve((request, response) => {
      middleware(request, response, () => {
        try {
          Object.assign(request, { cart: null })
        } catch (error) {
          response.end(error instanceof Error ? error.message : '')
        }
      })
    })
    expect((await wire.ask()).body).toMatch(/^request\.cart cannot .*request\.cart\.destroy\(\)/)
  })
})

describe('handlers and error handlers that fail', () => {
  /** Returns the arguments of each call of `next`, and the answer. */
  async function run(
    next: (error: Error | undefined, response: ServerResponse) => unknown,
    prepare: (session: Session<Data>) => void = () => {},
  ): Promise<{ readonly calls: unknown[]; readonly answer: ReceivedResponse }> {
    const { middleware, sessionOf } = nodeSessions(createTestSessions())
    const calls: unknown[] = []
    const wire = await serve((request, response) => {
      middleware(request, response, (error) => {
        calls.push(error)
        if (error === undefined) prepare(sessionOf(request))
        return next(error, response)
      })
    })
    return { calls, answer: await wire.ask() }
  }

  const failures: [string, (error: Error) => unknown][] = [
    ['throws', (error) => throwError(error)],
    ['rejects', (error) => Promise.reject(error)],
    ['rejects later', (error) => new Promise((_, reject) => setImmediate(reject, error))],
  ]

  test.each(failures)('L15: a handler that %s has its error passed to next', async (_, fail) => {
    const { calls, answer } = await run((error, response) =>
      error === undefined ? fail(FAILED) : response.writeHead(503).end(error.message),
    )
    expect(calls).toEqual([undefined, FAILED])
    expect(answer).toMatchObject({ status: 503, body: FAILED.message })
    expect(logged()).toEqual([])
  })

  test.each(failures)('L15: next(error) that %s is answered with a plain page', async (_, fail) => {
    const { calls, answer } = await run((error) => fail(error === undefined ? FAILED : AGAIN))
    expect(calls).toEqual([undefined, FAILED])
    expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error', cookies: [] })
    expect(logged()).toEqual([AGAIN])
  })

  test.each(failures)(
    'L15: next(error) that %s because a session is too large is answered with a plain page',
    async (_, fail) => {
      const { calls, answer } = await run(
        (error, response) => (error === undefined ? response.end('saved') : fail(AGAIN)),
        (session) => session.set('big', TOO_MUCH),
      )
      expect(calls).toEqual([undefined, TOO_LARGE])
      expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error', cookies: [] })
      expect(logged()).toEqual([AGAIN])
    },
  )

  test('L15: next(error) that throws while a response is being written destroys it', async () => {
    const running = run((error, response) => {
      if (error === undefined) response.write('a')
      return throwError(error ?? FAILED)
    })
    await expect(running).rejects.toBeInstanceOf(ConnectionCut)
    expect(logged()).toEqual([FAILED])
  })

  test('L15: next that throws after the answer does not change it', async () => {
    const { answer } = await run((error, response) => {
      if (error === undefined) response.end('ab')
      return throwError(error ?? FAILED)
    })
    expect(answer).toMatchObject({ status: 200, body: 'ab' })
    expect(logged()).toEqual([FAILED])
  })

  test.each(failures)('L15: onError that %s is answered with a plain page', async (_, fail) => {
    const { open } = nodeSessions(createTestSessions(), { onError: () => fail(AGAIN) })
    const wire = await serve(async (request, response) => {
      const session = await open(request, response)
      session.set('big', TOO_MUCH)
      response.end('saved')
    })
    const { status, body, cookies } = await wire.ask()
    expect({ status, body, cookies }).toEqual({
      status: 500,
      body: 'Internal Server Error',
      cookies: [],
    })
    expect(logged()).toEqual([AGAIN])
  })

  test('L15: a session that cannot be opened is answered with a plain page if next throws', async () => {
    const secrets = () => Promise.reject(FAILED)
    const cookie = await cookieOf(createTestSessions())
    const { middleware } = nodeSessions(createTestSessions({ secrets }))
    const wire = await serve((request, response) => {
      middleware(request, response, () => throwError(AGAIN))
    })
    expect(await wire.ask({ cookie })).toMatchObject({ status: 500, body: 'Internal Server Error' })
    expect(logged()).toEqual([AGAIN])
  })

  test.each([[undefined], [null], [{}], ['next']])(
    'L15: a middleware without a next (%j) throws when it is called',
    (next) => {
      const { middleware } = nodeSessions(createTestSessions())
      const call = () => middleware({ headers: {} }, untyped({}), untyped<Next>(next))
      expect(call).toThrow(configError('next'))
    },
  )
})

describe('requests and responses that are not Node’s own', () => {
  /** Runs the middleware on them, and returns the error that `next` received, if any. */
  function run(
    request: NodeRequest,
    response: unknown,
    sessions = createTestSessions(),
  ): Promise<{ readonly error: unknown; readonly session: Session<Data> }> {
    const { middleware, sessionOf } = nodeSessions(sessions)
    return new Promise((resolve) => {
      middleware(request, untyped<NodeResponse>(response), (error) => {
        resolve({ error, session: sessionOf(request) })
      })
    })
  }

  test.each<[string, () => object]>([
    ['an empty object', () => ({})],
    ['an object without a prototype', () => ({ __proto__: null })],
    ['some of its methods', () => ({ setHeader() {}, end() {}, statusCode: 200 })],
    ['a frozen one', () => Object.freeze(new MockResponse())],
  ])('L15: with %s in place of a response, the session is read-only', async (_, response) => {
    const sessions = createTestSessions()
    const cookie = await cookieOf(sessions)
    const { error, session } = await run({ headers: { cookie } }, response(), sessions)
    expect([error, session.get('user')]).toEqual([undefined, 'ada'])
    expect(() => session.set('user', 'eve')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' }),
    )
  })

  test('L15: a handler that throws with an empty object in place of a response is logged', async () => {
    const { middleware } = nodeSessions(createTestSessions())
    middleware({ headers: {} }, untyped({}), (error) => throwError(error ?? FAILED))
    await vi.waitFor(() => expect(logged()).toEqual([FAILED]), 10_000)
  })

  test.each([
    ['frozen', Object.freeze],
    ['sealed', Object.seal],
    ['not extensible', Object.preventExtensions],
  ])('L15: a %s request takes no property, which is an error that names open', async (_, fix) => {
    const request = fix({ headers: {} })
    const { error, session } = await run(request, new MockResponse())
    expect(error).toEqual(configError('request'))
    expect(error).toMatchObject({ message: expect.stringContaining('open(request, response)') })
    expect(session.isEmpty).toBe(true)
  })

  test('L15: a frozen request gets its session from open', async () => {
    const { open } = nodeSessions(createTestSessions())
    const wire = await serve(async (request, response) => {
      const session = await open(Object.freeze({ headers: request.headers }), response)
      session.set('user', 'ada')
      response.end('ab')
    })
    const { body, cookies } = await wire.ask()
    expect([body, cookies.length]).toEqual(['ab', 1])
  })

  /** Runs a handler behind the middleware, as frameworks call one with a mocked response. */
  async function callMocked(
    response: MockResponse,
    act: (session: Session<Data>, response: NodeResponse) => unknown,
    cookie = '',
  ): Promise<unknown[]> {
    const { middleware, sessionOf } = nodeSessions(createTestSessions())
    const request = { headers: { cookie } }
    const errors: unknown[] = []
    await new Promise<void>((resolve) => {
      middleware(request, response, (error) => {
        if (error === undefined) act(sessionOf(request), response)
        else errors.push(error)
        resolve()
      })
    })
    return errors
  }

  test('L17: a mocked response to a request that only reads is complete when the handler returns', async () => {
    const response = new MockResponse()
    const read = (session: Session<Data>) => {
      const user = session.get('user')
      response.writeHead(201)
      response.write('user ')
      response.end(user)
      expect(response).toMatchObject({ statusCode: 201, data: 'user ada', writableEnded: true })
    }
    expect(await callMocked(response, read, await cookieOf(createTestSessions()))).toEqual([])
    expect(response.fields).toEqual({ vary: 'Cookie', 'cache-control': 'private' })
  })

  test('L17: a mocked response that cannot wait for its cookies is reported', async () => {
    const response = new MockResponse()
    const errors = await callMocked(response, (session) => {
      session.set('user', 'ada')
      response.end('ab')
      expect(response).toMatchObject({ data: 'ab', writableEnded: true })
    })
    await vi.waitFor(
      () => expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })]),
      10_000,
    )
    expect(response.fields['set-cookie']).toBeUndefined()
  })

  test('L17: a mocked response has the cookies that its handler has awaited', async () => {
    const sessions = createTestSessions()
    const { open } = nodeSessions(sessions, { onError: (error) => throwError(error) })
    const response = new MockResponse()
    const session = await open({ headers: {} }, response)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    response.setHeader('Set-Cookie', lines)
    response.end('ab')
    await new Promise(setImmediate)
    expect(response).toMatchObject({ data: 'ab', fields: { 'set-cookie': lines, vary: 'Cookie' } })
    expect(logged()).toEqual([])
  })

  test('L17: a session that is too large is reported if a mocked response cannot wait', async () => {
    const response = new MockResponse()
    const errors = await callMocked(response, (session) => {
      session.set('big', TOO_MUCH)
      response.end('ab')
    })
    await vi.waitFor(() => expect(errors).toEqual([TOO_LARGE]), 10_000)
    expect(response.fields['set-cookie']).toBeUndefined()
  })

  test('L17: a mocked response whose session is not accessed is as without one', async () => {
    const response = new MockResponse()
    expect(await callMocked(response, () => response.end('ab'))).toEqual([])
    expect(response).toMatchObject({ statusCode: 200, data: 'ab', fields: {} })
  })
})

describe('a middleware used as a promise', () => {
  /** Calls middleware as Koa and others do: the first call of `next` settles the promise. */
  function promised(sessions: Sessions<Data>) {
    const { middleware, sessionOf } = nodeSessions(sessions)
    return (request: IncomingMessage, response: ServerResponse) =>
      new Promise<Session<Data>>((resolve, reject) => {
        middleware(request, response, (error) => {
          if (error === undefined) resolve(sessionOf(request))
          else reject(error)
        })
      })
  }

  test('L16: is answered when a session is too large, although the second call of next has no effect', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const begin = promised(createTestSessions())
    const wire = await serve(async (request, response) => {
      const session = await begin(request, response)
      session.set('big', TOO_MUCH)
      response.setHeader('X-User', 'ada')
      response.end('saved')
      while (vi.getTimerCount() === 0) await new Promise(setImmediate)
      await vi.advanceTimersByTimeAsync(5000)
    })
    const { status, body, cookies, headers } = await wire.ask()
    expect({ status, body, cookies }).toEqual({
      status: 500,
      body: 'Internal Server Error',
      cookies: [],
    })
    expect(headers['x-user']).toBeUndefined()
    expect(logged()).toEqual([TOO_LARGE])
  })

  test('L16: is answered once, even if an error handler is slow', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { middleware, sessionOf } = nodeSessions(createTestSessions())
    const wire = await serve((request, response) => {
      middleware(request, response, async (error) => {
        if (error === undefined) {
          sessionOf(request).set('big', TOO_MUCH)
          response.end('saved')
          return
        }
        await vi.advanceTimersByTimeAsync(4999)
        response.writeHead(507).write('sor')
        await vi.advanceTimersByTimeAsync(60_000)
        response.end('ry')
      })
    })
    expect(await wire.ask()).toMatchObject({ status: 507, body: 'sorry', cookies: [] })
    expect(logged()).toEqual([])
  })

  test('L16: is not logged after its client has disconnected', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const begin = promised(createTestSessions())
    let leave = (): void => {}
    const until = new Promise<void>((resolve) => void (leave = resolve))
    const closed = new Promise<void>((resolve) => {
      void serve(async (request, response) => {
        const session = await begin(request, response)
        session.set('big', TOO_MUCH)
        response.on('close', resolve)
        response.end('saved')
        setImmediate(leave)
      }).then((wire) => wire.ask({ until }).catch(() => {}))
    })
    await closed
    await vi.advanceTimersByTimeAsync(60_000)
    expect(logged()).toEqual([])
  })

  test('L16: gets the error of a session that cannot be opened', async () => {
    const secrets = () => Promise.reject(FAILED)
    const begin = promised(createTestSessions({ secrets }))
    const cookie = await cookieOf(createTestSessions())
    const wire = await serve((request, response) =>
      begin(request, response).catch((error: unknown) => {
        response.writeHead(503).end(error instanceof Error ? error.name : '')
      }),
    )
    expect((await wire.ask({ cookie })).status).toBe(503)
  })
})

describe('two copies of the package in one process', () => {
  async function secondCopy() {
    vi.resetModules()
    const { createSessions: create } = await import('sealed-session')
    const { nodeSessions: adapt } = await import('sealed-session/node')
    expect([create, adapt]).not.toContain(createSessions)
    return { create, adapt }
  }

  test('set the cookies of both on one response', async () => {
    const { create, adapt } = await secondCopy()
    const [user, cart] = [
      createTestSessions(),
      create<Data>({ secrets: SECRET, cookie: { name: '__Host-cart' }, clock: () => START * 1000 }),
    ]
    const [first, second] = [nodeSessions(user), adapt(cart, { property: 'cart' })]
    const endings: ((response: ServerResponse) => unknown)[] = [
      (response) => response.end('ab'),
      (response) => (response.write('a'), response.end('b')),
      (response) => (response.writeHead(200, { 'Set-Cookie': 'theme=dark' }), response.end('ab')),
      (response) => (response.flushHeaders(), setImmediate(() => response.end('ab'))),
    ]
    for (const end of endings) {
      const states: unknown[] = []
      const wire = await serve(async (request, response) => {
        const one = await first.open(request, response)
        const two = await second.open(request, response)
        one.set('user', 'ada')
        two.set('user', 'eve')
        end(response)
        states.push(response.headersSent)
      })
      const { body, cookies } = await wire.ask()
      expect([body, states]).toEqual(['ab', [true]])
      expect((await user.open(pairsOf(cookies))).get('user')).toBe('ada')
      expect((await cart.open(pairsOf(cookies))).get('user')).toBe('eve')
    }
  })

  test('report the failure of one once, and answer once', async () => {
    const { create, adapt } = await secondCopy()
    const [user, cart] = [
      createTestSessions(),
      create<Data>({ secrets: SECRET, cookie: { name: 'cart' } }),
    ]
    const [first, second] = [nodeSessions(user), adapt(cart, { property: 'cart' })]
    const errors: unknown[] = []
    const wire = await serve((request, response) => {
      const next = (error: Error) => {
        errors.push(error)
        response.end('sorry')
      }
      first.middleware(request, response, (error) => {
        if (error !== undefined) return next(error)
        return second.middleware(request, response, (failure) => {
          if (failure !== undefined) return next(failure)
          first.sessionOf(request).set('user', 'ada')
          second.sessionOf(request).set('big', TOO_MUCH)
          return response.end('saved')
        })
      })
    })
    const { status, body, cookies } = await wire.ask()
    expect([status, body]).toEqual([500, 'sorry'])
    expect(cookies.map((line) => line.split('=', 1).join())).toEqual(['__Host-session'])
    expect(errors).toEqual([TOO_LARGE])
  })

  test('do not confuse the sessions of one with those of the other', async () => {
    const { create, adapt } = await secondCopy()
    expect(() => nodeSessions(untyped<Sessions>(create({ secrets: SECRET })))).toThrow(
      configError('sessions'),
    )
    expect(() => adapt(untyped<Sessions<Data>>(createTestSessions()))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'sessions' }),
    )
  })
})

test('a withdrawn response loses all fields that its handlers have set', async () => {
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  const wire = await serve((request, response) => {
    response.setHeader('X-Powered-By', 'us')
    middleware(request, response, (error) => {
      if (error !== undefined) {
        response.setHeader('Content-Type', 'text/plain')
        response.end('sorry')
        return
      }
      sessionOf(request).set('big', TOO_MUCH)
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('X-Account', 'ada')
      response.setHeader('Set-Cookie', 'last-account=ada')
      response.writeHead(200, { 'Content-Type': 'application/json', Link: '</ada>; rel=next' })
      response.end('{"account":"ada"}')
    })
  })
  const { status, headers, cookies, body } = await wire.ask()
  expect({ status, cookies, body }).toEqual({ status: 500, cookies: [], body: 'sorry' })
  expect(headers).toMatchObject({ 'x-powered-by': 'us', 'access-control-allow-origin': '*' })
  expect(JSON.stringify(headers)).not.toContain('ada')
})

test('the middleware under a plain server answers every request of a connection', async () => {
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  const server = createServer((request, response) => {
    middleware(request, response, (error) => {
      if (error !== undefined) return response.end(error.name)
      const session = sessionOf(request)
      if (request.url === '/large') session.set('big', TOO_MUCH)
      else session.set('user', 'ada')
      return response.end('ab')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const bodies: string[] = []
  for (const path of ['/', '/large', '/', '/large']) {
    bodies.push(await (await fetch(`http://127.0.0.1:${port}${path}`)).text())
  }
  server.close().closeAllConnections()
  expect(bodies).toEqual(['ab', 'SessionTooLargeError', 'ab', 'SessionTooLargeError'])
})

/** A mocked response of frameworks and test tools: no socket, and its state in plain properties. */
class MockResponse implements NodeResponse {
  statusCode = 200
  headersSent = false
  writableEnded = false
  data = ''
  readonly fields: Record<string, number | string | readonly string[]> = {}

  getHeader(name: string): number | string | readonly string[] | undefined {
    return this.fields[name.toLowerCase()]
  }
  getHeaderNames(): readonly string[] {
    return Object.keys(this.fields)
  }
  setHeader(name: string, value: string | readonly string[]): this {
    this.fields[name.toLowerCase()] = value
    return this
  }
  removeHeader(name: string): void {
    delete this.fields[name.toLowerCase()]
  }
  writeHead(statusCode: number): this {
    this.statusCode = statusCode
    this.headersSent = true
    return this
  }
  write(chunk: string | Uint8Array): boolean {
    this.headersSent = true
    this.data += String(chunk)
    return true
  }
  end(chunk?: string | Uint8Array): this {
    if (chunk !== undefined) this.write(chunk)
    this.headersSent = true
    this.writableEnded = true
    return this
  }
  emit(): boolean {
    return false
  }
  destroy(): this {
    return this
  }
}
