// What `jose` takes and refuses with the options of src/seal.ts, so that an update that takes more is
// noticed here and not by somebody else; and that `open` takes none of it, whatever `jose` does.

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
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { NAME, SECRET, START, claims, dayKey, headerOf, mintUnder, untyped } from '../support/mint.ts'

const KID = `"kid":"${headerOf().kid}"`
const HEADER = `{"alg":"dir","enc":"A256GCM",${KID}}`

interface Made {
  readonly payload?: string | Buffer
  readonly ivBytes?: number
  readonly tagBytes?: number
  readonly encryptedKey?: string
}

/** A token under the right key, authenticated as it stands, that differs in what is named. */
function make(header: string | Buffer, made: Made = {}): string {
  const { payload = claims(), ivBytes = 12, tagBytes = 16, encryptedKey = '' } = made
  const aad = encode(header)
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', dayKey(), iv).setAAD(Buffer.from(aad))
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()])
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

/** A token with one of its five parts as `change` makes it. */
function changed(index: number, change: (part: string) => string, token = make(HEADER)): string {
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

/** A token in which a character of base64url has another spelling in base64. */
function standardAlphabet(): string {
  for (;;) {
    const token = make(HEADER)
    const tag = token.slice(-22)
    if (/[-_]/.test(tag)) {
      return token.slice(0, -22) + tag.replaceAll('-', '+').replaceAll('_', '/')
    }
  }
}

function under(
  header: CompactJWEHeaderParameters,
  key: Uint8Array | CryptoKey = dayKey(),
): Promise<string> {
  const encrypting = new CompactEncrypt(new TextEncoder().encode(claims()))
  return encrypting.setProtectedHeader({ kid: headerOf().kid ?? '', ...header }).encrypt(key)
}

async function flattened(): Promise<object> {
  const text = new TextEncoder().encode(claims())
  return new FlattenedEncrypt(text).setProtectedHeader(headerOf()).encrypt(dayKey())
}

const rsa = async () => (await generateKeyPair('RSA-OAEP-256')).publicKey
const ec = async () => (await generateKeyPair('ECDH-ES')).publicKey

type Tokens = Readonly<Record<string, () => string | Promise<string>>>

/** What `jose` has to refuse by itself, in every version of our range. */
const REFUSED: Tokens = {
  'alg A256KW': () => under({ alg: 'A256KW', enc: 'A256GCM' }),
  'alg A256GCMKW': () => under({ alg: 'A256GCMKW', enc: 'A256GCM' }),
  'alg PBES2': () => under({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM' }),
  'alg RSA-OAEP-256': async () => under({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }, await rsa()),
  'alg ECDH-ES': async () => under({ alg: 'ECDH-ES', enc: 'A256GCM' }, await ec()),
  'alg none': () => make(HEADER.replace('dir', 'none')),
  'alg in upper case': () => make(HEADER.replace('dir', 'DIR')),
  'no alg': () => make(`{"enc":"A256GCM",${KID}}`),
  'enc A128GCM': () => under({ alg: 'dir', enc: 'A128GCM' }, dayKey().subarray(0, 16)),
  'enc A256GCM called A128GCM': () => make(HEADER.replace('A256GCM', 'A128GCM')),
  'enc A256CBC-HS512': () =>
    under({ alg: 'dir', enc: 'A256CBC-HS512' }, Buffer.concat([dayKey(), dayKey()])),
  'enc in lower case': () => make(HEADER.replace('A256GCM', 'a256gcm')),
  'no enc': () => make(`{"alg":"dir",${KID}}`),
  'zip DEF': () => make(withMembers('"zip":"DEF"'), { payload: deflateRawSync(claims()) }),
  'zip DEF of nothing': () => make(withMembers('"zip":"DEF"'), { payload: '' }),
  'zip GZIP': () => make(withMembers('"zip":"GZIP"')),
  'crit of an unknown member': () => make(withMembers('"crit":["exp"],"exp":1')),
  'crit b64': () => make(withMembers('"crit":["b64"],"b64":false')),
  'crit of nothing': () => make(withMembers('"crit":[]')),
  'crit that is a text': () => make(withMembers('"crit":"exp"')),
  ...Object.fromEntries(
    [0, 4, 8, 12, 13, 14, 15].map((tagBytes) => [
      `a tag of ${tagBytes} bytes`,
      () => make(HEADER, { tagBytes }),
    ]),
  ),
  'a tag of 18 bytes': () => `${make(HEADER)}AA`,
  'another tag': () => changed(4, (tag) => (tag.startsWith('A') ? 'B' : 'A') + tag.slice(1)),
  'no IV': () => changed(2, () => ''),
  ...Object.fromEntries(
    [8, 11, 13, 16].map((ivBytes) => [
      `an IV of ${ivBytes} bytes`,
      () => make(HEADER, { ivBytes }),
    ]),
  ),
  'an IV with padding': () => changed(2, (iv) => `${iv}=`),
  'a header with padding': () => changed(0, (header) => `${header}=`),
  'a blank before it': () => ` ${make(HEADER)}`,
  'a character of no alphabet': () => changed(4, (tag) => `${tag.slice(0, -1)}!`),
  'an encrypted key': () => make(HEADER, { encryptedKey: encode(dayKey()) }),
  'three parts': () => make(HEADER).split('.').slice(0, 3).join('.'),
  'four parts': () => make(HEADER).split('.').slice(0, 4).join('.'),
  'six parts': () => `${make(HEADER)}.AA`,
  'a signed token': () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).sign(dayKey()),
  'an unsecured token': () => new UnsecuredJWT({}).encode(),
  'the flattened JSON serialisation': async () => JSON.stringify(await flattened()),
  'the general JSON serialisation': async () =>
    JSON.stringify({ ...(await flattened()), recipients: [{}] }),
  'a header that is a list': () => make('[]'),
  'a header that is null': () => make('null'),
  'a header that is no JSON': () => make('dir'),
  'a header that is no UTF-8': () => make(Buffer.from([0x7b, 0xff, 0x7d])),
}

/** What `jose` takes, as most of it is legal JOSE. Refused by us alone, before a key is asked for. */
const TAKEN: Tokens = {
  'b64 without crit': () => make(withMembers('"b64":false')),
  'alg twice': () => make(`{"alg":"none",${HEADER.slice(1)}`),
  'enc twice': () => make(`{"enc":"A128GCM",${HEADER.slice(1)}`),
  'kid twice': () => make(withMembers('"kid":"other.1"')),
  'escapes in a name': () => make(HEADER.replace('"alg"', String.raw`"\u0061lg"`)),
  'another order': () => make(`{"enc":"A256GCM","alg":"dir",${KID}}`),
  'blanks in the header': () => make(HEADER.replaceAll(',', ', ')),
  'a byte order mark': () => make(`\ufeff${HEADER}`),
  'no kid': () => make('{"alg":"dir","enc":"A256GCM"}'),
  'a kid that is a number': () => make('{"alg":"dir","enc":"A256GCM","kid":5}'),
  'a key in the header': () => make(withMembers('"jwk":{"kty":"oct","k":"AAAA"}')),
  'an address for keys': () => make(withMembers('"jku":"https://example.test/keys"')),
  'a work factor': () => make(withMembers('"p2s":"AAAA","p2c":1000000000')),
  'an ephemeral key': () => make(withMembers('"epk":{}')),
  'a typ': () => mintUnder({ ...headerOf(), typ: 'JWT' }, claims()),
  'a cty': () => mintUnder({ ...headerOf(), cty: 'JWT' }, claims()),
  'an unknown member': () => make(withMembers('"exp":1')),
  'an empty ciphertext': () => make(HEADER, { payload: '' }),
  'a tag with padding': () => `${make(HEADER)}==`,
  'a blank behind it': () => `${make(HEADER)} \n`,
  'a blank in the IV': () => changed(2, (iv) => `${iv.slice(0, 4)} ${iv.slice(4)}`),
  'other trailing bits of the tag': () => changed(4, otherBits),
  'other trailing bits of the ciphertext': () =>
    changed(3, otherBits, make(HEADER, { payload: claims({ d: { user: 'adam' } }) })),
}

/** What the oldest version of our range takes, and the newest does not. */
const TAKEN_BY_SOME: Tokens = {
  'the alphabet of base64': standardAlphabet,
}

/** As src/seal.ts asks. */
async function verdict(token: string): Promise<string> {
  const bytes = Uint8Array.from(dayKey())
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt'])
  try {
    await compactDecrypt(token, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return 'taken'
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'))
  }
}

async function taken(tokens: Tokens): Promise<string[]> {
  const found: string[] = []
  for (const [name, token] of Object.entries(tokens)) {
    if ((await verdict(await token())) === 'taken') found.push(name)
  }
  return found
}

test('the token that all others are made from is taken by jose', async () => {
  expect(await verdict(make(HEADER))).toBe('taken')
})

test('jose refuses by itself, with an error of its own, whatever our options forbid', async () => {
  for (const [name, token] of Object.entries(REFUSED)) {
    expect(await verdict(await token()), name).toMatch(/^ERR_J(?:OSE|WE)_/)
  }
})

test('jose takes these other spellings of our tokens, and whoever changes that is told here', async () => {
  expect(await taken(TAKEN)).toEqual(Object.keys(TAKEN))
})

describe.each(['node:crypto', 'jose'])('open, with %s', (engine) => {
  beforeEach(() => {
    if (engine === 'jose') vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  function openValue(value: string) {
    // Here, since an engine is chosen when sessions are created.
    const sessions = createSessions<{ user: string }>({
      secrets: SECRET,
      clock: () => START * 1000,
    })
    return sessions.open(`${NAME}=${value}`)
  }

  test('takes the token that all others are made from', async () => {
    const session = await openValue(make(HEADER))
    expect([session.get('user'), session.rejection]).toEqual(['ada', undefined])
  })

  test('takes none of the others, whether jose does or not', async () => {
    const others = Object.entries({ ...REFUSED, ...TAKEN, ...TAKEN_BY_SOME })
    expect(others.length).toBeGreaterThan(70)
    for (const [name, token] of others) {
      const session = await openValue(await token())
      // All but one are none of ours by their form, before a key is asked for.
      const reason = name === 'another tag' ? 'undecryptable' : 'malformed'
      expect([session.rejection, session.isEmpty], name).toEqual([{ reason }, true])
    }
  })
})
