// Shared parts of the tests of threats.md: sessions on a clock that a test moves, an attacker's
// alterations, and counts of the work that an attack causes.

import nodeCrypto from 'node:crypto'
import { beforeEach, expect, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { NAME, headerOf, untyped } from './mint.ts'
import { setAll, setUp } from './set-up.ts'
import type { Data } from './set-up.ts'

export const ENGINES = ['node:crypto', 'jose'] as const

/**
 * Hides Node's modules before each test, as in browsers and workers, unless the engine is Node's.
 */
export function useEngine(engine: (typeof ENGINES)[number]): void {
  beforeEach(() => {
    if (engine === 'jose') vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
  })
}

/** Limits with which a string of some hundred characters takes three cookies. */
export const THREE_COOKIES = { preset: 'node', cookie: 240 } as const

/** Creates sessions, and functions that open values and make cookies. */
export function setUpAttack(options: Partial<SessionOptions<Data>> = {}) {
  const all = setUp(options)
  /** Opens such a value of the session's cookie. */
  const openValue = (value: string) => all.sessions.open(`${NAME}=${value}`)
  /** Returns the `Cookie` header of a session with this data. */
  const cookieWith = (data: Data) => all.cookieOf((session) => setAll(session, data))
  return { ...all, openValue, cookieWith }
}

/** An empty session with a reason, without any content of the cookie. */
export function expectNothing(session: Session<Data>, reason: string): void {
  expect(session.rejection).toEqual({ reason })
  expect([session.isEmpty, session.isNew, session.id]).toEqual([true, true, undefined])
  expect(session.toJSON()).toEqual({})
}

/** Returns the option for which a configuration is rejected. */
export function refusedOption(options: unknown): unknown {
  try {
    createSessions(untyped<SessionOptions>(options))
  } catch (error) {
    return Reflect.get(Object(error), 'option')
  }
  return 'nothing was refused'
}

/** Counts how often keys are derived and values decrypted from now on, with either engine. */
export function watchCrypto() {
  const calls = (spies: readonly { mock: { calls: readonly unknown[] } }[]) => () =>
    spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
  const derive = [vi.spyOn(crypto.subtle, 'deriveKey'), vi.spyOn(crypto.subtle, 'deriveBits')]
  const webCrypto = vi.spyOn(crypto.subtle, 'decrypt')
  const decrypt = [webCrypto, vi.spyOn(nodeCrypto, 'createDecipheriv')]
  return { derivations: calls(derive), decryptions: calls(decrypt) }
}

/**
 * Collects the inputs of the JSON parser from now on, except jose's header, whose bytes are ours.
 */
export function watchParser(): () => unknown[] {
  const header = JSON.stringify(headerOf())
  const parse = vi.spyOn(JSON, 'parse')
  return () => parse.mock.calls.map(([text]) => text).filter((text) => text !== header)
}

/** Returns the fields of a cookie's value. */
export function splitFields(value: string): [string, string, string, string, string] {
  const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
  return [id, day, iv, ciphertext, tag]
}
