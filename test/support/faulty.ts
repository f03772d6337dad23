// Shared parts of the tests of faults: every way to use sessions, and promises that never settle.

import type { Sessions } from 'sealed-session'
import { requestWith } from './requests.ts'
import { setUser } from './set-up.ts'
import type { Data } from './set-up.ts'

export const ENGINES = ['node:crypto', 'webcrypto'] as const
export type Engine = (typeof ENGINES)[number]

/** Returns every call that needs a key, each resolving to what a user would lose. */
export function usesOf(sessions: Sessions<Data>, cookie: string, token: string) {
  const begin = async () => {
    const session = await sessions.open(null)
    setUser(session)
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
        setUser(session)
        return new Response()
      })
      return (await handler(requestWith())).headers.getSetCookie().length
    },
    seal: async () => (await sessions.seal(await begin())).startsWith('eyJ'),
  }
}

/** The results of these calls without a fault. */
export const RESULTS = {
  open: 'ada',
  unseal: 'ada',
  setCookies: 1,
  commit: 1,
  save: 1,
  wrap: 1,
  seal: true,
}

export type Use = keyof typeof RESULTS
export const READING_USES: readonly Use[] = ['open', 'unseal']
export const WRITING_USES: readonly Use[] = ['setCookies', 'commit', 'save', 'wrap', 'seal']
export const ALL_USES: readonly Use[] = [...READING_USES, ...WRITING_USES]

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
