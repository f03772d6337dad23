// base64url, in its one canonical spelling.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, isCanonical } from '../../../src/token/base64url.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('encode', () => {
  test.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('returns the RFC 4648 test vector for %j, without padding', (text, spelling) => {
    expect(encode(new TextEncoder().encode(text))).toBe(spelling)
  })

  test('agrees with another implementation on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(encode(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      }),
    )
  })

  test('uses the two characters of the URL alphabet', () => {
    expect(encode(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe('-__-')
  })
})

describe('decode', () => {
  test('is the inverse of encode, one character for each byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decode(encode(bytes))).toBe(Buffer.from(bytes).toString('latin1'))
      }),
    )
  })

  test.each([
    ['padding', 'Zg=='],
    ['the standard alphabet', '+//+'],
    ['a blank inside', 'Zm9 v'],
    ['a line end', 'Zm9v\n'],
    ['a length that no bytes have', 'Zm9vY'],
    ['a single character', 'A'],
    ['trailing bits in the last of two characters', 'Zh'],
    ['trailing bits in the last of three characters', 'Zm9'],
    ['a character beyond ASCII', 'Zm9\u{ff36}'],
    ['a full stop', 'Zm9v.Zm9v'],
  ])('refuses %s', (_, text) => {
    expect(decode(text)).toBeUndefined()
  })
})

describe('isCanonical', () => {
  test.each([
    ['two', 1],
    ['three', 2],
  ])('accepts exactly the last characters of %s that some byte ends in', (_, bytes) => {
    const spelled = new Set<string>()
    for (let byte = 0; byte < 256; byte++) {
      spelled.add(encode(Uint8Array.of(...[9, byte].slice(-bytes))).slice(-1))
    }
    const prefix = encode(new Uint8Array(bytes)).slice(0, -1)
    const accepted = [...ALPHABET].filter((last) => isCanonical(prefix + last))
    expect(new Set(accepted)).toEqual(spelled)
    expect(accepted).toHaveLength(bytes === 1 ? 4 : 16)
  })

  test('is true exactly for strings that decoding and encoding returns unchanged', () => {
    const texts = fc.string({ unit: fc.constantFrom(...ALPHABET, '=', '+', ' '), maxLength: 9 })
    fc.assert(
      fc.property(texts, (text) => {
        expect(isCanonical(text)).toBe(
          Buffer.from(text, 'base64url').toString('base64url') === text,
        )
      }),
      { numRuns: 500 },
    )
  })
})
