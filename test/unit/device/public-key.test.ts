import { describe, expect, test } from 'vitest'
import { formatJwk, isPublicKey, parsePublicJwk } from '../../../src/device/public-key.ts'
import { makeDevice } from '../../support/device-browser.ts'

const bytes = (length: number, first = 1) =>
  Buffer.from([first, ...Array.from({ length: length - 1 }, () => 7)]).toString('base64url')
const ec = { kty: 'EC', crv: 'P-256', x: bytes(32), y: bytes(32) }
const rsa = { kty: 'RSA', n: bytes(256, 200), e: 'AQAB' }

describe('parsePublicJwk', () => {
  test('keeps only the parts of a key, and formatJwk returns them', async () => {
    for (const alg of ['ES256', 'RS256'] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const { jwk } = await makeDevice(alg)
      const key = parsePublicJwk({ ...jwk, kid: 'x', x5u: 'https://example.test', use: 'sig' }, alg)
      expect(key && formatJwk(key)).toEqual(jwk)
    }
  })

  test.each([
    ['no object', null],
    ['an array', [ec]],
    ['a key of the other kind', rsa],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['no curve', { ...ec, crv: undefined }],
    ['a symmetric key', { kty: 'oct', k: bytes(32) }],
    ['a private key', { ...ec, d: bytes(32) }],
    ['a key with a secret beside it', { ...ec, k: bytes(32) }],
    ['a short coordinate', { ...ec, x: bytes(31) }],
    ['a long coordinate', { ...ec, y: bytes(33) }],
    ['a coordinate with padding', { ...ec, x: `${bytes(32)}=` }],
    ['a coordinate that is no string', { ...ec, x: 7 }],
    ['inherited coordinates', Object.create(ec)],
  ])('refuses %s as a key of ES256', (_, jwk) => {
    expect(parsePublicJwk(jwk, 'ES256')).toBeUndefined()
  })

  test.each([
    ['a key of the other kind', ec],
    ['1 024 bits', { ...rsa, n: bytes(128, 200) }],
    ['2 040 bits', { ...rsa, n: bytes(255, 200) }],
    ['2 040 bits with a zero before them', { ...rsa, n: bytes(256, 0) }],
    ['4 104 bits', { ...rsa, n: bytes(513, 200) }],
    ['an exponent of 3', { ...rsa, e: 'Aw' }],
    ['an exponent of 1', { ...rsa, e: 'AQ' }],
    ['an exponent with a zero before it', { ...rsa, e: 'AAEAAQ' }],
    ['no modulus', { ...rsa, n: undefined }],
    ['a private key', { ...rsa, d: bytes(256) }],
  ])('refuses %s as a key of RS256', (_, jwk) => {
    expect(parsePublicJwk(jwk, 'RS256')).toBeUndefined()
  })

  test('accepts 2 048 to 4 096 bits', () => {
    for (const length of [256, 384, 512]) {
      expect(parsePublicJwk({ ...rsa, n: bytes(length, 200) }, 'RS256')?.parts[1]).toBe('AQAB')
    }
  })
})

test('isPublicKey is false for another algorithm, and for more or fewer parts', () => {
  const parts = [ec.x, ec.y]
  expect(isPublicKey({ alg: 'ES256', parts })).toBe(true)
  for (const alg of ['HS256', 'none', 'ES384', 'PS256', undefined]) {
    expect(isPublicKey({ alg, parts }), alg).toBe(false)
  }
  expect(isPublicKey({ alg: 'ES256', parts: [ec.x] })).toBe(false)
  expect(isPublicKey({ alg: 'ES256', parts: [ec.x, ec.y, ec.x] })).toBe(false)
})
