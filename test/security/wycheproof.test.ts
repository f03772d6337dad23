// Published vectors (vectors/wycheproof/README.md) through both engines and the derivation,
// unaltered. Every vector has an expected result, and the counts are exact, so that a skipped one
// is noticed. What the format fixes is replaced by spies on the primitives only: a vector's IV for
// the random one, its associated data for our header.

import nodeCrypto, { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { makeJoseKey } from '../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../src/token/jwe-node.ts'
import { formatToken, formatValue, headerOf, parseToken, parseValue } from '../../src/token/jwe.ts'
import type { DayKey, MakeKey } from '../../src/token/jwe.ts'
import { createKeyRing } from '../../src/token/key-ring.ts'
import { inEngine } from '../support/engines.ts'
import { NAME, SECRET, untyped } from '../support/mint.ts'

type Bytes = Uint8Array<ArrayBuffer>

interface Gcm {
  readonly tcId: number
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
  readonly result: 'valid' | 'invalid'
}

interface Hkdf {
  readonly tcId: number
  readonly ikm: string
  readonly salt: string
  readonly info: string
  readonly size: number
  readonly okm: string
  readonly result: 'valid' | 'invalid'
}

interface Jose {
  readonly tcId: number
  /** A token; the JSON serialisation as a string or as an object. */
  readonly jwe?: unknown
  readonly jws?: unknown
  readonly result: 'valid' | 'invalid'
}

interface Group<Vector> {
  readonly ivSize: number
  readonly keySize: number
  readonly tagSize: number
  readonly private: { readonly k?: string }
  readonly tests: readonly Vector[]
}

function read<Vector>(file: string): readonly Group<Vector>[] {
  const place = new URL(`./vectors/wycheproof/${file}`, import.meta.url)
  const { numberOfTests, testGroups } = untyped<{
    numberOfTests: number
    testGroups: readonly Group<Vector>[]
  }>(JSON.parse(readFileSync(place, 'utf8')))
  expect(testGroups.flatMap(({ tests }) => tests)).toHaveLength(numberOfTests)
  return testGroups
}

const KEY_ID = { id: 'aB-_', day: 20_123 }
const HEADER = headerOf(KEY_ID)

const ENGINES: readonly [string, MakeKey | undefined][] = [
  ['jose', makeJoseKey],
  ['node:crypto', nodeKeys()],
]

afterEach(() => {
  vi.restoreAllMocks()
})

const fromHex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array | ArrayBuffer): string =>
  Buffer.from(new Uint8Array(bytes)).toString('hex')
const encoded = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

/** Returns what a vector seals in the form that our keys accept. */
function sealedOf({ iv, ct, tag }: Gcm): string {
  return `${encoded(iv)}.${encoded(ct)}.${encoded(tag)}`
}

/** Returns its possible forms, parsed: the value of a cookie, and a bare token. */
function parsedForms(sealed: string): readonly unknown[] {
  return [parseValue(formatValue(KEY_ID, sealed)), parseToken(formatToken(KEY_ID, sealed))]
}

/** Whether a token of others has one of our forms. */
function hasOurForm(token: string): boolean {
  return parseValue(token) !== undefined || parseToken(token) !== undefined
}

function textOf(hex: string): string | undefined {
  const text = Buffer.from(hex, 'hex').toString()
  return Buffer.from(text).toString('hex') === hex ? text : undefined
}

/** Counts how often each value occurs. */
function tally(values: Iterable<string | undefined>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1
  return counts
}

