// Behaviour of single adapters, beside the scenario that all share.

import { createServer } from 'node:http'
import { Elysia } from 'elysia'
import fastify from 'fastify'
import { assertBodySize, H3, HTTPError, HTTPResponse } from 'h3'
import * as h3One from 'h3-1'
import { Hono } from 'hono'
import Koa from 'koa'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { elysiaSession } from 'sealed-session/elysia'
import { fastifySession } from 'sealed-session/fastify'
import { defineSessionHandler, h3Session } from 'sealed-session/h3'
import { honoSession } from 'sealed-session/hono'
import type { HonoSessionEnv } from 'sealed-session/hono'
import { koaSession } from 'sealed-session/koa'
import { createJar, toCookieHeader } from '../support/cookie-jar.ts'
import { SECRET } from '../support/mint.ts'
import { listen, createTestSessions, names, TOO_MUCH } from './application.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Data } from './application.ts'
import type { Visitor } from '../support/visitor.ts'

const closing: (() => unknown)[] = []

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) await close()
})

const at = (path: string) => new Request(`https://example.test${path}`)

/** The applications of this folder have other sessions, and a framework allows one declaration. */
function sessionIn(holder: object): Session<Data> {
  const session: unknown = Reflect.get(holder, 'session')
  return session as Session<Data>
}

/** The header fields of a page that caches may give to all visitors. */
const PUBLIC = [
  ['Cache-Control', 'public, max-age=600'],
  ['CDN-Cache-Control', 'max-age=600'],
] as const

/** Returns the header fields that say which caches may store a response. */
function caching({ headers }: Response): (string | null)[] {
  return ['vary', 'cache-control', 'cdn-cache-control'].map((name) => headers.get(name))
}

/** Returns a `Cookie` header that cannot be opened with `failingSecrets`. */
async function loggedIn(): Promise<string> {
  const sessions = createTestSessions()
  const session = await sessions.open(null)
  session.set('visits', 1)
  return toCookieHeader(await sessions.setCookies(session))
}

function failingSecrets(): never {
  throw new Error('the vault is down')
}

test.each([
  ['honoSession', honoSession],
  ['h3Session', h3Session],
  ['koaSession', koaSession],
  ['elysiaSession', elysiaSession],
])('%s takes what createSessions has returned, and nothing else', (_, adapter) => {
  const wrong = { ...createTestSessions() }
  expect(() => adapter(wrong)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
})

describe('Hono', () => {
  test('a handler that returns nothing is an error, and writes nothing', async () => {
    const app = new Hono<HonoSessionEnv<Data>>()
    const errors: unknown[] = []
    app.onError((error, c) => {
      errors.push(error)
      return c.text('failed', 500)
    })
    app.use(honoSession(createTestSessions()))
    app.use(async (c) => c.var.session.set('visits', 1))
    const response = await app.fetch(at('/'))
    expect([response.status, names(response)]).toEqual([500, []])
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })])
  })

  test('a Response that is thrown carries the session', async () => {
    const app = new Hono<HonoSessionEnv<Data>>()
    app.use(honoSession(createTestSessions()))
    app.get('/', (c) => {
      c.var.session.set('visits', 1)
      // oxlint-disable-next-line typescript/only-throw-error
      throw new Response('thrown')
    })
    const response = await app.fetch(at('/'))
    expect([await response.text(), names(response)]).toEqual(['thrown', ['__Host-session']])
  })

  test('no cache may store the answer to a session that does not fit, whatever the page said', async () => {
    const app = new Hono<HonoSessionEnv<Data>>()
    app.use(async (c, next) => {
      c.header('access-control-allow-origin', '*')
      await next()
    })
    app.use(honoSession(createTestSessions()))
    app.get('/', (c) => {
      for (const [name, value] of PUBLIC) c.header(name, value)
      c.var.session.set('big', TOO_MUCH)
      return c.text('page')
    })
    app.onError((_, c) => c.text('sorry', 413))
    const response = await app.fetch(at('/'))
    expect([response.status, await response.text(), names(response)]).toEqual([413, 'sorry', []])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('the answer to a session whose response was read is not stored either', async () => {
    const app = new Hono<HonoSessionEnv<Data>>()
    const errors: unknown[] = []
    app.use(honoSession(createTestSessions()))
    app.use(async (c, next) => {
      await next()
      await c.res.text()
    })
    app.get('/', (c) => {
      c.var.session.set('visits', 1)
      return c.text('page')
    })
    app.onError((error, c) => {
      errors.push(error)
      return c.text('sorry', 500)
    })
    const response = await app.fetch(at('/'))
    expect([response.status, await response.text()]).toEqual([500, 'sorry'])
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_RESPONSE' })])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
  })

  test('header fields that other middleware sets before and after are kept', async () => {
    const app = new Hono<HonoSessionEnv<Data>>()
    app.use(async (c, next) => {
      c.header('x-before', '1')
      await next()
      c.header('x-after', '2')
    })
    app.use(honoSession(createTestSessions()))
    app.get('/', (c) => {
      c.var.session.set('visits', 1)
      return c.text('hello', 201)
    })
    const { headers, status } = await app.fetch(at('/'))
    expect([status, headers.get('x-before'), headers.get('x-after')]).toEqual([201, '1', '2'])
    expect(headers.get('content-type')).toContain('text/plain')
  })
})

