// Responses without a socket: node-mock-http, by which Nuxt and Nitro call a handler in the same
// process; node-mocks-http, by which handlers are tested; and `inject` of light-my-request.

import express from 'express'
import type { ErrorRequestHandler, Express, Request, Response } from 'express'
import inject from 'light-my-request'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { createMocks } from 'node-mocks-http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Sessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { pairsOf } from '../support/cookie-jar.ts'
import { untyped } from '../support/mint.ts'
import { TOO_MUCH, createTestSessions } from './application.ts'
import type { Data } from './application.ts'

let log = vi.spyOn(console, 'error')

beforeEach(() => {
  log = vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
})

async function cookieOf(sessions: Sessions<Data>): Promise<string> {
  const session = await sessions.open(null)
  session.set('message', 'hello')
  return pairsOf(await sessions.setCookies(session))
}

/**
 * Runs a handler as Nitro does: the answer is the state of the response when its promise resolves.
 */
function handlerOf(sessions: Sessions<Data>, errors: unknown[] = []) {
  const { middleware, sessionOf } = nodeSessions(sessions)
  type Handler = Parameters<typeof fetchNodeRequestHandler>[0]
  return untyped<Handler>(
    (request: Request, response: Response) =>
      new Promise<void>((resolve) => {
        middleware(request, response, (error) => {
          if (error !== undefined) errors.push(error)
          else {
            const session = sessionOf(request)
            if (request.url === '/large') session.set('big', TOO_MUCH)
            const message = session.get('message', 'nothing')
            response.writeHead(200, { 'Content-Type': 'text/plain' })
            response.end(message)
          }
          resolve()
        })
      }),
  )
}

describe('node-mock-http', () => {
  test('L17: a handler that reads its session is answered with all that it wrote', async () => {
    const sessions = createTestSessions()
    const headers = { cookie: await cookieOf(sessions) }
    const response = await fetchNodeRequestHandler(handlerOf(sessions), '/', { headers })
    expect([response.status, await response.text()]).toEqual([200, 'hello'])
    expect(response.headers.get('vary')).toBe('Cookie')
  })

  test('L17: a session that is too large is reported, and leaves no cookie', async () => {
    const errors: unknown[] = []
    const response = await fetchNodeRequestHandler(
      handlerOf(createTestSessions(), errors),
      '/large',
      {},
    )
    expect(response.headers.getSetCookie()).toEqual([])
    await vi.waitFor(
      () => expect(errors).toEqual([expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })]),
      60_000,
    )
  })
})

describe('node-mocks-http', () => {
  test.each<[string, (response: Response, body: string) => unknown]>([
    ['send', (response, body) => response.send(body)],
    ['end', (response, body) => response.end(body)],
    ['write', (response, body) => (response.write(body), response.end())],
  ])('L17: a handler that reads its session and answers with %s', async (_, answer) => {
    const sessions = createTestSessions()
    const { middleware, sessionOf } = nodeSessions(sessions)
    const { req, res } = createMocks({
      headers: { cookie: await cookieOf(sessions) },
    })
    await new Promise<void>((resolve) => {
      middleware(req, res, () => {
        answer(res, sessionOf(req).get('message', 'nothing'))
        resolve()
      })
    })
    // oxlint-disable-next-line no-underscore-dangle -- the name that this mock gives it
    expect([res.statusCode, res._getData()]).toEqual([200, 'hello'])
    expect(res.getHeader('Vary')).toBe('Cookie')
    expect(log.mock.calls).toEqual([])
  })
})

describe('inject', () => {
  function application(): Express {
    const app = express()
    const { middleware, sessionOf } = nodeSessions(createTestSessions())
    app.use(middleware)
    app.get('/', (request, response) => {
      const session = sessionOf(request)
      session.set('visits', session.get('visits', 0) + 1)
      response.send(`visit ${session.get('visits')}`)
    })
    app.get('/large', (request, response) => {
      sessionOf(request).set('big', TOO_MUCH)
      response.send('saved')
    })
    const page: ErrorRequestHandler = (error, _request, response, _next) =>
      void response.status(507).send(String(error.code))
    app.use(page)
    return app
  }

  test('L17: is answered with the cookies', async () => {
    const { body, headers } = await inject(untyped(application()), '/')
    expect(body).toBe('visit 1')
    expect(headers['set-cookie']).toHaveLength(1)
  })

  test('L17: is answered by the error handler when a session is too large', async () => {
    const { statusCode, body, headers } = await inject(untyped(application()), '/large')
    expect([statusCode, body]).toEqual([507, 'ERR_SESSION_TOO_LARGE'])
    expect(headers['set-cookie']).toBeUndefined()
  })
})
