// Responses of the library and objects that an application or its framework shares, reuses or
// implements itself: one visitor's data must not reach the next, and nothing is lost silently.

import { createServer } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session, Sessions } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'
import { nodeSessions } from 'sealed-session/node'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { deepFreeze, forwardingProxy } from '../support/framework-objects.ts'
import { untyped } from '../support/mint.ts'
import { requestWith } from '../support/requests.ts'
import { cookieOf, setUp, setUser } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

const NAME = '__Host-session'
const RESPONSE_ERROR = expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })

const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** Every part of a response that the next visitor would receive. */
const visible = ({ status, statusText, headers }: Response) => ({
  status,
  statusText,
  headers: [...headers],
})

/** Ways in which a handler can return the same object again. */
const SHARED_HEADERS = new Headers({ 'X-Own': 'kept' })
const shared: [string, () => () => Response][] = [
  ['a constant', () => always(new Response(null, { status: 204 }))],
  ['a frozen constant', () => always(Object.freeze(new Response(null, { status: 204 })))],
  ['a proxy of a constant', () => always(forwardingProxy(new Response(null, { status: 204 })))],
  ['a constant redirect', () => always(Response.redirect('https://example.test/next', 303))],
  ['headers that all responses have', () => () => new Response('x', { headers: SHARED_HEADERS })],
  ['responses whose `headers` is one object', () => sharing(new Headers({ 'X-Own': 'kept' }))],
]

/** Ways in which a session reaches a response. */
const entries: [string, Entry][] = [
  [
    'wrap',
    (sessions, act, respond) =>
      sessions.wrap((_, session) => {
        act(session)
        return respond()
      }),
  ],
  [
    'wrap, thrown',
    (sessions, act, respond) =>
      sessions.wrap((_, session) => {
        act(session)
        throw respond()
      }),
  ],
  [
    'commit of a session',
    (sessions, act, respond) => async (page) => {
      const session = await sessions.open(page)
      act(session)
      return sessions.commit(session, respond())
    },
  ],
  [
    'commit of a request',
    (sessions, act, respond) => async (page) => {
      act(await sessions.open(page))
      return sessions.commit(page, respond())
    },
  ],
]

type Entry = (
  sessions: Sessions<Data>,
  act: (session: Session<Data>) => void,
  respond: () => Response,
) => (page: Request) => Promise<Response>

