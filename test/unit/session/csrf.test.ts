// CSRF tokens: the secret under its masks, and how a session verifies a token.

import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session } from 'sealed-session'
import { isMasked, isSecret, makeSecret, mask } from '../../../src/session/csrf.ts'
import { mint, payload } from '../../support/mint.ts'
import { COMMITTED_ERROR } from '../../support/errors.ts'
import { openNew, setUp } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

function flip(token: string, at: number): string {
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

describe('the secret and its masks', () => {
  test('a secret is 128 random bits in 22 characters, another one each time', () => {
    const secrets = Array.from({ length: 1000 }, makeSecret)
    expect(new Set(secrets).size).toBe(1000)
    expect(secrets.filter((secret) => !isSecret(secret) || secret.length !== 22)).toEqual([])
  })

  test.each([
    undefined,
    null,
    1,
    '',
    'A'.repeat(21),
    'A'.repeat(23),
    'A'.repeat(21) + 'B',
    ['A'.repeat(22)],
    { toString: () => 'A'.repeat(22) },
  ])('%s is no secret', (value) => {
    expect(isSecret(value)).toBe(false)
  })

  test('every masked secret verifies against that secret, and no other', () => {
    const [secret, other] = [makeSecret(), makeSecret()]
    for (let round = 0; round < 100; round++) {
      expect(isMasked(mask(secret), secret)).toBe(true)
      expect(isMasked(mask(secret), other)).toBe(false)
    }
  })

  test('every bit of both halves is compared', () => {
    const secret = makeSecret()
    const bytes = Buffer.from(mask(secret), 'base64url')
    expect(bytes).toHaveLength(32)
    for (let bit = 0; bit < 256; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(isMasked(changed.toString('base64url'), secret)).toBe(false)
    }
  })

  test('a string that is not base64url verifies against no secret, not even against one of zeros', () => {
    const zeros = 'A'.repeat(22)
    expect(isMasked('A'.repeat(43), zeros)).toBe(true)
    for (const text of ['!'.repeat(43), 'A'.repeat(42) + 'B', 'A'.repeat(42), 'A'.repeat(44)]) {
      expect(isMasked(text, zeros)).toBe(false)
    }
  })

  test('the mask hides the secret: each byte of the second half takes many values', () => {
    const secret = makeSecret()
    const seen = Array.from({ length: 16 }, () => new Set<number>())
    for (let round = 0; round < 1000; round++) {
      const hidden = Buffer.from(mask(secret), 'base64url').subarray(16)
      for (const [at, byte] of hidden.entries()) seen[at]?.add(byte)
    }
    // Of 256 values, 1,000 draws miss about 5; an unmasked byte would have one.
    for (const values of seen) expect(values.size).toBeGreaterThan(200)
  })

  const source = readFileSync(new URL('../../../src/session/csrf.ts', import.meta.url), 'utf8')
  // A mutation run adds branches of its own to every line.
  const isMutated = source.includes('stryMutAct')

  test.skipIf(isMutated)('the comparison of bytes does not end early or branch on them', () => {
    const loops = [...source.matchAll(/^( *)for \(.*\{\n([\s\S]*?)^\1\}/gm)].map(
      ([, , body]) => body,
    )
    expect(loops).toHaveLength(1)
    expect(loops[0]).toContain('difference |=')
    expect(loops[0]).not.toMatch(/\b(?:if|return|break|continue|throw)\b|&&|\|\||===|!==/)
    // No other comparison of the input: only its type and its length are checked before.
    expect(source).not.toMatch(
      /(?:given|hidden|secret)\)? *[!=]==? *(?!undefined)|\.(?:every|includes|find)\w*\(/,
    )
  })
})

describe('csrfToken', () => {
  test('1,000 calls return 1,000 strings of one length, fit for a form, a header and a URL', async () => {
    const session = await openNew()
    const tokens = Array.from({ length: 1000 }, () => session.csrfToken())
    expect(new Set(tokens).size).toBe(1000)
    expect(tokens.filter((token) => !/^[A-Za-z0-9_-]{43}$/.test(token))).toEqual([])
    expect(tokens.every((token) => session.verifyCsrfToken(token))).toBe(true)
  })

  test('no two tokens share a prefix or a suffix', async () => {
    const session = await openNew()
    const tokens = Array.from({ length: 1000 }, () => session.csrfToken())
    expect(new Set(tokens.map((token) => token.slice(0, 20))).size).toBe(1000)
    expect(new Set(tokens.map((token) => token.slice(-20))).size).toBe(1000)
  })

  test('the first call begins a session, and later ones write nothing', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
    session.csrfToken()
    expect([session.isEmpty, session.size, session.toJSON()]).toEqual([false, 0, {}])
    expect(session.id).toMatch(/^[\w-]{22}$/)
    const again = await next(session)
    again.csrfToken()
    expect(again.isNew).toBe(false)
    expect(await sessions.setCookies(again)).toEqual([])
  })

  test('verifying alone begins no session', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    expect(session.verifyCsrfToken('x')).toBe(false)
    expect(session.isEmpty).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('its secret is 22 characters of the session, and none of the data', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const before = await sessions.measure(session)
    session.csrfToken()
    const after = await sessions.measure(session)
    // `,{"c":"…"}` in base64url.
    expect(after.bytes.cookie - before.bytes.cookie).toBeLessThanOrEqual(Math.ceil((31 * 4) / 3))
    expect(session.keys()).toEqual(['user'])
  })

  test('after the commit, tokens of an existing secret are still returned', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.csrfToken()
    await sessions.setCookies(session)
    expect(session.verifyCsrfToken(session.csrfToken())).toBe(true)
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('after the commit, creating a secret is an error', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.setCookies(session)
    expect(() => session.csrfToken()).toThrow(COMMITTED_ERROR)
    expect(session.verifyCsrfToken('x')).toBe(false)
    const again = await next(session)
    await sessions.setCookies(again)
    expect(() => again.csrfToken()).toThrow(COMMITTED_ERROR)
  })
})

describe('verifyCsrfToken', () => {
  test('tokens are valid in the next request, after renewals and under another secret', async () => {
    const { time, sessions, next } = setUp()
    const session = await sessions.open(null)
    const tokens = [session.csrfToken(), session.csrfToken()]
    let later = await next(session)
    for (let hour = 0; hour < 30; hour += 10) {
      time.now += 36_000
      later = await next(later)
      tokens.push(later.csrfToken())
      expect(tokens.every((token) => later.verifyCsrfToken(token))).toBe(true)
    }
  })

  test('is false for any other value, of any type', async () => {
    const session = await openNew()
    const token = session.csrfToken()
    expect(session.verifyCsrfToken(token)).toBe(true)
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(session.verifyCsrfToken(value)).toBe(false)
      }),
    )
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        (value) => !session.verifyCsrfToken(value),
      ),
    )
  })

  test('is false for every other spelling of a valid token', async () => {
    const session = await openNew()
    const token = session.csrfToken()
    const last = token.charAt(42)
    const spare = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const spellings = [
      ...[...spare]
        .filter((letter) => letter !== last)
        .map((letter) => token.slice(0, -1) + letter),
      ...Array.from(token, (_, at) => flip(token, at)),
      ...['=', ' ', '\n', '\0', 'A'].flatMap((extra) => [token + extra, extra + token]),
      token.slice(1),
      token.slice(0, -1),
      token.repeat(2),
      '',
    ]
    expect(spellings.filter((text) => session.verifyCsrfToken(text))).toEqual([])
    const wrapped: unknown[] = [
      [token],
      { token },
      new String(token),
      Buffer.from(token),
      { toString: () => token },
    ]
    expect(wrapped.filter((value) => session.verifyCsrfToken(value))).toEqual([])
  })

  test('is false while the session has no secret, whatever is sent', async () => {
    const session = await openNew()
    const guesses = [undefined, null, '', 'A'.repeat(43), mask(makeSecret()), 'undefined']
    expect(guesses.filter((guess) => session.verifyCsrfToken(guess))).toEqual([])
  })

  test("is false for another session's token", async () => {
    const { sessions } = setUp()
    const [ada, eve] = [await sessions.open(null), await sessions.open(null)]
    const [hers, his] = [ada.csrfToken(), eve.csrfToken()]
    expect([ada.verifyCsrfToken(his), eve.verifyCsrfToken(hers)]).toEqual([false, false])
    expect([ada.verifyCsrfToken(hers), eve.verifyCsrfToken(his)]).toEqual([true, true])
  })

  test.each([
    ['regenerate', (session: Session<Data>) => session.regenerate({ keep: ['user'] })],
    ['destroy', (session: Session<Data>) => session.destroy()],
    ['clear', (session: Session<Data>) => session.clear()],
  ])('is false for tokens from before %s', async (_, end) => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const before = session.csrfToken()
    const later = await next(session)
    end(later)
    expect(later.verifyCsrfToken(before)).toBe(false)
    const after = later.csrfToken()
    expect([later.verifyCsrfToken(before), later.verifyCsrfToken(after)]).toEqual([false, true])
    const last = await next(later)
    expect([last.verifyCsrfToken(before), last.verifyCsrfToken(after)]).toEqual([false, true])
  })

  test('is false in a session that was rejected', async () => {
    const { time, sessions, cookieOf } = setUp()
    let token = ''
    const cookie = await cookieOf((session) => {
      token = session.csrfToken()
    })
    time.now += 86_405
    const later = await sessions.open(cookie)
    expect(later.rejection).toEqual({ reason: 'idle' })
    expect(later.verifyCsrfToken(token)).toBe(false)
  })

  test('changes nothing, so that a request with a wrong token writes nothing', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.csrfToken()
    const later = await next(session)
    expect(later.verifyCsrfToken('x')).toBe(false)
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('a session with an invalid CSRF secret is rejected', async () => {
    const { sessions } = setUp()
    const open = (c: unknown) => sessions.open(`__Host-session=${mint(payload({ more: { c } }))}`)
    for (const c of ['', 'short', 'A'.repeat(21) + 'B', 1, null, {}]) {
      expect((await open(c)).rejection).toEqual({ reason: 'invalid-data' })
    }
    const good = await open('A'.repeat(22))
    expect(good.verifyCsrfToken(good.csrfToken())).toBe(true)
  })
})
