// Shared parts of the tests of threats.md: sessions on a clock that a test moves, an attacker's
// alterations, and counts of the work that an attack causes.

import nodeCrypto from 'node:crypto'
import { beforeEach, expect, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions } from 'sealed-session'
import { pairsOf } from './cookie-jar.ts'
import { NAME, SECRET, START, headerOf, untyped } from './mint.ts'

export type Data = Record<string, unknown>

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

export function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const observe = (event: SessionEvent) => void events.push(event)
  const clock = () => time.now * 1000
  const sessions = createSessions<Data>({ secrets: SECRET, clock, observe, ...options })
  /** Opens such a value of the session's cookie. */
  const openValue = (value: string) => sessions.open(`${NAME}=${value}`)
  /** Returns the `Cookie` header of a session with this data. */
  const cookieOf = async (data: Data) => {
    const session = await sessions.open(null)
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    return pairsOf(await sessions.setCookies(session))
  }
  return { time, events, sessions, openValue, cookieOf }
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

export function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url')
}

/** Returns a value, a token or a cookie with one character of its ciphertext changed. */
export function altered(value: string): string {
  const at = value.length - 30
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

/** Returns the fields of a cookie's value. */
export function fieldsOf(value: string): [string, string, string, string, string] {
  const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
  return [id, day, iv, ciphertext, tag]
}