describe.each(entries)('through %s', (_, entry) => {
  describe.each(shared)('%s', (_, make) => {
    test('Y1: a Response that a handler returns twice does not carry the first session to the next visitor', async () => {
      const { sessions } = setUp()
      const respond = make()
      const before = visible(respond())
      const login = await entry(sessions, setUser, respond)(requestWith())
      expect(login.headers.getSetCookie()).toHaveLength(1)
      expect(visible(respond())).toEqual(before)

      // A visitor whose session is not accessed gets exactly what the handler returned.
      const ignoring = sessions.wrap(() => respond())
      expect(visible(await ignoring(requestWith()))).toEqual(before)
      // A visitor whose session is only read gets no cookie.
      const reading = entry(sessions, (session) => void session.get('user'), respond)
      const read = await reading(requestWith())
      expect(read.headers.getSetCookie()).toEqual([])
      expect(visible(respond())).toEqual(before)
      // Nor does the logout of one visitor log others out.
      const cookie = pairsOf(login.headers.getSetCookie())
      const logout = entry(sessions, (session) => session.destroy(), respond)
      expect((await logout(requestWith(cookie))).headers.getSetCookie()).toHaveLength(2)
      expect(visible(await ignoring(requestWith(cookie)))).toEqual(before)
    })
  })

  test('Y1: two users who get one constant at the same time get their own cookies', async () => {
    const { sessions } = setUp()
    const respond = always(new Response(null, { status: 204 }))
    const users = Array.from({ length: 20 }, (_, index) => `user ${index}`)
    const answers = await Promise.all(
      users.map((user) =>
        entry(sessions, (session) => session.set('user', user), respond)(requestWith()),
      ),
    )
    for (const [index, answer] of answers.entries()) {
      const back = await sessions.open(pairsOf(answer.headers.getSetCookie()))
      expect(back.get('user')).toBe(users[index])
    }
  })

  test('Y1: a constant with a body is an error when it is sent again, not another visitor’s session', async () => {
    const { sessions } = setUp()
    const respond = always(new Response('text'))
    const first = await entry(sessions, setUser, respond)(requestWith())
    expect(await first.text()).toBe('text')
    const second = entry(sessions, setUser, respond)(requestWith())
    await expect(second).rejects.toEqual(RESPONSE_ERROR)
    await expect(second).rejects.toThrow(/body/)
  })

  test('L10: a session that two opens have written is on the response once, and the lost write is observed', async () => {
    const { sessions, events } = setUp()
    const page = requestWith(await cookieOf(sessions))
    const inner = await sessions.wrap((_, session) => {
      session.set('inner', 1)
      return new Response(null, { headers: { 'Set-Cookie': 'theme=dark' } })
    })(new Request(page))
    events.length = 0
    const outer = await entry(
      sessions,
      (session) => session.set('outer', 1),
      () => inner,
    )(page)
    const lines = outer.headers.getSetCookie()
    expect(lines.map((line) => line.split('=', 1).join())).toEqual(['theme', NAME])
    const back = await sessions.open(pairsOf(lines))
    expect(back.toJSON()).toEqual({ user: 'ada', outer: 1 })
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      { type: 'warning', cause: 'overwritten' },
    ])
  })

  test('L10: a logout of an inner handler is not undone by a write of the outer one', async () => {
    const { sessions } = setUp()
    const browser = createJar()
    browser.store(
      await sessions.wrap((_, session) => (setUser(session), new Response()))(requestWith()),
    )
    const page = browser.request()
    const inner = await sessions.wrap((_, session) => {
      session.destroy()
      return new Response()
    })(new Request(page))
    browser.store(
      await entry(
        sessions,
        (session) => session.set('outer', 1),
        () => inner,
      )(page),
    )
    const after = await sessions.open(browser.request())
    expect([after.isEmpty, after.rejection?.reason]).toEqual([true, 'destroyed'])
  })

  test('L10: the same session committed twice is on the response once, without an event', async () => {
    const { sessions, events } = setUp()
    const page = requestWith()
    const first = await entry(sessions, setUser, () => new Response())(page)
    const second = await sessions.commit(page, first)
    expect(second).toBe(first)
    expect(second.headers.getSetCookie()).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['sealed'])
  })
})

test('Y2: two responses of a server whose class shares its Headers carry separate sessions', async () => {
  // As in srvx up to 0.11: the response keeps the headers object that it is built with.
  class FastResponse extends Response {
    readonly #headers: Headers
    constructor(body?: BodyInit | null, init?: ResponseInit) {
      super(body, init)
      this.#headers = init?.headers instanceof Headers ? init.headers : new Headers(init?.headers)
    }
    override get headers(): Headers {
      return this.#headers
    }
  }
  const headers = new Headers({ 'X-Own': 'kept' })
  const { sessions } = setUp()
  const handler = sessions.wrap((page, session) => {
    if (page.url.endsWith('login')) setUser(session)
    return new FastResponse('x', { headers })
  })
  for (const platform of [Response, FastResponse]) {
    vi.stubGlobal('Response', platform)
    try {
      const login = await handler(new Request('https://example.test/login'))
      expect(login.headers.getSetCookie()).toHaveLength(1)
      const next = await handler(requestWith())
      expect([...next.headers]).toEqual([['x-own', 'kept']])
      expect([...headers]).toEqual([['x-own', 'kept']])
    } finally {
      vi.unstubAllGlobals()
    }
  }
})

test('Y2: a result that a Lambda handler returns twice carries nothing to the next event', async () => {
  const { sessions } = setUp()
  const events = [
    { version: '2.0', headers: {} },
    { headers: {}, multiValueHeaders: {} },
    { headers: {}, requestContext: { elb: {} } },
  ]
  for (const event of events) {
    const constant = {
      statusCode: 200,
      headers: { 'x-own': 'kept' },
      multiValueHeaders: { 'X-Own': ['kept'] },
      cookies: ['theme=dark'],
    }
    const result = event.requestContext === undefined ? constant : { ...constant, cookies: [] }
    const before = structuredClone(result)
    const login = wrapLambda(sessions, (_, session) => (setUser(untyped(session)), result))
    expect(JSON.stringify(await login(event))).toContain(NAME)
    expect(result).toEqual(before)
    expect(await wrapLambda(sessions, () => deepFreeze(result))(event)).toBe(result)
    expect(JSON.stringify(await login(event))).toContain(NAME)
    expect(result).toEqual(before)
  }
})