describe('AES-GCM', () => {
  const groups = read<Gcm>('aes_gcm_test.json')
  const isOurs = ({ keySize, ivSize, tagSize }: Group<Gcm>) =>
    keySize === 256 && ivSize === 96 && tagSize === 128
  const ours = groups.filter(isOurs).flatMap(({ tests }) => tests)
  const otherIvs = groups
    .filter((group) => group.keySize === 256 && !isOurs(group))
    .flatMap(({ tests }) => tests)
  const otherKeys = groups.filter(({ keySize }) => keySize !== 256).flatMap(({ tests }) => tests)

  test('316 vectors: 66 of our key, IV and tag, 39 of another IV, 211 of another key', () => {
    expect(tally(groups.map(({ tagSize }) => String(tagSize)))).toEqual({ 128: groups.length })
    const counts = [ours, otherIvs, otherKeys].map((vectors) =>
      tally(vectors.map(({ result }) => result)),
    )
    expect(counts).toEqual([
      { valid: 39, invalid: 27 },
      { valid: 37, invalid: 2 },
      { valid: 153, invalid: 58 },
    ])
    expect(otherIvs.filter(({ iv }) => iv.length === 24)).toEqual([])
  })

  test('both primitives agree with every vector with our lengths of key, IV and tag', async () => {
    const results = await Promise.all(
      ours.map(async ({ key, iv, aad, ct, tag, msg, result }) => {
        const expected = result === 'valid' ? msg : 'refused'
        const wrong = [
          (await webCryptoOpens({ key, iv, aad, ct, tag })) === expected ? [] : ['WebCrypto'],
          nodeOpens({ key, iv, aad, ct, tag }) === expected ? [] : ['node:crypto'],
        ]
        return wrong.flat().join() || result
      }),
    )
    expect(tally(results)).toEqual({ valid: 39, invalid: 27 })
  })

  describe.each(ENGINES)('with %s', (engine, makeKey = makeJoseKey) => {
    const keyOf = async ({ key }: Gcm): Promise<DayKey> => makeKey(KEY_ID, fromHex(key))

    test('every vector has its expected result, with its associated data in place of our header', async () => {
      const results: string[] = []
      for (const vector of ours) {
        const key = await keyOf(vector)
        const decoded = watchDecoder()
        const replaced = replaceAssociatedData(engine, fromHex(vector.aad))
        const text = await key.open(sealedOf(vector))
        const bytes = decoded()
        expect(replaced()).toBe(1)
        vi.restoreAllMocks()
        // The engine's own verdict on the tag, and the bytes that it would return as text.
        const opened = bytes.includes(vector.msg) && text === textOf(vector.msg)
        const refused = text === undefined && !bytes.includes(vector.msg)
        results.push(`${vector.result} ${opened ? 'opened' : refused ? 'refused' : 'neither'}`)
      }
      expect(tally(results)).toEqual({ 'valid opened': 39, 'invalid refused': 27 })
    })

    test('with our header none opens and none throws; without a ciphertext it does not have our form', async () => {
      const results: (string | undefined)[] = []
      for (const vector of ours) {
        const sealed = sealedOf(vector)
        const isOurs = vector.ct !== ''
        const expected = isOurs ? { ...KEY_ID, sealed } : undefined
        expect(parsedForms(sealed)).toEqual([expected, expected])
        const text = await (await keyOf(vector)).open(sealed)
        results.push(`${isOurs ? 'of our form' : 'malformed'}: ${String(text)}`)
      }
      expect(tally(results)).toEqual({ 'of our form: undefined': 64, 'malformed: undefined': 2 })
    })

    test('with the IV of a valid vector it seals with the same key stream, and either engine opens it', async () => {
      const results: string[] = []
      for (const { key: hex, iv, msg, ct, result } of ours) {
        if (result === 'invalid' || msg === '') continue
        // Sessions are text, and most of these messages are not: another text of the same length
        // then.
        const own = textOf(msg)
        const text = own ?? 'x'.repeat(msg.length / 2)
        const key = await makeKey(KEY_ID, fromHex(hex))
        const drawn = replaceRandom(engine, fromHex(iv))
        const sealed = await key.seal(text)
        expect(drawn()).toBe(1)
        vi.restoreAllMocks()

        const body = xor(xor(fromHex(ct), fromHex(msg)), Buffer.from(text))
        const cipher = nodeCrypto.createCipheriv('aes-256-gcm', fromHex(hex), fromHex(iv))
        cipher.setAAD(Buffer.from(HEADER)).update(text)
        cipher.final()
        const parts = [fromHex(iv), body, cipher.getAuthTag()].map((part) => encoded(toHex(part)))
        expect(sealed).toBe(parts.join('.'))
        for (const [, make = makeJoseKey] of ENGINES) {
          expect(await (await make(KEY_ID, fromHex(hex))).open(sealed)).toBe(text)
        }
        results.push(own === undefined ? 'key stream' : 'ciphertext')
      }
      expect(tally(results)).toEqual({ ciphertext: 2, 'key stream': 35 })
    })

    test('an IV of another length is rejected before any crypto, in a cookie too', async () => {
      const sessions = sessionsOf(engine)
      const counts = watchCrypto()
      const results: string[] = []
      for (const vector of otherIvs) {
        const sealed = sealedOf(vector)
        expect(parsedForms(sealed)).toEqual([undefined, undefined])
        const cookie = await sessions.open(`${NAME}=${formatValue(KEY_ID, sealed)}`)
        const bare = await sessions.unseal(formatToken(KEY_ID, sealed))
        results.push(`${cookie.rejection?.reason}, ${bare.rejection?.reason}`)
      }
      expect(tally(results)).toEqual({ 'malformed, malformed': 39 })
      expect(counts()).toEqual({ derivations: 0, decryptions: 0 })
    })

    test('a key of another length neither seals nor opens', async () => {
      const results: string[] = []
      for (const vector of otherKeys) {
        const sealed = await attempt(async () => (await keyOf(vector)).seal('text'))
        const opened = await attempt(async () => (await keyOf(vector)).open(sealedOf(vector)))
        results.push(`${String(sealed)}, ${String(opened)}`)
      }
      expect(tally(results)).toEqual({ 'undefined, undefined': 211 })
    })
  })
})

