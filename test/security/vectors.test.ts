// Cookies and tokens that every later version must open, or reject for the same reason. They were
// created without the library (vectors/README.md), and vectors are only added.

import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { ENGINES, useEngine } from '../support/attacks.ts'
import { untyped } from '../support/mint.ts'
import { readVectors } from '../support/vectors.ts'
import type { Vector } from '../support/vectors.ts'

/** A scope with entries and inner scopes. */
interface ScopeLike {
  toJSON(): unknown
  scope(name: string): ScopeLike
}

const vectors = readVectors()

function open({ cookie, token, purpose, serializer }: Vector): Promise<Session> {
  const { secrets, name, now, clockTolerance, validAfter, lifetimes } = vectors
  const sessions = createSessions({
    secrets,
    cookie: { name },
    clock: () => now * 1000,
    clockTolerance,
    validAfter,
    ...lifetimes.default,
    lifetimes: lifetimes.named,
    ...(serializer === undefined ? {} : { serializer: JSON }),
  })
  return token === undefined ? sessions.open(cookie) : sessions.unseal(token, purpose)
}

function expectScopes(scope: ScopeLike, expected: Readonly<Record<string, unknown>>): void {
  for (const [name, [data, inner]] of Object.entries(
    untyped<Record<string, [unknown, Record<string, unknown>]>>(expected),
  )) {
    expect(scope.scope(name).toJSON()).toEqual(data)
    expectScopes(scope.scope(name), inner)
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test.each(vectors.valid)('opens: $title', async (valid) => {
    const session = await open(valid)
    expect(session.rejection).toBeUndefined()
    expect(JSON.stringify(session)).toBe(JSON.stringify(valid.data))
    expect(session.id).toBe(valid.id)
    expect(session.startedAt).toEqual(new Date(valid.startedAt * 1000))
    expect(session.expiresAt).toEqual(new Date(valid.expiresAt * 1000))
    expect(session.isNew).toBe(false)
    const { scopes = {}, messages = [], test: isTest = false, csrf, csrfToken } = valid
    expectScopes(untyped(session), scopes)
    for (const key of new Set(messages.map(([name]) => name))) {
      const all = messages.filter(([name]) => name === key).map(([, message]) => message)
      expect(session.flash(key)).toEqual(all)
    }
    expect(session.testCookieWorked()).toBe(isTest)
    if (csrf !== undefined) expect(session.verifyCsrfToken(masked(csrf))).toBe(true)
    if (csrfToken !== undefined) expect(session.verifyCsrfToken(csrfToken)).toBe(true)
  })

  test.each(vectors.invalid)('rejects as $reason: $about: $title', async (invalid) => {
    const session = await open(invalid)
    expect(session.rejection).toEqual({ reason: invalid.reason })
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
  })

  test('the vectors are opened by this engine', async () => {
    const webCrypto = vi.spyOn(crypto.subtle, 'decrypt')
    const [valid] = vectors.valid
    if (valid !== undefined) await open(valid)
    expect(webCrypto).toHaveBeenCalledTimes(engine === 'jose' ? 1 : 0)
  })
})

test('there is a vector for every reason of a rejection that a token or a header can cause', () => {
  const reasons = new Set(vectors.invalid.map(({ reason }) => reason))
  expect([...reasons].toSorted()).toEqual([
    'destroyed',
    'expired',
    'idle',
    'incomplete',
    'invalid-data',
    'malformed',
    'not-yet-valid',
    'revoked',
    'too-large',
    'undecryptable',
    'unknown-key',
    'unproven',
  ])
})

test('there is a rejected vector for every step of reading, with its possible reasons', () => {
  const reasons: Record<string, string[]> = {}
  for (const { about, reason } of vectors.invalid) {
    const known = (reasons[about] ??= [])
    if (!known.includes(reason)) known.push(reason)
  }
  expect(reasons).toEqual({
    count: ['malformed', 'too-large', 'incomplete', 'undecryptable'],
    form: ['malformed'],
    header: ['malformed'],
    kid: ['unknown-key', 'undecryptable', 'malformed'],
    day: ['malformed', 'undecryptable', 'expired', 'not-yet-valid'],
    AEAD: ['undecryptable'],
    name: ['undecryptable'],
    purpose: ['undecryptable'],
    payload: ['malformed'],
    time: ['not-yet-valid', 'expired', 'idle', 'revoked'],
    logout: ['destroyed', 'idle'],
    data: ['invalid-data'],
    device: ['unproven', 'destroyed', 'malformed'],
  })
})

describe('the vectors are never changed', () => {
  test('each has a title of its own', () => {
    const titles = [...vectors.valid, ...vectors.invalid].map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })

  test('the first ones are unchanged since the format was defined', () => {
    const { valid, invalid, ...config } = vectors
    const first = { ...config, valid: valid.slice(0, 84), invalid: invalid.slice(0, 269) }
    const digest = createHash('sha256').update(JSON.stringify(first)).digest('hex')
    expect(digest).toBe('e0de69b93d2c792c17d29656cc3a6c3bf4278f26f993acac9ddafaa5c79ecd94')
  })
})

/** Returns a CSRF secret under a mask, as docs/format.md describes it. */
function masked(secret: string): string {
  const mask = Buffer.alloc(16, 0x5a)
  const hidden = Buffer.from(secret, 'base64url').map((byte) => byte ^ 0x5a)
  return Buffer.concat([mask, hidden]).toString('base64url')
}
