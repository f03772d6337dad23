// A real Express application, and a client that stores cookies as browsers do.

import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import compression from 'compression'
import express from 'express'
import type { ErrorRequestHandler, Express } from 'express'
import { afterEach, expect, test, vi } from 'vitest'
import { SessionTooLargeError } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import type { WithSession } from 'sealed-session/node'
import { TOO_MUCH, listen, createTestSessions, names } from './application.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Data } from './application.ts'

declare global {
  // The application's own declaration, because the library makes none.
  namespace Express {
    interface Request extends WithSession<Data> {}
  }
}

const closing: (() => void)[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) close()
})

async function visitor(configure: (app: Express) => void) {
  const app = express()
  configure(app)
  const server = createServer(app)
  const origin = await listen(server)
  closing.push(() => server.close().closeAllConnections())
  return createVisitor(origin)
}

function shop(app: Express): void {
  const sessions = createTestSessions()
  app.use(nodeSessions(sessions).middleware)
  app.use(express.urlencoded())
  app.get('/public', (_, response) => void response.send('for everybody'))
  app.get('/visits', ({ session }, response) => {
    session.set('visits', session.get('visits', 0) + 1)
    response.cookie('theme', 'dark').json({ visits: session.get('visits') })
  })
  app.get('/read', ({ session }, response) => void response.send(`${session.get('visits', 0)}`))
  app.post('/cart', ({ session, body }, response) => {
    const cart = session.get('cart', [])
    session.set('cart', [...cart, String(body.sku)])
    response.redirect('/cart')
  })
  app.get('/cart', ({ session }, response) => void response.json(session.get('cart', [])))
  app.get('/file', ({ session }, response) => {
    session.set('message', 'file')
    response.sendFile(new URL('package.json', import.meta.url).pathname)
  })
  app.get('/stream', ({ session }, response) => {
    session.set('message', 'stream')
    Readable.from(Array.from({ length: 500 }, (_, at) => `line ${at}\n`)).pipe(response)
  })
  app.get('/throws', ({ session }) => {
    session.set('message', 'thrown')
    throw new Error('the handler failed')
  })
  app.get('/large', ({ session }, response) => {
    session.set('big', TOO_MUCH)
    response.json({ saved: true })
  })
  app.get('/large-file', ({ session }, response) => {
    session.set('big', TOO_MUCH)
    response.sendFile(new URL('package-lock.json', import.meta.url).pathname)
  })
  app.get('/late', async ({ session }, response) => {
    session.set('message', 'early')
    response.write('a')
    try {
      session.set('message', 'late')
    } catch (error) {
      response.end(error instanceof Error && 'code' in error ? error.code : 'lost')
    }
  })
  app.get('/logout', ({ session }, response) => {
    session.destroy()
    response.sendStatus(204)
  })
}

const page: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error)
  const status = error instanceof SessionTooLargeError ? 507 : 500
  return response.status(status).send(`sorry: ${error.message.slice(0, 40)}`)
}

test('a session lives from request to request, beside other cookies', async () => {
  const browser = await visitor(shop)
  const first = await browser.visit('/visits')
  expect(names(first)).toEqual(['theme', '__Host-session'])
  expect(first.headers.get('cache-control')).toBe('private, no-store')
  const second = await browser.visit('/visits')
  expect(await second.json()).toEqual({ visits: 2 })
  await browser.visit('/logout')
  expect(browser.names()).toEqual(['__Host-session.x', 'theme'])
  expect(await (await browser.visit('/read')).text()).toBe('0')
})

test('a response that does not use the session is cacheable as it was', async () => {
  const browser = await visitor(shop)
  await browser.visit('/visits')
  const { headers } = await browser.visit('/public')
  expect([headers.get('vary'), headers.get('cache-control'), headers.getSetCookie()]).toEqual([
    null,
    null,
    [],
  ])
})

test('a read varies by the cookie, and is answered with 304 without changes', async () => {
  const browser = await visitor(shop)
  await browser.visit('/visits')
  const first = await browser.visit('/read')
  expect(first.headers.get('vary')).toBe('Cookie')
  const etag = first.headers.get('etag') ?? ''
  // Without this Cache-Control, fetch requests a fresh response.
  const headers = { 'if-none-match': etag, 'cache-control': 'max-age=0' }
  const second = await browser.visit('/read', { headers })
  expect([second.status, second.headers.get('vary'), names(second)]).toEqual([304, 'Cookie', []])
})