test('Y2: header fields that a Node handler shares carry nothing to the next visitor', async () => {
  const { sessions } = setUp()
  const cookies = Object.freeze(['theme=dark'])
  const fields = Object.freeze({ 'X-Own': 'kept', 'Set-Cookie': cookies })
  const { middleware, sessionOf } = nodeSessions(sessions)
  const origin = await serve((incoming, response) => {
    middleware(incoming, response, () => {
      if (incoming.url === '/login') setUser(sessionOf(incoming))
      response.writeHead(200, untyped<Record<string, string[]>>(fields)).end()
    })
  })
  expect((await fetch(`${origin}/login`)).headers.getSetCookie()).toHaveLength(2)
  const next = await fetch(origin)
  expect(next.headers.getSetCookie()).toEqual(['theme=dark'])
  expect(next.headers.get('Vary')).toBeNull()
  expect([...cookies]).toEqual(['theme=dark'])
})

describe('a Response of another implementation', () => {
  /** A class with its own headers, like that of the package undici. */
  class ForeignHeaders {
    readonly #headers: Headers
    constructor(init: HeadersInit) {
      this.#headers = new Headers(init)
    }
    get(name: string): string | null {
      return this.#headers.get(name)
    }
    keys(): Iterable<string> {
      return this.#headers.keys()
    }
    getSetCookie(): string[] {
      return this.#headers.getSetCookie()
    }
    [Symbol.iterator](): Iterator<[string, string]> {
      return this.#headers[Symbol.iterator]()
    }
  }
  class ForeignResponse {
    readonly status = 201
    readonly statusText = 'Made'
    readonly bodyUsed = false
    readonly headers = new ForeignHeaders([['Set-Cookie', 'theme=dark']])
    readonly body = new Response('text').body
    arrayBuffer(): Promise<ArrayBuffer> {
      return new Response(this.body).arrayBuffer()
    }
  }
  const foreign = () => untyped<Response>(new ForeignResponse())

  test.each(entries)('L9: is committed like one of the platform: %s', async (_, entry) => {
    const { sessions } = setUp()
    const answer = await entry(sessions, setUser, foreign)(requestWith())
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([201, 'Made', 'text'])
    const [theme, session = ''] = answer.headers.getSetCookie()
    expect(theme).toBe('theme=dark')
    expect((await sessions.open(pairsOf([session]))).get('user')).toBe('ada')
  })

  test('L9: is not confused with an error with a status and headers, which is rethrown', async () => {
    const { sessions, events } = setUp()
    const error = Object.assign(new Error('no such page'), { status: 404, headers: new Headers() })
    const handler = sessions.wrap((_, session) => {
      setUser(session)
      throw error
    })
    await expect(handler(requestWith())).rejects.toBe(error)
    expect(events).toEqual([])
  })
})

describe('cache fields beside a cookie', () => {
  const login = (headers: HeadersInit) => {
    const { sessions } = setUp()
    return sessions.wrap((_, session) => {
      setUser(session)
      return new Response('x', { headers })
    })(requestWith())
  }

  test.each([
    ['public, s-maxage=600, private'],
    ['no-cache="x, private"'],
    ['private="set-cookie"'],
    ['no-store, public'],
  ])('S10: Cache-Control: %s does not keep a cookie for others', async (field) => {
    const { headers } = await login({ 'Cache-Control': field })
    expect(headers.get('Cache-Control')).toBe('private, no-store')
  })

  test('S10: no header for one CDN or proxy is kept beside a cookie', async () => {
    const names = [
      'CDN-Cache-Control',
      'Netlify-CDN-Cache-Control',
      'Surrogate-Control',
      'X-Accel-Expires',
      'Edge-Control',
      'X-LiteSpeed-Cache-Control',
      'Oxygen-Cache-Control',
    ]
    const { headers } = await login(names.map((name) => [name, 'max-age=600']))
    expect([...headers.keys()]).toEqual(['cache-control', 'content-type', 'set-cookie', 'vary'])
  })

  test('S10: the same holds on Node and in the result of a Lambda function', async () => {
    const { sessions } = setUp()
    const given = { 'x-accel-expires': '600', 'cache-control': 'public, private', etag: '"1"' }
    const { open } = nodeSessions(sessions)
    const origin = await serve((incoming, response) => {
      void open(incoming, response).then((session) => {
        setUser(session)
        response.writeHead(200, given).end()
      })
    })
    const { headers } = await fetch(origin)
    expect(headers.get('x-accel-expires')).toBeNull()
    expect(headers.get('cache-control')).toBe('private, no-store')
    const handler = wrapLambda(sessions, (_, session) => {
      setUser(untyped(session))
      return { statusCode: 200, headers: given }
    })
    expect(await handler({ version: '2.0', headers: {} })).toMatchObject({
      headers: { 'cache-control': 'private, no-store', etag: '"1"', Vary: 'Cookie' },
    })
  })

  test('S10: a page that only read the session is stored by no shared cache', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap((_, session) => Response.json(session.toJSON()))
    const { headers } = await handler(requestWith(await cookieOf(sessions)))
    expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['private', 'Cookie'])
  })
})

