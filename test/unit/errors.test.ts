// The errors of this library: one family, told apart by code, or by name if `instanceof` fails.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  SessionCommittedError,
  SessionConfigError,
  SessionDataError,
  SessionError,
  SessionTooLargeError,
  createSessions,
} from 'sealed-session'
import { escapeUnprintable } from '../../src/errors.ts'
import { SECRET, untyped } from '../support/mint.ts'

const sessions = createSessions({ secrets: SECRET })

async function commitTooEarly(): Promise<void> {
  const session = await sessions.open(null)
  await sessions.setCookies(session)
  session.set('late', 1)
}

async function writeTooMuch(): Promise<void> {
  const session = await sessions.open(null)
  session.set('big', 'x'.repeat(20_000))
  await sessions.setCookies(session)
}

async function writeBigint(): Promise<void> {
  const session = await sessions.open(null)
  session.set('cart', [1n])
}

async function misconfigure(): Promise<void> {
  createSessions(untyped<{ secrets: string }>({ secrets: SECRET, maxAge: 0 }))
}

const byteLength = (text: string) => new TextEncoder().encode(text).length

describe('the errors', () => {
  test.each([
    [
      SessionConfigError,
      'SessionConfigError',
      'ERR_SESSION_CONFIG',
      misconfigure,
      { option: 'maxAge' },
    ],
    [SessionDataError, 'SessionDataError', 'ERR_SESSION_DATA', writeBigint, { path: 'cart[0]' }],
    [SessionTooLargeError, 'SessionTooLargeError', 'ERR_SESSION_TOO_LARGE', writeTooMuch, {}],
    [SessionCommittedError, 'SessionCommittedError', 'ERR_SESSION_COMMITTED', commitTooEarly, {}],
  ])('%o has its name, its code, and where the fault is', async (kind, name, code, act, more) => {
    const error: unknown = await act().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(kind)
    expect(error).toBeInstanceOf(SessionError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name, code, ...more })
    expect(String(error)).toMatch(new RegExp(`^${name}: .`))
  })

  test('SessionCommittedError says which change comes too late, and when to make it', async () => {
    await expect(commitTooEarly()).rejects.toThrow(
      /after its cookies were made.*change it before commit/,
    )
  })

  test('SessionError has a name, a code and a cause of its own', () => {
    const cause = new Error('below')
    const error = new SessionError('ERR_SESSION_RESPONSE', 'no cookies', { cause })
    expect(error).toMatchObject({ name: 'SessionError', code: 'ERR_SESSION_RESPONSE', cause })
    expect(String(error)).toBe('SessionError: no cookies')
  })
})

describe('the text of an error', () => {
  const hostile = 'a\u001b[2J\u009b31m\u202e\u2066\u200f\u2028\u0000\u007f\ud800b'
  const escaped = 'a\\u001b[2J\\u009b31m\\u202e\\u2066\\u200f\\u2028\\u0000\\u007f\\ud800b'

  test('S11: escapes control characters and those that reverse the direction of text', () => {
    expect(new SessionError('ERR_SESSION_RESPONSE', hostile).message).toBe(escaped)
    expect(new SessionConfigError(hostile, 'is wrong')).toMatchObject({
      option: escaped,
      message: `${escaped} is wrong`,
    })
    expect(new SessionDataError(hostile, 'is wrong')).toMatchObject({
      path: escaped,
      message: `${escaped} is wrong`,
    })
  })

  test('S9: takes at most 2 kB, and its path at most 1 kB, so that the sentence is complete', () => {
    const long = 'é\u202e👋'.repeat(100_000)
    const plain = new SessionError('ERR_SESSION_RESPONSE', long)
    expect(byteLength(plain.message)).toBeLessThanOrEqual(2048)
    const error = new SessionDataError(long, 'cannot be stored: store an id')
    expect(byteLength(error.path)).toBeLessThanOrEqual(1024)
    expect(error.message).toBe(`${error.path} cannot be stored: store an id`)
    expect(error.path).toMatch(/…$/)
  })

  test('keeps letters, marks and signs of every script', () => {
    const text = 'größe שלום 数 "a b" … ✓ 👋'
    expect(new SessionError('ERR_SESSION_RESPONSE', text).message).toBe(text)
  })
})

describe('escapeUnprintable', () => {
  test('returns a string that just fits, and cuts one that is a byte longer', () => {
    expect(escapeUnprintable('abcdef', 6)).toBe('abcdef')
    expect(escapeUnprintable('abcdefg', 6)).toBe('abc…')
    expect(escapeUnprintable('éé', 4)).toBe('éé')
    expect(escapeUnprintable('ééa', 4)).toBe('…')
  })

  test('cuts no character or escape in half', () => {
    expect(escapeUnprintable('ab👋cd', 7)).toBe('ab…')
    expect(escapeUnprintable('a\u0000bc', 8)).toBe('a…')
    expect(escapeUnprintable('a\u0000bcde', 10)).toBe('a\\u0000…')
  })

  test('returns at most the given number of bytes, all of them printable', () => {
    const unit = fc.constantFrom('a', 'é', '👋', '\\', 'u', '\u0000', '\u202e', '\ud800', '\u2028')
    const texts = fc.string({ unit, maxLength: 40 })
    fc.assert(
      fc.property(texts, fc.integer({ min: 3, max: 80 }), (text, most) => {
        const shown = escapeUnprintable(text, most)
        expect(byteLength(shown)).toBeLessThanOrEqual(most)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})
