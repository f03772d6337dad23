// A real Fastify application: the middleware as a hook, the session as a decoration.

import { createReadStream, readFileSync } from 'node:fs'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import type { Session } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { TOO_MUCH, createTestSessions, names } from './application.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Data } from './application.ts'

declare module 'fastify' {
  // The application's own declaration, because the library makes none.
  interface FastifyRequest {
    readonly session: Session<Data>
  }
}

const LOCK_FILE = new URL('package-lock.json', import.meta.url)

const closing: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((app) => app.close()))
})

/** The recipe: two statements, with any plugins. */
function application(): FastifyInstance {
  const app = fastify()
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  app.addHook('onRequest', ({ raw }, reply, done) => middleware(raw, reply.raw, done))
  app.decorateRequest('session', {
    getter() {
      return sessionOf(this.raw)
    },
  })
  closing.push(app)
  return app
}

function shop(app: FastifyInstance): void {
  app.get('/public', () => 'for everybody')
  app.get('/visits', async ({ session }, reply) => {
    session.set('visits', session.get('visits', 0) + 1)
    reply.header('set-cookie', 'theme=dark')
    return { visits: session.get('visits') }
  })
  app.get('/read', ({ session }, reply) => void reply.send(`${session.get('visits', 0)}`))
  app.get('/redirect', ({ session }, reply) => {
    session.set('message', 'moved')
    return reply.redirect('/read')
  })
  app.get('/stream', ({ session }, reply) => {
    session.set('message', 'stream')
    return reply.send(createReadStream(LOCK_FILE))
  })
  app.get('/throws', ({ session }) => {
    session.set('message', 'thrown')
    throw new Error('the handler failed')
  })
  app.get('/large', async ({ session }) => {
    session.set('big', TOO_MUCH)
    return { saved: true }
  })
}

async function visitor(app: FastifyInstance) {
  return createVisitor(await app.listen({ port: 0, host: '127.0.0.1' }))
}

test('a session lives from request to request, beside other cookies', async () => {
  const app = application()
  shop(app)
  const browser = await visitor(app)
  const first = await browser.visit('/visits')
  expect(names(first)).toEqual(['theme', '__Host-session'])
  expect(first.headers.get('cache-control')).toBe('private, no-store')
  expect(await (await browser.visit('/visits')).json()).toEqual({ visits: 2 })
  expect(await (await browser.visit('/read')).text()).toBe('2')
})

test('a response that does not use the session is cacheable as it was', async () => {
  const app = application()
  shop(app)
  const { headers } = await (await visitor(app)).visit('/public')
  expect([headers.get('vary'), headers.get('cache-control'), headers.getSetCookie()]).toEqual([
    null,
    null,
    [],
  ])
})

test.each([
  ['/redirect', 302, ''],
  ['/stream', 200, readFileSync(LOCK_FILE, 'utf8')],
  ['/throws', 500, expect.stringContaining('the handler failed')],
])('%s carries the session', async (path, status, body) => {
  const app = application()
  shop(app)
  const response = await (await visitor(app)).visit(path)
  expect([response.status, names(response)]).toEqual([status, ['__Host-session']])
  expect(await response.text()).toEqual(body)
})

test("the error of a session that does not fit goes to Fastify's error handler", async () => {
  const app = application()
  const errors: unknown[] = []
  app.setErrorHandler((error, _request, reply) => {
    errors.push(error)
    return reply.code(507).send('sorry')
  })
  shop(app)
  const browser = await visitor(app)
  await browser.visit('/visits')
  const response = await browser.visit('/large')
  expect([response.status, await response.text(), names(response)]).toEqual([507, 'sorry', []])
  expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })])
  expect(await (await browser.visit('/read')).text()).toBe('1')
})

test('a session that does not fit is Fastify’s own 500 without an error handler', async () => {
  const app = application()
  shop(app)
  const response = await (await visitor(app)).visit('/large')
  expect([response.status, names(response)]).toEqual([500, []])
  expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_TOO_LARGE', statusCode: 500 })
})

test('inject, which uses no network, returns the cookies too', async () => {
  const app = application()
  shop(app)
  const { cookies, body } = await app.inject('/visits')
  expect(body).toBe('{"visits":1}')
  expect(cookies.map(({ name }) => name)).toEqual(['theme', '__Host-session'])
})