test('a redirect after a form carries the session', async () => {
  const browser = await visitor(shop)
  for (const sku of ['a', 'b']) {
    const response = await browser.visit('/cart', {
      method: 'POST',
      body: new URLSearchParams({ sku }),
    })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/cart'])
  }
  expect(await (await browser.visit('/cart')).json()).toEqual(['a', 'b'])
})

test.each(['/file', '/stream'])('a stream carries the session: %s', async (path) => {
  const browser = await visitor(shop)
  const response = await browser.visit(path)
  expect(names(response)).toEqual(['__Host-session'])
  expect((await response.text()).length).toBeGreaterThan(400)
  expect((await browser.visit(path, { method: 'HEAD' })).status).toBe(200)
})

test("the page of a handler's error carries the session", async () => {
  const browser = await visitor((app) => {
    shop(app)
    app.use(page)
  })
  const response = await browser.visit('/throws')
  expect([response.status, await response.text()]).toEqual([500, 'sorry: the handler failed'])
  expect(names(response)).toEqual(['__Host-session'])
})

test("the error of a session that does not fit goes to the application's error handler", async () => {
  const browser = await visitor((app) => {
    shop(app)
    app.use(page)
  })
  await browser.visit('/visits')
  const response = await browser.visit('/large')
  expect([response.status, names(response)]).toEqual([507, []])
  expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  expect(await response.text()).toMatch(/^sorry: /)
  expect(await (await browser.visit('/read')).text()).toBe('1')
})

test("a session that does not fit is Express's own 500 without an error handler", async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const browser = await visitor((app) => {
    // With NODE_ENV `test` Express logs nothing.
    app.set('env', 'production')
    shop(app)
  })
  const response = await browser.visit('/large')
  expect([response.status, names(response)]).toEqual([500, []])
  expect(response.headers.get('content-security-policy')).toBe("default-src 'none'")
  expect(log.mock.calls.flat().join()).toContain('SessionTooLargeError')
})

test('a stream whose session does not fit is destroyed, and reported to the error handler', async () => {
  const errors: unknown[] = []
  const browser = await visitor((app) => {
    shop(app)
    const tell: ErrorRequestHandler = (error, _request, _response, next) => {
      errors.push(error)
      next()
    }
    app.use(tell)
  })
  await expect(browser.visit('/large-file')).rejects.toBeInstanceOf(TypeError)
  expect(errors).toEqual([expect.any(SessionTooLargeError)])
})

test('a change after the head is an error', async () => {
  const browser = await visitor(shop)
  expect(await (await browser.visit('/late')).text()).toBe('aERR_SESSION_COMMITTED')
})

test.each(['before', 'after'])('compression %s the sessions loses nothing', async (order) => {
  const browser = await visitor((app) => {
    if (order === 'before') app.use(compression({ threshold: 0 }))
    app.use(nodeSessions(createTestSessions()).middleware)
    if (order === 'after') app.use(compression({ threshold: 0 }))
    app.get('/{:how}', ({ session, params }, response) => {
      session.set('visits', session.get('visits', 0) + 1)
      const lines = Array.from({ length: 5000 }, (_, at) => `line ${at}\n`)
      response.type('text')
      if (params['how'] === 'flushed') response.flushHeaders()
      if (params['how'] === 'stream') Readable.from(lines).pipe(response)
      else if (params['how'] === 'written' || params['how'] === 'flushed') {
        for (const line of lines) response.write(line)
        response.end()
      } else response.send(lines.join(''))
    })
  })
  for (const path of ['/', '/stream', '/written', '/flushed', '/']) {
    const response = await browser.visit(path)
    expect(response.headers.get('content-encoding')).toMatch(/gzip|br|deflate/)
    expect(names(response)).toEqual(['__Host-session'])
    expect((await response.text()).split('\n')).toHaveLength(5001)
  }
  const { headers } = await browser.visit('/')
  expect(headers.get('vary')?.split(', ').toSorted()).toEqual(['Accept-Encoding', 'Cookie'])
})

test('open serves single routes, without the middleware', async () => {
  const { open } = nodeSessions(createTestSessions())
  const browser = await visitor((app) => {
    // Express 5 handles what a handler rejects with.
    // oxlint-disable-next-line oxc/no-async-endpoint-handlers
    app.get('/', async (request, response) => {
      const session = await open(request, response)
      session.set('visits', session.get('visits', 0) + 1)
      response.send(`visit ${session.get('visits')}`)
    })
  })
  await browser.visit('/')
  expect(await (await browser.visit('/')).text()).toBe('visit 2')
})
