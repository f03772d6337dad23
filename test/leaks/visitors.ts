// The scenario for every server: Ada logs in and out, and other visitors come right after her.

import { expect } from 'vitest'
import { createJar, namesOf } from '../support/cookie-jar.ts'
import { CARELESS } from './application.ts'

const NAME = '__Host-session'

/** A browser with cookies of its own. */
export interface Visitor {
  get(path: string): Promise<Response>
  /** Returns the names of its cookies, sorted. */
  names(): string[]
}

/** Returns a browser without cookies. */
export function createVisitor(origin: string): Visitor {
  const jar = createJar()
  return {
    names: jar.names,
    async get(path) {
      const cookie = jar.header()
      // Nitro shares no Headers with a client that accepts compressed answers.
      const headers = { 'accept-encoding': 'identity', ...(cookie === '' ? {} : { cookie }) }
      const response = await fetch(origin + path, { headers })
      // The server may have replaced the global `Response` meanwhile.
      jar.store(response.headers.getSetCookie())
      return response
    },
  }
}

/**
 * Expects that Ada logs in, uses her session and logs out, and that none of her data reaches
 * others.
 */
export async function expectNoLeak(origin: string): Promise<void> {
  const ada = createVisitor(origin)
  for (const path of ['/login?user=ada', '/thrown', '/me', '/login?user=ada']) {
    const response = await ada.get(path)
    await response.text()
    if (path !== '/me') expect(namesOf(response.headers.getSetCookie())).toEqual([NAME])
    await expectNothing(createVisitor(origin))
  }

  // Two concurrent users keep their own sessions.
  const bob = createVisitor(origin)
  const login = await bob.get('/login?user=bob')
  await login.text()
  expect(namesOf(login.headers.getSetCookie())).toEqual([NAME])
  await expectUser(bob, { user: 'bob' })
  await expectUser(ada, { user: 'ada' })

  const logout = await ada.get('/logout')
  await logout.text()
  expect(namesOf(logout.headers.getSetCookie())).toEqual([NAME, `${NAME}.x`])
  expect(ada.names()).toEqual([`${NAME}.x`])
  await expectNothing(createVisitor(origin))
  await expectUser(bob, { user: 'bob' })
  expect(await headersOf(bob, '/')).not.toHaveProperty('set-cookie')
  expect(bob.names()).toEqual([NAME])
}

/**
 * Expects that the server shares its answers: a header that is appended to one answer is on the
 * next one. Otherwise `expectNoLeak` would prove nothing.
 */
export async function expectSharing(origin: string): Promise<void> {
  const visitor = createVisitor(origin)
  expect(await headersOf(visitor, '/')).not.toHaveProperty(CARELESS)
  expect(await headersOf(visitor, '/careless')).toHaveProperty(CARELESS)
  expect(await headersOf(createVisitor(origin), '/')).toHaveProperty(CARELESS)
}

/** Expects no session data on a page that ignores the session and on one that reads it. */
async function expectNothing(stranger: Visitor): Promise<void> {
  for (const path of ['/', '/me']) {
    const response = await stranger.get(path)
    const headers = Object.fromEntries(response.headers)
    expect(response.status).toBe(200)
    expect(headers).not.toHaveProperty('set-cookie')
    expect(await response.text()).not.toContain('ada')
    if (path === '/') {
      expect(headers).not.toHaveProperty('vary')
      expect(headers).not.toHaveProperty('cache-control')
    }
  }
  expect(stranger.names()).toEqual([])
}

async function expectUser(visitor: Visitor, data: unknown): Promise<void> {
  const response = await visitor.get('/me')
  expect(await response.json()).toEqual(data)
}

async function headersOf(visitor: Visitor, path: string): Promise<Record<string, string>> {
  const response = await visitor.get(path)
  await response.text()
  return Object.fromEntries(response.headers)
}