describe('HKDF-SHA-256', () => {
  const groups = read<Hkdf>('hkdf_sha256_test.json')
  const vectors = groups.flatMap(({ tests }) => tests)
  const valid = vectors.filter(({ result }) => result === 'valid')
  const invalid = vectors.filter(({ result }) => result === 'invalid')
  const withoutSalt = valid.filter(({ salt }) => salt === '')

  test('86 vectors: 83 valid ones, 23 of them without a salt, and 3 that request too much', () => {
    expect([valid.length, withoutSalt.length, invalid.length]).toEqual([83, 23, 3])
    expect(invalid.map(({ size }) => size)).toEqual([8161, 8161, 8161])
  })

  test('WebCrypto, called as the derivation of keys calls it, agrees with every vector', async () => {
    const [asked] = await algorithmsOfOurs()
    if (asked === undefined) throw new Error('nothing was derived')
    expect({ ...asked, info: undefined }).toEqual({
      name: 'HKDF',
      hash: 'SHA-256',
      salt: new Uint8Array(0),
      info: undefined,
    })
    const agreed = await Promise.all(
      valid.map(async ({ ikm, salt, info, size, okm }) => {
        const algorithm = { ...asked, salt: fromHex(salt), info: fromHex(info) }
        const bits = await crypto.subtle.deriveBits(algorithm, await materialOf(ikm), 8 * size)
        return toHex(bits) === okm
      }),
    )
    expect(tally(agreed.map(String))).toEqual({ true: 83 })
  })

  test('more than 255 blocks are rejected', async () => {
    const [asked] = await algorithmsOfOurs()
    for (const { ikm, salt, info, size } of invalid) {
      const algorithm = { ...asked, name: 'HKDF', salt: fromHex(salt), info: fromHex(info) }
      const material = await materialOf(ikm)
      const refusal = { name: 'OperationError' }
      await expect(crypto.subtle.deriveBits(algorithm, material, 8 * size)).rejects.toMatchObject(
        refusal,
      )
      expect(() => hkdfSync('sha256', fromHex(ikm), fromHex(salt), fromHex(info), size)).toThrow(
        expect.objectContaining({ code: 'ERR_CRYPTO_INVALID_KEYLEN' }),
      )
    }
  })

  test('the key of a day is a prefix of every vector without a salt that is long enough', async () => {
    // The output of HKDF is a stream: a shorter output is a prefix (RFC 5869 section 2.3).
    const long = withoutSalt.filter(({ size }) => size >= 32)
    const keys: string[] = []
    for (const vector of long) keys.push((await derived(vector)).key)
    expect(keys).toEqual(long.map(({ okm }) => okm.slice(0, 64)))
    expect(keys).toHaveLength(17)
  })

  test('the id of a secret is a prefix of every vector without a salt', async () => {
    const ids: string[] = []
    for (const vector of withoutSalt) ids.push((await derived(vector)).id)
    expect(ids).toEqual(withoutSalt.map(({ okm }) => okm.slice(0, 6)))
    expect(ids).toHaveLength(23)
  })
})