describe('h3 2', () => {
  function application(): H3 {
    const app = new H3({ silent: true })
    app.use(h3Session(createTestSessions()))
    return app
  }

  test('a change before a missing route is kept', async () => {
    const app = application()
    app.use((event) => sessionIn(event.context).set('visits', 1))
    const response = await app.request('/nowhere')
    expect([response.status, names(response)]).toEqual([404, ['__Host-session']])
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  test('the answer to an error after access to the session is private, and has no cookie', async () => {
    const app = application()
    app.get('/', (event) => {
      sessionIn(event.context).set('visits', 1)
      throw new HTTPError({ status: 410 })
    })
    const response = await app.request('/')
    expect([response.status, names(response)]).toEqual([410, []])
    expect([response.headers.get('vary'), response.headers.get('cache-control')]).toEqual([
      'Cookie',
      'private',
    ])
  })

  test('two requests at once with one context are an error, and no visitor gets the session of another', async () => {
    const app = new H3({ silent: true })
    app.use(h3Session(createTestSessions()))
    app.get('/', async (event) => {
      const session = sessionIn(event.context)
      await new Promise((resolve) => setImmediate(resolve))
      return String(session === sessionIn(event.context))
    })
    const context = {}
    const responses = await Promise.all([
      app.request('/', {}, context),
      app.request('/', {}, context),
    ])
    expect(responses.map(({ status }) => status)).toEqual([200, 500])
    expect(await responses[0]?.text()).toBe('true')
    expect(await (await app.request('/', {}, context)).text()).toBe('true')
  })

  test('the middleware may run twice for one request', async () => {
    const sessions = createTestSessions()
    const app = new H3().use(h3Session(sessions)).use(h3Session(sessions))
    app.get('/', (event) => {
      const session = sessionIn(event.context)
      session.set('visits', 1)
      return session.toJSON()
    })
    const response = await app.request('/')
    expect([await response.json(), names(response)]).toEqual([{ visits: 1 }, ['__Host-session']])
  })

  test('no cache may store the answer to a session that does not fit', async () => {
    const app = application()
    app.get('/', (event) => {
      sessionIn(event.context).set('big', TOO_MUCH)
      return 'page'
    })
    const response = await app.request('/')
    expect([response.status, names(response)]).toEqual([500, []])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
  })

  test('a thrown value that is no error is answered as h3 does', async () => {
    const app = application()
    app.get('/', () => {
      // oxlint-disable-next-line typescript/only-throw-error
      throw 418
    })
    expect((await app.request('/')).status).toBe(418)
  })

  test('a response is private where a handler has replaced the request, to limit its body', async () => {
    const app = new H3().use(h3Session(createTestSessions()))
    app.post('/', (event) => {
      assertBodySize(event, 1000)
      sessionIn(event.context).set('visits', 1)
      event.res.headers.set('Cache-Control', 'public, max-age=600')
      event.res.headers.set('CDN-Cache-Control', 'max-age=600')
      return new Response('saved')
    })
    const { headers } = await app.request('/', { method: 'POST', body: 'text' })
    const caching = ['cache-control', 'cdn-cache-control'].map((name) => headers.get(name))
    expect([headers.getSetCookie().length, ...caching]).toEqual([1, 'private, no-store', null])
  })

  test('an HTTPResponse that is the same for all is not changed', async () => {
    const shared = new HTTPResponse('teapot', {
      status: 418,
      headers: { vary: 'Accept', 'cdn-cache-control': 'max-age=9' },
    })
    const app = application()
    app.get('/', (event) => {
      sessionIn(event.context).set('visits', 1)
      return shared
    })
    const response = await app.request('/')
    expect([response.status, await response.text()]).toEqual([418, 'teapot'])
    expect(names(response)).toEqual(['__Host-session'])
    expect(response.headers.get('vary')).toBe('Accept, Cookie')
    expect(response.headers.get('cdn-cache-control')).toBeNull()
    expect([...shared.headers.keys()]).toEqual(['cdn-cache-control', 'vary'])
  })

  test.each([
    ['an object', () => ({ page: 1 })],
    ['a Response', () => new Response('page')],
    ['an error status', () => new Response('gone', { status: 410 })],
    ['bytes', () => new Uint8Array(3)],
    ['null', () => null],
  ])('prepared header fields never make %s public', async (_, answer) => {
    const app = application()
    app.get('/', (event) => {
      sessionIn(event.context).set('visits', 1)
      event.res.headers.set('cache-control', 'public, max-age=60')
      event.res.headers.set('surrogate-control', 'max-age=60')
      event.res.headers.set('x-own', 'kept')
      return answer()
    })
    const { headers } = await app.request('/')
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(headers.get('surrogate-control')).toBeNull()
    expect(headers.getSetCookie()).toHaveLength(1)
  })
})

describe.each(['Node', 'mocks'])('h3 1 on %s', (kind) => {
  const sessions = createTestSessions()

  async function visitorOf(app: h3One.App): Promise<Visitor> {
    if (kind === 'Node') {
      const server = createServer(h3One.toNodeListener(app))
      closing.push(() => server.close().closeAllConnections())
      return createVisitor(await listen(server))
    }
    const jar = createJar()
    const listener = h3One.toNodeListener(app)
    return {
      ...jar,
      async visit(path, init = {}) {
        const headers = { cookie: jar.header() }
        const response = await fetchNodeRequestHandler(listener as never, path, {
          ...init,
          headers,
        })
        jar.store(response)
        return response
      },
    }
  }

  test('a middleware and a handler share the session, and write it once', async () => {
    const app = h3One.createApp()
    app.use(defineSessionHandler(sessions, (_, session) => session.set('visits', 1)))
    app.use(
      '/twice',
      defineSessionHandler(sessions, (_, session) => {
        session.set('visits', session.get('visits', 0) + 1)
        return new Response('twice')
      }),
    )
    app.use(
      '/plain',
      h3One.defineEventHandler(() => 'plain'),
    )
    const browser = await visitorOf(app)
    const twice = await browser.visit('/twice')
    expect([await twice.text(), names(twice)]).toEqual(['twice', ['__Host-session']])
    const plain = await browser.visit('/plain')
    expect([await plain.text(), names(plain)]).toEqual(['plain', ['__Host-session']])
  })

  describe('where a handler fails behind a middleware that changed the session', () => {
    const change = () => defineSessionHandler(sessions, (_, session) => session.set('visits', 1))
    const fail = () => {
      throw h3One.createError({ statusCode: 500 })
    }

    function application(handler: h3One.EventHandler): h3One.App {
      const app = h3One.createApp({ onError: () => {} })
      return app.use(change()).use(handler)
    }

    test('a handler with the session leaves it unchanged', async () => {
      const browser = await visitorOf(application(defineSessionHandler(sessions, fail)))
      const response = await browser.visit('/')
      expect([response.status, names(response)]).toEqual([500, []])
    })

    // The page on Nuxt says so: h3 does not tell a middleware what becomes of the request.
    test('a plain handler keeps the change', async () => {
      const browser = await visitorOf(application(h3One.defineEventHandler(fail)))
      const response = await browser.visit('/')
      expect([response.status, names(response)]).toEqual([500, ['__Host-session']])
    })
  })

  test('the answer to an error after access to the session is private', async () => {
    const app = h3One.createApp()
    app.use(
      defineSessionHandler(sessions, (_, session) => {
        throw h3One.createError({ statusCode: session.has('visits') ? 403 : 404 })
      }),
    )
    const { status, headers } = await (await visitorOf(app)).visit('/')
    expect([status, headers.get('vary'), headers.get('cache-control')]).toEqual([
      404,
      'Cookie',
      'private',
    ])
  })

  test('a redirect that does not fit is an error, and carries no cookie', async () => {
    const app = h3One.createApp()
    app.use(
      defineSessionHandler(sessions, async (event: h3One.H3Event, session) => {
        session.set('big', TOO_MUCH)
        await h3One.sendRedirect(event, '/')
      }),
    )
    const response = await (await visitorOf(app)).visit('/')
    expect([response.status, names(response)]).toEqual([500, []])
  })

  test('no cache may store the answer to a session that does not fit, whatever the page said', async () => {
    const app = h3One.createApp()
    app.use(
      '/',
      defineSessionHandler(sessions, (event: h3One.H3Event, session) => {
        for (const [name, value] of PUBLIC) h3One.setHeader(event, name, value)
        session.set('big', TOO_MUCH)
        return 'page'
      }),
    )
    const browser = await visitorOf(app)
    const response = await browser.visit('/')
    expect([response.status, names(response)]).toEqual([500, []])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
  })

  test('a returned error discards the changes of the session', async () => {
    const app = h3One.createApp()
    app.use(
      defineSessionHandler(sessions, (_, session) => {
        session.set('visits', 1)
        return h3One.createError({ statusCode: 409 })
      }),
    )
    const response = await (await visitorOf(app)).visit('/')
    expect([response.status, names(response)]).toEqual([409, []])
  })

  test('a handler that is no function is an error at once', () => {
    const wrong: unknown = 'handler'
    expect(() => defineSessionHandler(sessions, wrong as () => void)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }),
    )
  })
})

