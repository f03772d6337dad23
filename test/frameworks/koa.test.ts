// A Koa application. Its middleware is a promise, which `next` of a Connect middleware settles
// once: later failures must still be answered.

import { createServer } from 'node:http'
import Koa from 'koa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { nodeSessions } from 'sealed-session/node'
import { TOO_MUCH, listen, createTestSessions, names } from './application.ts'
import { createVisitor } from '../support/visitor.ts'
import type { Visitor } from '../support/visitor.ts'

const closing: (() => void)[] = []

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
  for (const close of closing.splice(0)) close()
})

async function visitor(): Promise<Visitor> {
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  const app = new Koa()
  app.silent = true
  app.use(async ({ req, res }, next) => {
    await new Promise<void>((resolve, reject) => {
      middleware(req, res, (error) => (error === undefined ? resolve() : reject(error)))
    })
    await next()
  })
  app.use((context) => {
    const session = sessionOf(context.req)
    if (context.path === '/throws') throw new Error('the handler failed')
    if (context.path === '/large') session.set('big', TOO_MUCH)
    else session.set('visits', session.get('visits', 0) + 1)
    context.cookies.set('theme', 'dark')
    context.body = { visits: session.get('visits', 0) }
  })
  const server = createServer(app.callback())
  closing.push(() => server.close().closeAllConnections())
  return createVisitor(await listen(server))
}

test('Koa: a session lives from request to request, beside other cookies', async () => {
  const browser = await visitor()
  expect(names(await browser.visit('/')).toSorted()).toEqual(['__Host-session', 'theme'])
  expect(await (await browser.visit('/')).json()).toEqual({ visits: 2 })
})

test('Koa: a handler that throws is answered, and its changes are discarded', async () => {
  const browser = await visitor()
  expect((await browser.visit('/throws')).status).toBe(500)
})

test('Koa: L16: a session that is too large is answered, and leaves no cookie', async () => {
  const browser = await visitor()
  await browser.visit('/')
  const failed = await browser.visit('/large')
  expect([failed.status, names(failed)]).toEqual([500, []])
  expect(await failed.text()).toBe('Internal Server Error')
  expect(await (await browser.visit('/')).json()).toEqual({ visits: 2 })
})
