// The parts of the Hono adapter that need no server. `test/frameworks` has the scenario, on a real
// one.

import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { honoSession } from 'sealed-session/hono'
import type { HonoSessionEnv } from 'sealed-session/hono'
import { createJar } from '../../support/cookie-jar.ts'
import { SECRET } from '../../support/mint.ts'

interface Data {
  visits: number
}

function application(): Hono<HonoSessionEnv<Data>> {
  const app = new Hono<HonoSessionEnv<Data>>()
  app.use(honoSession(createSessions<Data>({ secrets: SECRET })))
  app.get('/', (c) => {
    c.var.session.set('visits', c.var.session.get('visits', 0) + 1)
    return c.json(c.var.session)
  })
  app.get('/plain', (c) => c.text('plain'))
  app.get('/fails', (c) => {
    c.var.session.set('visits', 100)
    throw new Error('the handler failed')
  })
  app.onError((_, c) => c.text('failed', 500))
  return app
}

test('a session lives from request to request', async () => {
  const [app, browser] = [application(), createJar()]
  for (const visits of [1, 2, 3]) {
    const response = await app.fetch(browser.request('/'))
    expect(await response.json()).toEqual({ visits })
    browser.store(response)
  }
  expect(browser.names()).toEqual(['__Host-session'])
})

test('a route that does not access the session answers as without it', async () => {
  const response = await application().fetch(createJar().request('/plain'))
  expect([...response.headers.keys()]).toEqual(['content-type'])
})

test('a handler that throws writes nothing, and its answer is private', async () => {
  const { status, headers } = await application().fetch(createJar().request('/fails'))
  expect([status, headers.getSetCookie(), headers.get('cache-control')]).toEqual([
    500,
    [],
    'private',
  ])
})

test('accepts only what createSessions has returned', () => {
  const wrong = { ...createSessions({ secrets: SECRET }) }
  expect(() => honoSession(wrong)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
})