describe('Koa', () => {
  async function visitorOf(handle: Koa.Middleware): Promise<[Visitor, unknown[]]> {
    const app = new Koa()
    const errors: unknown[] = []
    app.on('error', (error) => errors.push(error))
    app.use(koaSession(createTestSessions())).use(handle)
    const server = createServer(app.callback())
    closing.push(() => server.close().closeAllConnections())
    return [createVisitor(await listen(server)), errors]
  }

  test('a response that is written to ctx.res carries the session', async () => {
    const [browser] = await visitorOf((ctx) => {
      ctx.respond = false
      sessionIn(ctx).set('visits', 1)
      ctx.res.end('written')
    })
    const response = await browser.visit('/')
    expect([await response.text(), names(response)]).toEqual(['written', ['__Host-session']])
  })

  test('a device is answered at the path of the browser, where koa-mount has shortened it', async () => {
    const device = deviceBound({ path: '/shop/device' })
    const sessions = createSessions<Data>({ secrets: SECRET, device })
    const app = new Koa()
    app.use((ctx, next) => {
      ctx.path = ctx.path.replace('/shop', '') // as koa-mount does
      return next()
    })
    app.use(koaSession(sessions))
    const server = createServer(app.callback())
    closing.push(() => server.close().closeAllConnections())
    const headers = { 'Sec-Secure-Session-Id': 'Zk3vQ9rW' }
    const url = new URL('/shop/device', await listen(server))
    const answer = await fetch(url, { method: 'POST', headers })
    expect(await answer.json()).toEqual({ session_identifier: 'Zk3vQ9rW', continue: false })
  })

  test('a session that does not fit is an error event without other error handling', async () => {
    const [browser, errors] = await visitorOf((ctx) => {
      sessionIn(ctx).set('big', TOO_MUCH)
      ctx.body = 'stored'
    })
    const response = await browser.visit('/')
    expect([response.status, names(response)]).toEqual([500, []])
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })])
  })

  test('no cache may store the answer to a session that does not fit, whatever the page said', async () => {
    const app = new Koa()
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch {
        ctx.status = 413
        ctx.body = 'sorry'
      }
    })
    app.use(koaSession(createTestSessions()))
    app.use((ctx) => {
      ctx.set(Object.fromEntries(PUBLIC))
      sessionIn(ctx).set('big', TOO_MUCH)
      ctx.body = 'page'
    })
    const server = createServer(app.callback())
    closing.push(() => server.close().closeAllConnections())
    const response = await fetch(await listen(server))
    expect([response.status, await response.text(), names(response)]).toEqual([413, 'sorry', []])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
  })

  test('ctx.session cannot be assigned', async () => {
    const [browser, errors] = await visitorOf((ctx) => {
      Object.assign(ctx, { session: null })
    })
    expect((await browser.visit('/')).status).toBe(500)
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^ctx\.session cannot/) }),
    ])
  })
})