describe('JSON Web Encryption', () => {
  const files = {
    'json_web_encryption_test.json': { encrypted: 139, signed: 0, valid: 65, direct: 1, empty: 0 },
    'json_web_crypto_test.json': { encrypted: 34, signed: 49, valid: 6, direct: 0, empty: 3 },
  }

  describe.each(Object.entries(files))('%s', (file, expected) => {
    const groups = read<Jose>(file)
    const vectors = groups.flatMap(({ tests }) => tests)
    const encrypted = vectors.filter(({ jwe }) => jwe !== undefined)
    const tokens = vectors.map(tokenOf)

    test('has no vector of our algorithms, and this many of others', () => {
      const headers = tokens.map((token) =>
        Buffer.from(token.split('.', 1).join(), 'base64url').toString('latin1'),
      )
      const direct = headers.filter((header) => header.includes('"dir"'))
      expect(direct.filter((header) => header.includes('"A256GCM"'))).toEqual([])
      expect({
        encrypted: encrypted.length,
        signed: vectors.filter(({ jws }) => jws !== undefined).length,
        valid: vectors.filter(({ result }) => result === 'valid').length,
        direct: direct.length,
        empty: tokens.filter((token) => token === '').length,
      }).toEqual(expected)
    })

    test('has no vector of our form', () => {
      expect(tokens).toHaveLength(expected.encrypted + expected.signed)
      expect(tokens.filter(hasOurForm)).toEqual([])
    })

    test.each(ENGINES)(
      'with %s, has no vector that opens a session, as a cookie or bare, or costs crypto',
      async (engine) => {
        const sessions = sessionsOf(engine)
        const counts = watchCrypto()
        const results: string[] = []
        // The empty string is no bare token, but a cookie without a value is still a cookie.
        for (const token of tokens.filter((token) => token !== '')) {
          const cookie = await sessions.open(`${NAME}=${token}`)
          const bare = await sessions.unseal(token)
          expect([cookie.isEmpty, bare.isEmpty]).toEqual([true, true])
          results.push(`${cookie.rejection?.reason}, ${bare.rejection?.reason}`)
        }
        expect(tally(results)).toEqual({
          'malformed, malformed': expected.encrypted + expected.signed - expected.empty,
        })
        expect(counts()).toEqual({ derivations: 0, decryptions: 0 })
      },
    )

    test('is rejected by jose, called as our engine calls it, under each vector’s own key too', async () => {
      const results: (string | undefined)[] = []
      for (const { tests, private: secret } of groups) {
        const bytes = Buffer.from(secret.k ?? SECRET, 'base64url')
        // A key that is no AES key is replaced by one of ours.
        const usable = [16, 24, 32].includes(bytes.length) ? bytes : Buffer.alloc(32, 7)
        const key = await makeJoseKey(KEY_ID, new Uint8Array(usable))
        for (const vector of tests) results.push(await key.open(tokenOf(vector)))
      }
      expect(tally(results)).toEqual({ undefined: expected.encrypted + expected.signed })
    })
  })
})

/** A vector's token; the JSON serialisation as a string. */
function tokenOf({ jwe, jws }: Jose): string {
  const token = jwe ?? jws
  return typeof token === 'string' ? token : JSON.stringify(token)
}

/** Creates sessions with one engine. */
function sessionsOf(engine: string) {
  const clock = () => KEY_ID.day * 86_400_000
  return inEngine(engine, () => createSessions({ secrets: SECRET, clock }))
}

function watchCrypto() {
  const derivations = vi.spyOn(crypto.subtle, 'deriveBits')
  const webCrypto = vi.spyOn(crypto.subtle, 'decrypt')
  const node = vi.spyOn(nodeCrypto, 'createDecipheriv')
  return () => ({
    derivations: derivations.mock.calls.length,
    decryptions: webCrypto.mock.calls.length + node.mock.calls.length,
  })
}

/**
 * The bytes, in hex, that were decoded as text since the last call. jose decodes the header too.
 */
function watchDecoder(): () => string[] {
  const decode = vi.spyOn(TextDecoder.prototype, 'decode')
  return () => decode.mock.calls.map(([bytes]) => toHex(untyped<Uint8Array>(bytes)))
}

