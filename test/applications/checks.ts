// The checks that every example passes.

import { expect } from 'vitest'
import { namesOf } from '../support/cookie-jar.ts'
import type { Visitor } from '../support/visitor.ts'
import type { Actions, CheckName, Me } from './example.ts'

/** What a check works with: a running example, and a browser without cookies. */
export interface Scene {
  readonly browser: Visitor
  readonly actions: Actions
  readonly failureStatus: number
  /** Returns another browser without cookies. */
  createBrowser(): Visitor
  /** Stops the server and starts it again, on another port. */
  restart(): Promise<void>
}

interface Check {
  readonly name: CheckName
  readonly title: string
  run(scene: Scene): Promise<void>
}

const NAME = '__Host-session'

/** Characters that go over several cookies, and characters that go into no cookies. */
const SEVERAL_COOKIES = 7000
const NO_COOKIES = 100_000

export const CHECKS: readonly Check[] = [
  {
    name: 'reading',
    title: 'a visitor without a cookie reads an empty session, and gets no cookie',
    async run({ actions, browser }) {
      const response = await actions.me(browser)
      expect(await actions.readMe(response)).toEqual({ notes: 0 })
      expect(linesOf(response)).toEqual([])
      expect(response.headers.get('vary')).toMatch(/\bCookie\b/i)
      expect(response.headers.get('cache-control')).toMatch(/\b(?:private|no-store)\b/)
    },
  },
  {
    name: 'login and flash',
    title: 'a login redirects, and its message is shown once',
    async run(scene) {
      const response = await login(scene)
      expectDone(response)
      expect(linesOf(response)).toEqual([NAME])
      expect(scene.browser.names()).toEqual([NAME])
      expect(await scene.actions.messages(scene.browser)).toEqual(['Welcome'])
      expect(await scene.actions.messages(scene.browser)).toEqual([])
      expect(await readMe(scene)).toEqual({ user: 'ada', notes: 0 })
    },
  },
  {
    name: 'several cookies',
    title: 'long notes go over several cookies, and shrink to one again',
    async run(scene) {
      const { actions, browser } = scene
      await login(scene)
      expectDone(await drain(actions.keep(browser, 'x'.repeat(SEVERAL_COOKIES))))
      expect(browser.names()).toEqual([NAME, `${NAME}.1`, `${NAME}.2`])
      expect(await readMe(scene)).toEqual({ user: 'ada', notes: SEVERAL_COOKIES })
      expectDone(await drain(actions.keep(browser, 'x')))
      expect(browser.names()).toEqual([NAME])
      expect(await readMe(scene)).toEqual({ user: 'ada', notes: 1 })
    },
  },
  {
    name: 'too large',
    title: "notes that do not fit come to the framework's error handling, and change nothing",
    async run(scene) {
      const { actions, browser } = scene
      await login(scene)
      await actions.messages(browser)
      const before = browser.header()
      const response = await actions.keep(browser, 'x'.repeat(NO_COOKIES))
      expect([response.status, await response.text()]).toEqual([
        413,
        expect.stringContaining('too large'),
      ])
      expect(linesOf(response)).toEqual([])
      expect(browser.header()).toBe(before)
      expect((await readMe(scene)).notes).toBe(0)
    },
  },
  {
    name: 'failing handler',
    title: 'a handler that fails leaves the session unchanged',
    async run(scene) {
      const { actions, browser } = scene
      await login(scene)
      await actions.messages(browser)
      const before = browser.header()
      const response = await drain(actions.fail(browser))
      expect([response.status, linesOf(response)]).toEqual([scene.failureStatus, []])
      expect(browser.header()).toBe(before)
      expect(await readMe(scene)).toEqual({ user: 'ada', notes: 0 })
    },
  },
  {
    name: 'streaming',
    title: 'a stream carries the session, and all of its lines',
    async run(scene) {
      await login(scene)
      for (const visits of [1, 2]) {
        const response = await scene.actions.stream(scene.browser)
        expect([response.status, linesOf(response)]).toEqual([200, [NAME]])
        expect(response.headers.get('cache-control')).toBe('private, no-store')
        const [first, ...others] = (await response.text()).trim().split('\n')
        expect(first).toBe(`visit ${visits}`)
        expect(others.length).toBeGreaterThan(1)
      }
      expect((await readMe(scene)).user).toBe('ada')
    },
  },
  {
    name: 'upstream',
    title: 'a public response of another server goes out private',
    async run({ browser }) {
      const response = await browser.visit('/upstream')
      expect(await response.text()).toBe('from upstream')
      expect(linesOf(response)).toEqual([NAME])
      expect(response.headers.get('cache-control')).toBe('private, no-store')
      expect(response.headers.get('cdn-cache-control')).toBeNull()
      expect(response.headers.get('vary')).toMatch(/\bCookie\b/)
    },
  },
  {
    name: 'health',
    title: 'a route that does not access the session stays cacheable',
    async run(scene) {
      await login(scene)
      const response = await scene.browser.visit('/health')
      expect([response.status, (await response.text()).trim()]).toEqual([200, 'ok'])
      expect(response.headers.get('vary') ?? '').not.toMatch(/Cookie/i)
      const fields = ['cache-control', 'set-cookie']
      expect(fields.map((name) => response.headers.get(name))).toEqual([null, null])
    },
  },
  {
    name: '200 visitors',
    title: 'two hundred visitors at a time have their own sessions',
    async run(scene) {
      const { actions } = scene
      const visitors = Array.from(
        { length: 200 },
        (_, n) => [`user-${n}`, scene.createBrowser()] as const,
      )
      const seen = await Promise.all(
        visitors.map(async ([user, browser]) => {
          await drain(actions.login(browser, user))
          await drain(actions.keep(browser, user))
          return actions.readMe(await actions.me(browser))
        }),
      )
      expect(seen).toEqual(visitors.map(([user]) => ({ user, notes: user.length })))
    },
  },
  {
    name: 'logout and replay',
    title: 'a logout ends the session, and an older cookie does not bring it back',
    async run(scene) {
      const { actions, browser } = scene
      await login(scene)
      const kept = browser.value(NAME) ?? ''
      expect(kept).not.toBe('')
      expectDone(await drain(actions.logout(browser)))
      expect(browser.names()).toEqual([`${NAME}.x`])
      browser.put(NAME, kept)
      expect(await readMe(scene)).toEqual({ notes: 0 })
    },
  },
  {
    name: 'forgery',
    title: 'a forged cookie is an empty session',
    async run(scene) {
      const { browser } = scene
      await login(scene)
      const cookie = browser.value(NAME) ?? ''
      expect(cookie).not.toBe('')
      browser.put(NAME, `${cookie.slice(0, -4)}${cookie.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`)
      expect(await readMe(scene)).toEqual({ notes: 0 })
    },
  },
  {
    name: 'restart',
    title: 'a session survives a restart of the server',
    async run(scene) {
      const { actions, browser } = scene
      await login(scene)
      await scene.restart()
      const after = scene.createBrowser()
      for (const name of browser.names()) after.put(name, browser.value(name) ?? '')
      expect(await actions.readMe(await actions.me(after))).toEqual({ user: 'ada', notes: 0 })
    },
  },
]

async function login({ actions, browser }: Scene): Promise<Response> {
  return drain(actions.login(browser, 'ada'))
}

async function readMe({ actions, browser }: Scene): Promise<Me> {
  return actions.readMe(await actions.me(browser))
}

/** Expects an answer that a browser goes on from: a redirect, or what an interface answers. */
function expectDone({ status }: Response): void {
  expect([200, 204, 302, 303]).toContain(status)
}

/** Waits for the end of a response. */
async function drain(answer: Promise<Response>): Promise<Response> {
  const response = await answer
  await response.arrayBuffer()
  return response
}

/** Returns the names of the cookies that a response sets. */
function linesOf(response: Response): string[] {
  return namesOf(response.headers.getSetCookie())
}