describe('Fastify', () => {
  test('changes of an error handler are kept, and those of the handler are not', async () => {
    const app = fastify()
    closing.push(() => app.close())
    await app.register(fastifySession, { sessions: createTestSessions() })
    app.setErrorHandler((_, request, reply) => {
      sessionIn(request).set('message', 'sorry')
      return reply.code(500).send('failed')
    })
    app.get('/', (request) => {
      sessionIn(request).set('visits', 9)
      throw new Error('the handler failed')
    })
    app.get('/read', (request) => sessionIn(request).toJSON())
    const browser = createVisitor(await app.listen({ port: 0, host: '127.0.0.1' }))
    expect(names(await browser.visit('/'))).toEqual(['__Host-session'])
    expect(await (await browser.visit('/read')).json()).toEqual({ message: 'sorry' })
  })

  test('the error of a hook that fails before the session is opened goes to the error handler', async () => {
    const app = fastify()
    closing.push(() => app.close())
    app.addHook('onRequest', async () => {
      throw new Error('the hook failed')
    })
    await app.register(fastifySession, { sessions: createTestSessions() })
    const { statusCode, body } = await app.inject('/')
    expect([statusCode, body]).toEqual([500, expect.stringContaining('the hook failed')])
  })

  test.each([
    ['a hook fails before it', 'the hook failed', SECRET, 'the hook failed'],
    ['the secrets fail', '', failingSecrets, 'secrets is a function that failed'],
  ])(
    'an error handler finds no session where %s, and does not fail itself',
    async (_, failure, secrets, message) => {
      const app = fastify()
      closing.push(() => app.close())
      app.addHook('onRequest', async () => {
        if (failure !== '') throw new Error(failure)
      })
      await app.register(fastifySession, { sessions: createSessions({ secrets }) })
      app.setErrorHandler<Error>((error, request, reply) => {
        const session: unknown = Reflect.get(request, 'session')
        return reply.code(503).send({ session: typeof session, message: error.message })
      })
      const { statusCode, body } = await app.inject({
        url: '/',
        headers: { cookie: await loggedIn() },
      })
      expect([statusCode, JSON.parse(body)]).toEqual([
        503,
        { session: 'undefined', message: expect.stringContaining(message) as string },
      ])
    },
  )

  test('the answer to a session that does not fit has no fields of the page, but those for every response', async () => {
    const app = fastify()
    closing.push(() => app.close())
    app.addHook('onRequest', async (_, reply) => {
      reply.header('access-control-allow-origin', '*')
    })
    app.setErrorHandler((_error, _request, reply) => reply.code(507).send('sorry'))
    await app.register(fastifySession, { sessions: createTestSessions() })
    app.get('/page', (request, reply) => {
      sessionIn(request).set('big', TOO_MUCH)
      return reply
        .header('cache-control', 'public, max-age=600')
        .header('content-encoding', 'gzip')
        .header('content-disposition', 'attachment')
        .header('cross-origin-opener-policy', 'same-origin')
        .send('page')
    })
    const { headers, body } = await app.inject('/page')
    expect(body).toBe('sorry')
    const names = ['cache-control', 'content-encoding', 'content-disposition']
    expect(names.map((name) => headers[name])).toEqual(['no-store', undefined, undefined])
    const kept = ['access-control-allow-origin', 'cross-origin-opener-policy', 'vary']
    expect(kept.map((name) => headers[name])).toEqual(['*', 'same-origin', 'Cookie'])
  })

  test('registering it with another value rejects', async () => {
    const app = fastify()
    closing.push(() => app.close())
    const wrong = { ...createTestSessions() }
    await expect(app.register(fastifySession, { sessions: wrong })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
    })
  })
})

