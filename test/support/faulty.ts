// Shared parts of the tests of faults: sessions in either engine, every way to use them, and
// promises that never settle.

import { vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { pairsOf } from './cookie-jar.ts'
import { SECRET, START } from './mint.ts'

export type Data = Record<string, unknown>
type Options = Partial<SessionOptions<Data>>

export const ENGINES = ['node:crypto', 'webcrypto'] as const
export type Engine = (typeof ENGINES)[number]

export const URL_OF_PAGE = 'https://example.test/'

/** Creates sessions on a clock that a test moves, in seconds. */
export function setUp(options: Options = {}, engine: Engine = 'node:crypto') {
  const time = { now: START }
  const events: SessionEvent[] = []
  const make = (more: Options = {}): Sessions<Data> => {
    const observe = (event: SessionEvent) => void events.push(event)
    const clock = () => time.now * 1000
    const all = { secrets: SECRET, clock, observe, ...options, ...more }
    return engine === 'webcrypto'
      ? withoutNode(() => createSessions<Data>(all))
      : createSessions(all)
  }
  return { time, events, make, sessions: make() }
}

/** Runs `act` as in a runtime without `node:crypto`. The engine is chosen when sessions are created. */
export function withoutNode<T>(act: () => T): T {
  const spy = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
  try {
    return act()
  } finally {
    spy.mockRestore()
  }
}

export function ada(session: Session<Data>): void {
  session.set('user', 'ada')
}

/** Returns the `Cookie` header of a new session. */
export async function cookieOf(sessions: Sessions<Data>, fill = ada): Promise<string> {
  const session = await sessions.open(null)
  fill(session)
  return pairsOf(await sessions.setCookies(session))
}

export function request(cookie = ''): Request {
  return new Request(URL_OF_PAGE, { headers: { cookie } })
}

/** Returns every call that needs a key, each resolving to what a user would lose. */
export function usesOf(sessions: Sessions<Data>, cookie: string, token: string) {
  const begin = async () => {
    const session = await sessions.open(null)
    ada(session)
    return session
  }
  return {
    open: async () => (await sessions.open(cookie)).get('user'),
    unseal: async () => (await sessions.unseal(token)).get('user'),
    setCookies: async () => (await sessions.setCookies(await begin())).length,
    commit: async () => {
      const response = await sessions.commit(await begin(), new Response())
      return response.headers.getSetCookie().length
    },
    save: async () => {
      const names: string[] = []
      await sessions.save(await begin(), (name) => names.push(name))
      return names.length
    },
    wrap: async () => {
      const handler = sessions.wrap((_, session) => {
        ada(session)
        return new Response()
      })
      return (await handler(request())).headers.getSetCookie().length
    },
    seal: async () => (await sessions.seal(await begin())).startsWith('eyJ'),
  }
}

/** The results of these calls without a fault. */
export const USUAL = {
  open: 'ada',
  unseal: 'ada',
  setCookies: 1,
  commit: 1,
  save: 1,
  wrap: 1,
  seal: true,
}

export type Use = keyof typeof USUAL
export const READING: readonly Use[] = ['open', 'unseal']
export const WRITING: readonly Use[] = ['setCookies', 'commit', 'save', 'wrap', 'seal']
export const ALL: readonly Use[] = [...READING, ...WRITING]

/** Returns a promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {})
}

/** Makes the next call never settle. Resolves when that call was made. */
export function holdOnce(spy: Holdable): Promise<void> {
  return new Promise((reached) => {
    spy.mockImplementationOnce(() => {
      reached()
      return never()
    })
  })
}

interface Holdable {
  mockImplementationOnce(implementation: () => Promise<never>): unknown
}

/** Whether a promise is still pending after all queued microtasks and immediates. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next))
    return open
  }
  return (await Promise.race([promise, turns()])) === open
}

export function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
}