/** Makes the engine authenticate these bytes. Returns how often it did. */
function replaceAssociatedData(engine: string, aad: Bytes): () => number {
  if (engine === 'jose') {
    const decrypt = crypto.subtle.decrypt.bind(crypto.subtle)
    const spy = vi.spyOn(crypto.subtle, 'decrypt').mockImplementation((algorithm, key, data) => {
      const asked = untyped<AesGcmParams>(algorithm)
      return decrypt({ ...asked, additionalData: aad }, key, data)
    })
    return () => spy.mock.calls.length
  }
  const { createDecipheriv } = nodeCrypto
  const spy = vi.spyOn(nodeCrypto, 'createDecipheriv').mockImplementation(
    untyped((name: 'aes-256-gcm', key: nodeCrypto.KeyObject, iv: Bytes, options: object) => {
      const decipher = createDecipheriv(name, key, iv, options)
      const setAAD = decipher.setAAD.bind(decipher)
      decipher.setAAD = () => setAAD(aad)
      return decipher
    }),
  )
  return () => spy.mock.calls.length
}

/** Makes the engine draw these bytes. Returns how often it did. */
function replaceRandom(engine: string, bytes: Bytes): () => number {
  const fill = <T>(array: T): T => {
    untyped<Uint8Array>(array).set(bytes)
    return array
  }
  const spy =
    engine === 'jose'
      ? vi.spyOn(crypto, 'getRandomValues').mockImplementation(fill)
      : vi.spyOn(nodeCrypto, 'randomFillSync').mockImplementation(fill)
  return () => spy.mock.calls.length
}

/** Returns the result of `act`, or `undefined` if it throws. */
async function attempt(act: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await act()
  } catch {
    return undefined
  }
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] ?? 0))
}

type Sealed = Pick<Gcm, 'key' | 'iv' | 'aad' | 'ct' | 'tag'>

async function webCryptoOpens({ key, iv, aad, ct, tag }: Sealed): Promise<string> {
  const imported = await crypto.subtle.importKey('raw', fromHex(key), 'AES-GCM', false, ['decrypt'])
  const algorithm = {
    name: 'AES-GCM',
    iv: fromHex(iv),
    additionalData: fromHex(aad),
    tagLength: 128,
  }
  return crypto.subtle.decrypt(algorithm, imported, fromHex(ct + tag)).then(toHex, () => 'refused')
}

function nodeOpens({ key, iv, aad, ct, tag }: Sealed): string {
  const options = { authTagLength: 16 }
  const decipher = nodeCrypto.createDecipheriv('aes-256-gcm', fromHex(key), fromHex(iv), options)
  decipher.setAAD(fromHex(aad)).setAuthTag(fromHex(tag))
  const bytes = decipher.update(fromHex(ct))
  try {
    decipher.final()
    return toHex(bytes)
  } catch {
    return 'refused'
  }
}

function materialOf(ikm: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', fromHex(ikm), 'HKDF', false, ['deriveBits'])
}

/** Records what our derivation passes to WebCrypto for an id and for a key. */
async function algorithmsOfOurs(): Promise<HkdfParams[]> {
  const deriveBits = vi.spyOn(crypto.subtle, 'deriveBits')
  await derive(fromHex('5c1f0b7e'.repeat(8)))
  const algorithms = deriveBits.mock.calls.map(([algorithm]) => untyped<HkdfParams>(algorithm))
  deriveBits.mockRestore()
  return algorithms
}

/**
 * Returns the id and the key, in hex, of a vector's secret in a context with the vector's `info`.
 */
async function derived({ ikm, info }: Hkdf) {
  const encode = vi.spyOn(TextEncoder.prototype, 'encode').mockReturnValue(fromHex(info))
  const { id, key } = await derive(fromHex(ikm))
  expect(encode).toHaveBeenCalledTimes(2)
  encode.mockRestore()
  return { id: toHex(Buffer.from(id, 'base64url')), key: toHex(key) }
}

async function derive(bytes: Bytes) {
  const made: { id: string; key: Bytes }[] = []
  const makeKey: MakeKey = ({ id, day }, key) => {
    made.push({ id, key })
    return { id, day, seal: (text) => text, open: (token) => token }
  }
  const ring = createKeyRing([{ bytes, id: undefined, activeFrom: 0 }], NAME, 86_400, makeKey)
  await ring.sealing('cookie', KEY_ID.day, KEY_ID.day * 86_400)
  const [only] = made
  if (only === undefined) throw new Error('no key was made')
  return only
}
