// Tokens that every later version must open, or refuse for the same reason. They were made once,
// without the library; the file is never made again, only added to.

import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { untyped } from '../support/mint.ts'

interface Case {
  readonly title: string
  /** The `Cookie` header, */
  readonly cookie?: string
  /** or a bare token. */
  readonly token?: string
}

interface Valid extends Case {
  readonly id: string
  readonly startedAt: string
  readonly expiresAt: string
  readonly data: Readonly<Record<string, unknown>>
  readonly scopes?: Readonly<Record<string, unknown>>
  readonly messages?: Readonly<Record<string, readonly unknown[]>>
  readonly testCookieWorked?: boolean
}

interface Invalid extends Case {
  readonly about: string
  readonly reason: string
}

interface Vectors {
  readonly format: string
  /** Newest first. */
  readonly secrets: readonly string[]
  readonly name: string
  readonly now: string
  readonly maxAge: number
  readonly idleTimeout: number
  readonly clockTolerance: number
  readonly valid: readonly Valid[]
  readonly invalid: readonly Invalid[]
}

const file = new URL('./vectors/v1.json', import.meta.url)
const vectors = untyped<Vectors>(JSON.parse(readFileSync(file, 'utf8')))

function open({ cookie, token }: Case) {
  const { secrets, name, now, maxAge, idleTimeout, clockTolerance } = vectors
  const lifetime = { maxAge, idleTimeout, clockTolerance }
  const clock = () => Date.parse(now)
  const sessions = createSessions({ secrets, cookie: { name }, clock, ...lifetime })
  return token === undefined ? sessions.open(cookie) : sessions.unseal(token)
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(['node:crypto', 'jose'])('with %s', (engine) => {
  function withEngine(): void {
    // A runtime without Node's modules, as browsers and workers are.
    if (engine === 'jose') vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
  }

  test.each(vectors.valid)('opens: $title', async (valid) => {
    withEngine()
    const session = await open(valid)
    expect(session.rejection).toBeUndefined()
    expect(session.toJSON()).toEqual(valid.data)
    expect(session.keys()).toEqual(Object.keys(valid.data))
    expect(session.id).toBe(valid.id)
    expect(session.startedAt).toEqual(new Date(valid.startedAt))
    expect(session.expiresAt).toEqual(new Date(valid.expiresAt))
    expect(session.isNew).toBe(false)
    const { scopes = {}, messages = {}, testCookieWorked = false } = valid
    for (const [name, data] of Object.entries(scopes)) {
      expect(session.scope(name).toJSON()).toEqual(data)
    }
    for (const [key, list] of Object.entries(messages)) expect(session.flash(key)).toEqual(list)
    expect(session.testCookieWorked()).toBe(testCookieWorked)
  })

  test.each(vectors.invalid)('refuses as $reason: $title', async (invalid) => {
    withEngine()
    const session = await open(invalid)
    expect(session.rejection).toEqual({ reason: invalid.reason })
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
  })

  test('the vectors are opened by this engine', async () => {
    withEngine()
    const webCrypto = vi.spyOn(crypto.subtle, 'decrypt')
    const [valid] = vectors.valid
    if (valid !== undefined) await open(valid)
    expect(webCrypto).toHaveBeenCalledTimes(engine === 'jose' ? 1 : 0)
  })
})

test('there is a vector for every reason that a token or a header alone can give', () => {
  const reasons = new Set(vectors.invalid.map(({ reason }) => reason))
  expect([...reasons].toSorted()).toEqual([
    'destroyed',
    'expired',
    'idle',
    'incomplete',
    'invalid-data',
    'malformed',
    'not-yet-valid',
    'too-large',
    'undecryptable',
    'unknown-key',
  ])
})

test('there is a refused vector for every step of reading, with the reasons it can give', () => {
  const reasons: Record<string, string[]> = {}
  for (const { about, reason } of vectors.invalid) {
    const known = (reasons[about] ??= [])
    if (!known.includes(reason)) known.push(reason)
  }
  expect(reasons).toEqual({
    form: ['malformed'],
    header: ['malformed'],
    kid: ['unknown-key', 'malformed', 'undecryptable'],
    day: ['malformed', 'expired', 'not-yet-valid', 'undecryptable'],
    AEAD: ['undecryptable', 'malformed'],
    name: ['undecryptable'],
    purpose: ['undecryptable'],
    claims: ['malformed'],
    time: ['expired', 'idle', 'not-yet-valid'],
    logout: ['destroyed'],
    data: ['invalid-data'],
    count: ['malformed', 'incomplete', 'too-large', 'undecryptable'],
  })
})

test('there are 20 vectors that open and 70 that do not, each under a title of its own', () => {
  const { valid, invalid } = vectors
  expect([valid.length, invalid.length]).toEqual([20, 70])
  expect(new Set([...valid, ...invalid].map(({ title }) => title)).size).toBe(90)
})
