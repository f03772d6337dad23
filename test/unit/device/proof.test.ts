import { beforeAll, describe, expect, test } from 'vitest'
import { isSignedBy, parseProof, readProof } from '../../../src/device/proof.ts'
import type { Proof } from '../../../src/device/proof.ts'
import { parsePublicJwk } from '../../../src/device/public-key.ts'
import type { PublicKey } from '../../../src/device/public-key.ts'
import { makeDevice, signProof } from '../../support/device-browser.ts'
import type { Device } from '../../support/device-browser.ts'

let device: Device
let jwk: JsonWebKey
let key: PublicKey

beforeAll(async () => {
  device = await makeDevice()
  ;({ jwk } = device)
  const parsed = parsePublicJwk(jwk, 'ES256')
  if (parsed === undefined) throw new Error('no key')
  key = parsed
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A proof with these members, whose signature is none. */
function written(header: object = {}, payload: object = {}): string {
  const parts = [
    { alg: 'ES256', typ: 'dbsc+jwt', ...header },
    { jti: 'c', ...payload },
  ]
  return `${parts.map(encode).join('.')}.AA`
}

function parsed(jwt: string, isRegistration = false): Proof {
  const proof = parseProof(jwt, isRegistration)
  if (typeof proof === 'string') throw new Error(proof)
  return proof
}

describe('readProof', () => {
  test('takes a string and a token', () => {
    expect(readProof('a.b.c')).toBe('a.b.c')
    expect(readProof('"a.b.c";v=1')).toBe('a.b.c')
  })

  test('is empty for anything else', () => {
    expect(readProof('')).toBe('')
    expect(readProof('42')).toBe('')
  })

  test('reads 256 characters more than a proof may have, and nothing beyond', () => {
    expect(readProof('a'.repeat(4096 + 256))).toHaveLength(4352)
    expect(readProof('a'.repeat(4096 + 257))).toBeUndefined()
  })
})

describe('parseProof', () => {
  test('returns what a proof says, and reads nothing else', () => {
    const jwt = written({ kid: 'x' }, { aud: 'https://example.test/', iat: 1 })
    expect(parseProof(jwt, false)).toEqual({
      jwt,
      alg: 'ES256',
      key: undefined,
      challenge: 'c',
      audience: 'https://example.test/',
    })
    expect(parsed(written()).audience).toBeUndefined()
    expect(parsed(written({ alg: 'RS256' })).alg).toBe('RS256')
  })

  test('takes a key at a registration, and nowhere else', () => {
    expect(parsed(written({ jwk }), true).key).toEqual(key)
    expect(parseProof(written({ jwk }), false)).toBe('key')
    expect(parseProof(written(), true)).toBe('key')
    expect(parseProof(written({ jwk: {} }), true)).toBe('key')
  })

  test('takes 4 096 characters, and not one more', () => {
    const padding = 'x'.repeat(2800)
    const jwt = written({}, { padding })
    const missing = 4096 - jwt.length
    expect(parseProof(jwt + 'A'.repeat(missing), false)).toMatchObject({ challenge: 'c' })
    expect(parseProof(jwt + 'A'.repeat(missing + 1), false)).toBe('too-large')
  })

  test.each([
    ['', 'nothing'],
    ['a.b', 'two parts'],
    ['.e30.AA', 'no header'],
    ['e30..AA', 'no payload'],
    ['e30.e30.', 'no signature'],
    ['e30.e30.AA.AA', 'four parts'],
    [`!${written()}`, 'another character before it'],
    [`${written()}!`, 'another character behind it'],
    [`${written()}.AA`, 'one part more'],
    ['e3=.e30.AA', 'padding'],
    [`${encode([])}.${encode({ jti: 'c' })}.AA`, 'a header that is an array'],
    [`${encode('x')}.${encode({ jti: 'c' })}.AA`, 'a header that is a string'],
    [`${encode({ alg: 'ES256', typ: 'dbsc+jwt' })}.${encode(null)}.AA`, 'a payload of null'],
    [`${encode({ alg: 'ES256', typ: 'dbsc+jwt' })}.eyJqdGkiOiJjIn.AA`, 'a payload cut short'],
    [`e31.${encode({ jti: 'c' })}.AA`, 'a header that is no JSON'],
    [`_w.${encode({ jti: 'c' })}.AA`, 'a header that is no UTF-8'],
    [`A.${encode({ jti: 'c' })}.AA`, 'a header that is no base64url'],
    [written({ typ: 'JWT' }), 'another type'],
    [written({ typ: undefined }), 'no type'],
  ])('%s is malformed: %s', (jwt) => {
    expect(parseProof(jwt, false)).toBe('malformed')
  })

  test.each([undefined, 'none', 'HS256', 'es256', 'ES384', ['ES256'], 1])(
    'alg %j is no algorithm',
    (alg) => {
      expect(parseProof(written({ alg }), false)).toBe('algorithm')
    },
  )

  test('asks for a challenge that is a string, and an audience that is one if it is there', () => {
    expect(parseProof(written({}, { jti: 1 }), false)).toBe('challenge')
    expect(parseProof(written({}, { jti: undefined }), false)).toBe('challenge')
    expect(parseProof(written({}, { aud: 1 }), false)).toBe('audience')
    expect(parseProof(written({}, { aud: null }), false)).toBe('audience')
    expect(parseProof(written({}, { aud: ['x'] }), false)).toBe('audience')
  })

  test('reads own members alone', () => {
    const header = encode({ alg: 'ES256' })
    const polluted: object = Object.prototype
    Object.assign(polluted, { typ: 'dbsc+jwt' })
    try {
      expect(parseProof(`${header}.${encode({ jti: 'c' })}.AA`, false)).toBe('malformed')
    } finally {
      Reflect.deleteProperty(polluted, 'typ')
    }
  })
})

describe('isSignedBy', () => {
  test('is true for the key that signed, and false for another', async () => {
    const proof = parsed(await signProof(device, 'c', false))
    expect(await isSignedBy(proof, key)).toBe(true)
    const other = parsePublicJwk((await makeDevice()).jwk, 'ES256')
    expect(other && (await isSignedBy(proof, other))).toBe(false)
  })

  test('is false for an altered proof, and for a point that is not on the curve', async () => {
    const jwt = await signProof(device, 'c', false)
    const [header = '', , signature = ''] = jwt.split('.')
    const altered = parsed(`${header}.${encode({ jti: 'd' })}.${signature}`)
    expect(await isSignedBy(altered, key)).toBe(false)
    const [x] = key.parts
    expect(await isSignedBy(parsed(jwt), { alg: 'ES256', parts: [x, x] })).toBe(false)
  })

  test('is false where the algorithms differ, without a look at the key', async () => {
    const proof = parsed(await signProof(device, 'c', false))
    expect(await isSignedBy({ ...proof, alg: 'RS256' }, key)).toBe(false)
    expect(await isSignedBy(proof, { ...key, alg: 'RS256' })).toBe(false)
  })

  test('verifies with the algorithm of the key, whatever the header says', async () => {
    const jwt = await signProof(device, 'c', false)
    const [, payload = '', signature = ''] = jwt.split('.')
    const header = encode({ alg: 'RS256', typ: 'dbsc+jwt' })
    const forged = { ...parsed(`${header}.${payload}.${signature}`), alg: 'ES256' } as const
    expect(await isSignedBy(forged, key)).toBe(false)
  })
})
