// What `jose` accepts and rejects with the options of src/token/jwe-jose.ts, so that an update that
// accepts more is noticed; and that `unseal` and `open` accept none of it, whatever `jose` does.

import { createCipheriv, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import {
  CompactEncrypt,
  FlattenedEncrypt,
  SignJWT,
  UnsecuredJWT,
  compactDecrypt,
  generateKeyPair,
} from 'jose'
import type { CompactJWEHeaderParameters, CryptoKey } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { ENGINES, useEngine } from '../support/attacks.ts'
import {
  NAME,
  SECRET,
  START,
  dayKey,
  forge,
  headerOf,
  mintToken,
  payload,
} from '../support/mint.ts'

const KID = `"kid":"${headerOf().kid}"`
const HEADER = `{"alg":"dir","enc":"A256GCM",${KID}}`

/** The key of today's bare tokens. */
const KEY = dayKey({ purpose: 'token' })

interface TokenParts {
  readonly payload?: string | Buffer
  readonly ivBytes?: number
  readonly tagBytes?: number
  readonly encryptedKey?: string
}

/** A token under the right key, authenticated as given, that differs in the named part. */
function sealToken(header: string | Buffer, made: TokenParts = {}): string {
  const { payload: text = payload(), ivBytes = 12, tagBytes = 16, encryptedKey = '' } = made
  const aad = encode(header)
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', KEY, iv).setAAD(Buffer.from(aad))
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  const tag = cipher.getAuthTag().subarray(0, tagBytes)
  return [aad, encryptedKey, encode(iv), encode(ciphertext), encode(tag)].join('.')
}

/** The header with further members. */
function withMembers(members: string): string {
  return HEADER.replace('"kid"', `${members},"kid"`)
}

function encode(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Returns a token with one of its five parts changed. */
function changed(
  index: number,
  change: (part: string) => string,
  token = sealToken(HEADER),
): string {
  const parts = token.split('.')
  return parts.with(index, change(parts[index] ?? '')).join('.')
}

/** The last character with another of the bits that decoders drop: as many bytes, the same ones. */
function otherBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bytes = Buffer.from(part, 'base64url')
  const other = [...alphabet]
    .map((character) => part.slice(0, -1) + character)
    .find((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes))
  if (other === undefined) throw new Error('no bits are left over')
  return other
}

function forgeToken(header: object): string {
  return forge(JSON.stringify(header), payload(), { purpose: 'token' })
}

/** A token in which a character of base64url has another spelling in base64. */
function standardAlphabet(): string {
  for (;;) {
    const token = sealToken(HEADER)
    const tag = token.slice(-22)
    if (/[-_]/.test(tag)) {
      return token.slice(0, -22) + tag.replaceAll('-', '+').replaceAll('_', '/')
    }
  }
}

function under(
  header: CompactJWEHeaderParameters,
  key: Uint8Array | CryptoKey = KEY,
): Promise<string> {
  const encrypting = new CompactEncrypt(new TextEncoder().encode(payload()))
  return encrypting.setProtectedHeader({ kid: headerOf().kid, ...header }).encrypt(key)
}

async function flattened(): Promise<object> {
  const text = new TextEncoder().encode(payload())
  return new FlattenedEncrypt(text).setProtectedHeader(headerOf()).encrypt(KEY)
}

const rsa = async () => (await generateKeyPair('RSA-OAEP-256')).publicKey
const ec = async () => (await generateKeyPair('ECDH-ES')).publicKey

type Tokens = Readonly<Record<string, () => string | Promise<string>>>

/** Tokens that `jose` itself must reject, in every version of our range. */
const REFUSED: Tokens = {
  'alg A256KW': () => under({ alg: 'A256KW', enc: 'A256GCM' }),
  'alg A256GCMKW': () => under({ alg: 'A256GCMKW', enc: 'A256GCM' }),
  'alg PBES2': () => under({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM' }),
  'alg RSA-OAEP-256': async () => under({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }, await rsa()),
  'alg ECDH-ES': async () => under({ alg: 'ECDH-ES', enc: 'A256GCM' }, await ec()),
  'alg none': () => sealToken(HEADER.replace('dir', 'none')),
  'alg in upper case': () => sealToken(HEADER.replace('dir', 'DIR')),
  'no alg': () => sealToken(`{"enc":"A256GCM",${KID}}`),
  'enc A128GCM': () => under({ alg: 'dir', enc: 'A128GCM' }, KEY.subarray(0, 16)),
  'enc A256GCM called A128GCM': () => sealToken(HEADER.replace('A256GCM', 'A128GCM')),
  'enc A256CBC-HS512': () => under({ alg: 'dir', enc: 'A256CBC-HS512' }, Buffer.concat([KEY, KEY])),
  'enc in lower case': () => sealToken(HEADER.replace('A256GCM', 'a256gcm')),
  'no enc': () => sealToken(`{"alg":"dir",${KID}}`),
  'zip DEF': () => sealToken(withMembers('"zip":"DEF"'), { payload: deflateRawSync(payload()) }),
  'zip DEF of nothing': () => sealToken(withMembers('"zip":"DEF"'), { payload: '' }),
  'zip GZIP': () => sealToken(withMembers('"zip":"GZIP"')),
  'crit of an unknown member': () => sealToken(withMembers('"crit":["x"],"x":1')),
  'crit b64': () => sealToken(withMembers('"crit":["b64"],"b64":false')),
  'crit of nothing': () => sealToken(withMembers('"crit":[]')),
  'crit that is a string': () => sealToken(withMembers('"crit":"x"')),
  ...Object.fromEntries(
    [0, 4, 8, 12, 13, 14, 15].map((tagBytes) => [
      `a tag of ${tagBytes} bytes`,
      () => sealToken(HEADER, { tagBytes }),
    ]),
  ),
  'a tag of 18 bytes': () => `${sealToken(HEADER)}AA`,
  'another tag': () => changed(4, (tag) => (tag.startsWith('A') ? 'B' : 'A') + tag.slice(1)),
  'no IV': () => changed(2, () => ''),
  ...Object.fromEntries(
    [8, 11, 13, 16].map((ivBytes) => [
      `an IV of ${ivBytes} bytes`,
      () => sealToken(HEADER, { ivBytes }),
    ]),
  ),
  'an IV with padding': () => changed(2, (iv) => `${iv}=`),
  'a header with padding': () => changed(0, (header) => `${header}=`),
  'a blank before it': () => ` ${sealToken(HEADER)}`,
  'a character of no alphabet': () => changed(4, (tag) => `${tag.slice(0, -1)}!`),
  'an encrypted key': () => sealToken(HEADER, { encryptedKey: encode(KEY) }),
  'three parts': () => sealToken(HEADER).split('.').slice(0, 3).join('.'),
  'four parts': () => sealToken(HEADER).split('.').slice(0, 4).join('.'),
  'six parts': () => `${sealToken(HEADER)}.AA`,
  'a signed token': () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(KEY),
  'an unsecured token': () => new UnsecuredJWT({}).encode(),
  'the flattened JSON serialisation': async () => JSON.stringify(await flattened()),
  'the general JSON serialisation': async () =>
    JSON.stringify({ ...(await flattened()), recipients: [{}] }),
  'a header that is an array': () => sealToken('[]'),
  'a header that is null': () => sealToken('null'),
  'a header that is no JSON': () => sealToken('dir'),
  'a header that is no UTF-8': () => sealToken(Buffer.from([0x7b, 0xff, 0x7d])),
}

/**
 * Tokens that `jose` accepts, because most of them are legal JOSE. The library rejects them before
 * it derives a key.
 */
const ACCEPTED: Tokens = {
  'b64 without crit': () => sealToken(withMembers('"b64":false')),
  'alg twice': () => sealToken(`{"alg":"none",${HEADER.slice(1)}`),
  'enc twice': () => sealToken(`{"enc":"A128GCM",${HEADER.slice(1)}`),
  'kid twice': () => sealToken(withMembers('"kid":"other.1"')),
  'escapes in a name': () => sealToken(HEADER.replace('"alg"', String.raw`"\u0061lg"`)),
  'another order': () => sealToken(`{"enc":"A256GCM","alg":"dir",${KID}}`),
  'blanks in the header': () => sealToken(HEADER.replaceAll(',', ', ')),
  'a byte order mark': () => sealToken(`\ufeff${HEADER}`),
  'no kid': () => sealToken('{"alg":"dir","enc":"A256GCM"}'),
  'a kid that is a number': () => sealToken('{"alg":"dir","enc":"A256GCM","kid":5}'),
  'a key in the header': () => sealToken(withMembers('"jwk":{"kty":"oct","k":"AAAA"}')),
  'an address for keys': () => sealToken(withMembers('"jku":"https://example.test/keys"')),
  'a work factor': () => sealToken(withMembers('"p2s":"AAAA","p2c":1000000000')),
  'an ephemeral key': () => sealToken(withMembers('"epk":{}')),
  'a typ': () => forgeToken({ ...headerOf(), typ: 'JWT' }),
  'a cty': () => forgeToken({ ...headerOf(), cty: 'JWT' }),
  'an unknown member': () => sealToken(withMembers('"x":1')),
  'an empty ciphertext': () => sealToken(HEADER, { payload: '' }),
  'a tag with padding': () => `${sealToken(HEADER)}==`,
  'a blank behind it': () => `${sealToken(HEADER)} \n`,
  'a blank in the IV': () => changed(2, (iv) => `${iv.slice(0, 4)} ${iv.slice(4)}`),
  'other trailing bits of the tag': () => changed(4, otherBits),
  'other trailing bits of the ciphertext': () =>
    changed(3, otherBits, sealToken(HEADER, { payload: payload({ data: { user: 'zoe' } }) })),
}

/** Tokens that the oldest version of our range accepts, and the newest does not. */
const ACCEPTED_BY_SOME: Tokens = {
  'the alphabet of base64': standardAlphabet,
}

/** The call of src/token/jwe-jose.ts. */
async function verdict(token: string): Promise<string> {
  const bytes = Uint8Array.from(KEY)
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt'])
  try {
    await compactDecrypt(token, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return 'accepted'
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'))
  }
}

async function accepted(tokens: Tokens): Promise<string[]> {
  const found: string[] = []
  for (const [name, token] of Object.entries(tokens)) {
    if ((await verdict(await token())) === 'accepted') found.push(name)
  }
  return found
}

test('the token that all others are made from is accepted by jose', async () => {
  expect(await verdict(sealToken(HEADER))).toBe('accepted')
})

test('jose itself rejects, with an error of its own, every token that our options forbid', async () => {
  for (const [name, token] of Object.entries(REFUSED)) {
    expect(await verdict(await token()), name).toMatch(/^ERR_J(?:OSE|WE)_/)
  }
})

test('jose accepts these other spellings of our tokens', async () => {
  expect(await accepted(ACCEPTED)).toEqual(Object.keys(ACCEPTED))
})

describe.each(ENGINES)('the library, with %s', (engine) => {
  useEngine(engine)

  afterEach(() => {
    vi.restoreAllMocks()
  })

  // Created inside the tests, because an engine is chosen when sessions are created.
  const createAll = () =>
    createSessions<{ user: string }>({ secrets: SECRET, clock: () => START * 1000 })

  test('accepts the token that all others are made from, and what another writer minted', async () => {
    for (const token of [sealToken(HEADER), mintToken()]) {
      const session = await createAll().unseal(token)
      expect([session.get('user'), session.rejection]).toEqual(['ada', undefined])
    }
  })

  test('accepts none of the others, whether jose does or not, bare or as a cookie', async () => {
    const others = Object.entries({ ...REFUSED, ...ACCEPTED, ...ACCEPTED_BY_SOME })
    expect(others.length).toBeGreaterThan(70)
    const sessions = createAll()
    for (const [name, sealToken] of others) {
      const token = await sealToken()
      const bare = await sessions.unseal(token)
      // All but one are rejected by their form, before a key is derived.
      const reason = name === 'another tag' ? 'undecryptable' : 'malformed'
      expect([bare.rejection, bare.isEmpty], name).toEqual([{ reason }, true])
      const cookie = await sessions.open(`${NAME}=${token}`)
      expect([cookie.rejection, cookie.isEmpty], name).toEqual([{ reason: 'malformed' }, true])
    }
  })
})
