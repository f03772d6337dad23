// A Connect application: the middleware works with every library that uses (request, response,
// next).

import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import connect from 'connect'
import { expect, test } from 'vitest'
import { nodeSessions } from 'sealed-session/node'
import { TOO_MUCH, listen, createTestSessions, names } from './application.ts'
import { createVisitor } from '../support/visitor.ts'

test('Connect passes the session on, and receives errors', async () => {
  const app = connect()
  const { middleware, sessionOf } = nodeSessions(createTestSessions())
  app.use(middleware)
  app.use('/large', (request: IncomingMessage, response) => {
    sessionOf(request).set('big', TOO_MUCH)
    response.end('saved')
  })
  app.use((request, response) => {
    const session = sessionOf(request)
    session.set('visits', session.get('visits', 0) + 1)
    response.end(`visit ${session.get('visits')}`)
  })
  const tell: connect.ErrorHandleFunction = (error, _request, response, _next) => {
    response.end(`sorry: ${error.code}`)
  }
  app.use(tell)
  const server = createServer(app)
  try {
    const browser = createVisitor(await listen(server))
    expect(names(await browser.visit('/'))).toEqual(['__Host-session'])
    expect(await (await browser.visit('/')).text()).toBe('visit 2')
    const failed = await browser.visit('/large')
    expect([failed.status, names(failed)]).toEqual([500, []])
    expect(await failed.text()).toBe('sorry: ERR_SESSION_TOO_LARGE')
  } finally {
    server.close().closeAllConnections()
  }
})