test('Y5: members of a polluted prototype of events and results reach no session and no cookie', async () => {
  const { sessions } = setUp()
  const cookie = await cookieOf(sessions)
  const seen: unknown[] = []
  const handler = wrapLambda(sessions, (_, session) => {
    seen.push(session.isEmpty)
    return { statusCode: 200 }
  })
  const event = { multiValueHeaders: { host: ['example.test'] }, requestContext: { elb: {} } }
  const pollution = {
    headers: { cookie },
    cookies: [cookie, 'polluted=1'],
    multiValueHeaders: { cookie: [cookie] },
    version: '2.0',
    statusCode: 500,
    body: 'polluted',
  }
  const results: unknown[] = []
  const prototype: object = Object.prototype
  for (const [name, value] of Object.entries(pollution)) {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
    try {
      results.push(JSON.stringify(await handler(event)))
    } finally {
      Reflect.deleteProperty(prototype, name)
    }
  }
  expect(new Set(seen)).toEqual(new Set([true]))
  expect(new Set(results)).toEqual(new Set([JSON.stringify(await handler(event))]))
})

describe('a load balancer without multi-value headers', () => {
  const balancer = (cookie: string) => ({ headers: { cookie }, requestContext: { elb: {} } })

  test('L14: a logout holds in any order of its response and one in flight', async () => {
    const { sessions } = setUp({ limits: 'node' })
    const visit = async (cookie: string, act: (session: Session<Data>) => unknown) => {
      const result = await wrapLambda(sessions, (_, session) => {
        act(untyped(session))
        return { statusCode: 200 }
      })(balancer(cookie))
      return Object.entries(untyped<{ headers: Record<string, string> }>(result).headers)
        .filter(([name]) => name.toLowerCase() === 'set-cookie')
        .map(([, line]) => line)
    }
    for (const order of ['write first', 'logout first', 'write lost', 'logout twice']) {
      const browser = createJar()
      browser.store(await visit('', setUser))
      const cookie = browser.header()
      const written = await visit(cookie, (session) => session.set('cart', [1]))
      const ended = await visit(cookie, (session) => session.destroy())
      expect([written.length, ended.length]).toEqual([1, 1])
      const arrivals = {
        'write first': [written, ended],
        'logout first': [ended, written],
        'write lost': [ended],
        'logout twice': [ended, written, await visit(cookie, (session) => session.destroy())],
      }
      for (const lines of arrivals[untyped<keyof typeof arrivals>(order)]) browser.store(lines)
      const reasons: unknown[] = []
      browser.store(
        await visit(browser.header(), (session) => reasons.push(session.rejection?.reason)),
      )
      expect([order, reasons]).toEqual([order, ['destroyed']])
      // A login works, and is kept.
      browser.store(await visit(browser.header(), setUser))
      await visit(browser.header(), (session) => reasons.push(session.get('user')))
      expect([order, reasons[1]]).toEqual([order, 'ada'])
    }
  })

  test('L14: a session of several cookies can be ended', async () => {
    const { sessions } = setUp({ limits: 'node' })
    const cookie = await cookieOf(sessions, (session) => session.set('text', 'x'.repeat(9000)))
    const result = await wrapLambda(sessions, (_, session) => {
      session.destroy()
      return { statusCode: 204 }
    })(balancer(cookie))
    expect(result).toMatchObject({ statusCode: 204 })
    expect(JSON.stringify(result)).toMatch(new RegExp(`"Set-Cookie":"${NAME}\\.x=`))
  })
})

function always(response: Response): () => Response {
  return () => response
}

function sharing(headers: Headers): () => Response {
  return () => Object.defineProperty(new Response('x'), 'headers', { value: headers })
}

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  closing.push(() => server.close().closeAllConnections())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://127.0.0.1:${port}`
}
