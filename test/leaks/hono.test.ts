// @hono/node-server replaces the global `Response` by its own class. Such a response can be sent
// repeatedly, and keeps its headers object.

import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { ServerType } from '@hono/node-server'
import { afterEach, expect, test, vi } from 'vitest'
import { createApplication } from './application.ts'
import { namesOf } from '../support/cookie-jar.ts'
import { createVisitor, expectNoLeak, expectSharing } from './visitors.ts'

let server: ServerType | undefined

afterEach(async () => {
  vi.restoreAllMocks()
  await new Promise<void>((closed) => (server ? server.close(() => closed()) : closed()))
})

async function start(shared: () => Response): Promise<string> {
  const { port } = await new Promise<AddressInfo>((ready) => {
    const fetch = createApplication(shared)
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ready)
  })
  return `http://127.0.0.1:${port}`
}

/** Node's own class, because the server replaces the global `Response` when it starts. */
const EARLY = new Response(null)

/**
 * Returns a function that creates a response at the first call, and returns it again at the next
 * ones.
 */
function constant(body: string | null): () => Response {
  let shared: Response | undefined
  return () => (shared ??= new Response(body))
}

test('a constant made before the server started carries nothing to the next visitor', async () => {
  await expectNoLeak(await start(() => EARLY))
})

test('a constant without a body carries nothing to the next visitor', async () => {
  await expectNoLeak(await start(constant(null)))
})

test('two responses that share their Headers carry nothing to the next visitor', async () => {
  const headers = new Headers({ 'content-type': 'text/plain' })
  await expectNoLeak(await start(() => new Response('text', { headers })))
})

test('a constant with a body is an error after its body was sent, and carries nothing', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  const origin = await start(constant('text'))
  const ada = createVisitor(origin)
  const login = await ada.get('/login?user=ada')
  expect(await login.text()).toBe('text')
  expect(namesOf(login.headers.getSetCookie())).toEqual(['__Host-session'])
  for (const path of ['/', '/login?user=bob', '/logout']) {
    const response = await createVisitor(origin).get(path)
    await response.text()
    expect(response.status).toBe(500)
    expect(response.headers.getSetCookie()).toEqual([])
  }
  const me = await ada.get('/me')
  expect(await me.json()).toEqual({ user: 'ada' })
  expect(printed).toHaveBeenCalled()
})

test('the server sends a constant again, with appended fields', async () => {
  await expectSharing(await start(constant('text')))
})