describe('Elysia', () => {
  test('a hook that answers before the handler writes the session', async () => {
    const app = new Elysia()
      .use(elysiaSession(createTestSessions()))
      .onBeforeHandle(({ session, set }) => {
        session.flash('notice', 'log in first')
        set.status = 302
        return 'moved'
      })
      .get('/', () => 'page')
    const response = await app.handle(at('/'))
    expect([await response.text(), names(response)]).toEqual(['moved', ['__Host-session']])
  })

  test('changes of an error handler after the plugin are kept', async () => {
    const sessions = createTestSessions()
    const app = new Elysia()
      .use(elysiaSession(sessions))
      .onError(async ({ request }) => {
        const session = await sessions.open(request)
        session.set('message', 'sorry')
        return new Response('failed', { status: 500 })
      })
      .get('/', ({ session }) => {
        session.set('visits', 9)
        throw new Error('the handler failed')
      })
      .get('/read', ({ session }) => session.toJSON())
    const browser = createJar()
    const failed = await app.handle(browser.request('/'))
    browser.store(failed)
    expect([failed.status, names(failed)]).toEqual([500, ['__Host-session']])
    expect(await (await app.handle(browser.request('/read'))).json()).toEqual({ message: 'sorry' })
  })

  test('where a hook behind the plugin fails, the session stays unchanged', async () => {
    const app = new Elysia()
      .use(elysiaSession(createTestSessions()))
      .onAfterHandle(({ path }) => {
        if (path !== '/') throw new Error('the hook failed')
      })
      .get('/', ({ session }) => {
        session.set('visits', session.get('visits', 0) + 1)
        return session.toJSON()
      })
      .get('/fail', ({ session }) => {
        session.set('visits', 9)
        return 'page'
      })
      .get('/logout', ({ session }) => {
        session.destroy()
        return 'page'
      })
    const browser = createJar()
    const failed = await app.handle(browser.request('/fail'))
    expect([failed.status, names(failed)]).toEqual([500, []])
    browser.store(await app.handle(browser.request('/')))
    for (const path of ['/fail', '/logout']) {
      const response = await app.handle(browser.request(path))
      browser.store(response)
      expect([path, response.status, names(response)]).toEqual([path, 500, []])
      expect(response.headers.get('cache-control')).toMatch(/private/)
    }
    expect(await (await app.handle(browser.request('/'))).json()).toEqual({ visits: 2 })
  })

  // The page says so: the plugin's own hook is not called.
  test('where an error handler before the plugin answers, a change is kept', async () => {
    const app = new Elysia()
      .onError(() => new Response('failed', { status: 500 }))
      .use(elysiaSession(createTestSessions()))
      .onAfterHandle(() => {
        throw new Error('the hook failed')
      })
      .get('/', ({ session }) => {
        session.set('visits', 9)
        return 'page'
      })
    const response = await app.handle(at('/'))
    expect([response.status, names(response)]).toEqual([500, ['__Host-session']])
  })

  test('where a hook behind the plugin fails, what an error handler changes is kept', async () => {
    const sessions = createTestSessions()
    const app = new Elysia()
      .use(elysiaSession(sessions))
      .onAfterHandle(() => {
        throw new Error('the hook failed')
      })
      .onError(async ({ request }) => {
        const session = await sessions.open(request)
        session.set('message', 'sorry')
        return Response.json(session.toJSON(), { status: 500 })
      })
      .get('/', ({ session }) => {
        session.set('visits', 9)
        return 'page'
      })
    const response = await app.handle(at('/'))
    expect([response.status, names(response)]).toEqual([500, ['__Host-session']])
    expect(await response.json()).toEqual({ message: 'sorry' })
  })

  test('no cache may store the answer to a session that does not fit, whatever the page said', async () => {
    const app = new Elysia()
      .use(elysiaSession(createTestSessions()))
      .onError(({ status }) => status(413, 'sorry'))
      .get('/', ({ session, set }) => {
        Object.assign(set.headers, Object.fromEntries(PUBLIC))
        session.set('big', TOO_MUCH)
        return 'page'
      })
    const response = await app.handle(at('/'))
    expect([response.status, await response.text(), names(response)]).toEqual([413, 'sorry', []])
    expect(caching(response)).toEqual(['Cookie', 'no-store', null])
  })

  test('a handler that returns an error leaves the session unchanged, and one that returns a response changes it', async () => {
    const app = new Elysia()
      .use(elysiaSession(createTestSessions()))
      .get('/error', ({ session }) => {
        session.set('visits', 9)
        return new Error('the handler failed')
      })
      .get('/response', ({ session }) => {
        session.set('visits', 9)
        return new Response('failed', { status: 500 })
      })
    const failed = await app.handle(at('/error'))
    expect([failed.status, names(failed)]).toEqual([500, []])
    const answered = await app.handle(at('/response'))
    expect([answered.status, names(answered)]).toEqual([500, ['__Host-session']])
  })

  test('the error of a session that cannot be opened goes to onError', async () => {
    const app = new Elysia()
      .use(elysiaSession(createSessions<Data>({ secrets: failingSecrets })))
      .onError(({ error, session, status }) => {
        return status(503, {
          session: typeof session,
          error: 'message' in error && error.message,
        })
      })
      .get('/', ({ session }) => session.toJSON())
    const headers = { cookie: await loggedIn() }
    const failed = await app.handle(new Request(at('/'), { headers }))
    expect([failed.status, await failed.json()]).toEqual([
      503,
      {
        session: 'undefined',
        error: expect.stringContaining('secrets is a function that failed') as string,
      },
    ])
  })

  test('instances that use each other share the session', async () => {
    const sessions = createTestSessions()
    const inner = new Elysia().use(elysiaSession(sessions)).get('/inner', ({ session }) => {
      session.set('visits', 1)
      return 'inner'
    })
    const app = new Elysia().use(elysiaSession(sessions)).use(inner)
    expect(names(await app.handle(at('/inner')))).toEqual(['__Host-session'])
  })

  test('an application that compiles nothing is an error, and no change is lost silently', async () => {
    const errors: unknown[] = []
    const app = new Elysia({ aot: false })
      .onError(({ error }) => {
        errors.push(error)
      })
      .use(elysiaSession(createTestSessions()))
      .get('/', ({ session }) => {
        session.set('visits', 1)
        return 'page'
      })
    expect((await app.handle(at('/'))).status).toBe(500)
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })])
  })
})
