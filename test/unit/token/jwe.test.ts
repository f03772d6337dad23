import { createCipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeJoseKey } from '../../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../../src/token/jwe-node.ts'
import {
  IV_LENGTH,
  TAG_LENGTH,
  decodeText,
  formatToken,
  formatValue,
  headerOf,
  isCut,
  parseToken,
  parseValue,
  valueLength,
} from '../../../src/token/jwe.ts'
import type { DayKey, MakeKey } from '../../../src/token/jwe.ts'
import { codePoint } from '../../support/code-point.ts'

const KEY_ID = { id: 'aB-_', day: 20_123 }
const BYTES = new Uint8Array(Buffer.from('5c1f0b7e'.repeat(8), 'hex'))
const HEADER = '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123"}'

const ENGINES: [string, MakeKey | undefined][] = [
  ['jose', makeJoseKey],
  ['node:crypto', nodeKeys()],
]

const encoded = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

const IV = encoded(Uint8Array.from({ length: 12 }, (_, index) => index))
const TAG = encoded(Uint8Array.from({ length: 16 }, (_, index) => index))
const TEXT = encoded('abc')
const SEALED = `${IV}.${TEXT}.${TAG}`

test('both engines exist in the runtime of the tests', () => {
  expect(ENGINES.map(([, makeKey]) => typeof makeKey)).toEqual(['function', 'function'])
})

describe.each(ENGINES)('a value of %s', (_, makeKey = makeJoseKey) => {
  let key: DayKey
  let other: DayKey

  beforeAll(async () => {
    key = await makeKey(KEY_ID, BYTES)
    other = await makeKey(KEY_ID, new Uint8Array(32))
  })

  const sealedValue = async (text: string) => formatValue(key, await key.seal(text))

  /** Opens a value as the pipeline does: checks the form, then the key, and only then decrypts. */
  async function opened(value: string): Promise<string | undefined> {
    const parsed = parseValue(value)
    const isOurs = parsed?.id === KEY_ID.id && parsed.day === KEY_ID.day
    return isOurs ? key.open(parsed.sealed) : undefined
  }

  test('has the id of the secret, the day, the IV, the ciphertext and the tag', async () => {
    const [id, day, iv = '', ciphertext = '', tag = '', ...rest] = (
      await sealedValue('text')
    ).split('.')
    expect([id, day, rest]).toEqual(['aB-_', '20123', []])
    expect([iv.length, tag.length]).toEqual([IV_LENGTH, TAG_LENGTH])
    const bytes = [iv, ciphertext, tag].map((part) => Buffer.from(part, 'base64url').length)
    expect(bytes).toEqual([12, 4, 16])
  })

  test('is parsed to the id and day of its key', async () => {
    const sealed = await key.seal('text')
    expect(parseValue(formatValue(key, sealed))).toEqual({ ...KEY_ID, sealed })
    expect(parseToken(formatToken(key, sealed))).toEqual({ ...KEY_ID, sealed })
  })

  test('is a compact JWE under its header, which jose opens', async () => {
    const token = formatToken(key, await key.seal('text'))
    const [header = '', encryptedKey] = token.split('.')
    expect(Buffer.from(header, 'base64url').toString()).toBe(HEADER)
    expect([header, encryptedKey]).toEqual([headerOf(KEY_ID), ''])
    const { plaintext, protectedHeader } = await compactDecrypt(token, BYTES)
    expect(new TextDecoder().decode(plaintext)).toBe('text')
    expect(protectedHeader).toEqual(JSON.parse(HEADER))
  })

  test('returns any text unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: codePoint, maxLength: 300 }), async (text) => {
        fc.pre(text.length > 0)
        expect(await opened(await sealedValue(text))).toBe(text)
      }),
      { numRuns: 50 },
    )
  })

  test('keeps a byte order mark', async () => {
    expect(await opened(await sealedValue('\ufefftext'))).toBe('\ufefftext')
  })

  test('has the length that valueLength computes, for any size', async () => {
    const sizes = [...Array.from({ length: 40 }, (__, index) => index + 1), 1000, 4096, 65_537]
    const values = await Promise.all(sizes.map(async (size) => sealedValue('x'.repeat(size))))
    expect(values.map(({ length }) => length)).toEqual(
      sizes.map((size) => valueLength(size, KEY_ID)),
    )
    expect(valueLength(2, { id: 'a', day: 0 })).toBe(valueLength(2, KEY_ID) - 3 - 4)
    expect((await sealedValue('é')).length).toBe(valueLength(2, KEY_ID))
  })

  test('is different each time', async () => {
    const values = await Promise.all(Array.from({ length: 20 }, async () => sealedValue('same')))
    expect(new Set(values.map((value) => value.split('.')[2])).size).toBe(20)
  })

  test('does not open under another key, nor the reverse', async () => {
    expect(await other.open(await key.seal('mine'))).toBeUndefined()
    expect(await key.open(await other.seal('other'))).toBeUndefined()
  })

  test('does not open under another id or day with the same bits', async () => {
    const sealed = await key.seal('mine')
    for (const keyId of [
      { ...KEY_ID, id: 'aB--' },
      { ...KEY_ID, day: 20_124 },
    ]) {
      expect(await (await makeKey(keyId, BYTES)).open(sealed)).toBeUndefined()
    }
  })

  test.each(['a', 'ab', 'abc'])(
    'of the text %j is rejected with one character changed, at every position',
    async (text) => {
      const value = await sealedValue(text)
      const attempts: Promise<string | undefined>[] = []
      for (let at = 0; at < value.length; at++) {
        for (const character of ['A', 'B', 'Q', '_', '-', '.', '=', ' ', '0', 'é', '\n']) {
          if (value[at] === character) continue
          attempts.push(opened(value.slice(0, at) + character + value.slice(at + 1)))
        }
      }
      const texts = await Promise.all(attempts)
      expect(texts.length).toBeGreaterThan(500)
      expect(new Set(texts)).toEqual(new Set([undefined]))
      expect(await opened(value)).toBe(text)
    },
  )

  test.each(['a', 'ab', 'abc'])(
    'of the text %j is rejected with a character more or less, at every position',
    async (text) => {
      const value = await sealedValue(text)
      const changed = Array.from(value, (__, at) => [
        value.slice(0, at) + value.slice(at + 1),
        `${value.slice(0, at)}A${value.slice(at)}`,
      ]).flat()
      const texts = await Promise.all([...changed, `${value}A`, `${value}.`].map(opened))
      expect(new Set(texts)).toEqual(new Set([undefined]))
    },
  )

  test('with fields of two values is rejected', async () => {
    const [one, two] = [await sealedValue('first one'), await sealedValue('second 1!')]
    for (const field of [2, 3, 4]) {
      const fields = one.split('.')
      fields[field] = two.split('.')[field] ?? ''
      // oxlint-disable-next-line no-await-in-loop
      expect(await opened(fields.join('.'))).toBeUndefined()
    }
  })

  test('that is authentic and not UTF-8 has no text', async () => {
    const sealed = sealBytes(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d))
    expect(parseValue(formatValue(KEY_ID, sealed))?.sealed).toBe(sealed)
    expect(await key.open(sealed)).toBeUndefined()
    expect(await key.open(sealBytes(Buffer.from('{}')))).toBe('{}')
  })

  test('of one engine is opened by every other', async () => {
    const keys = await Promise.all(
      ENGINES.map(async ([, make = makeJoseKey]) => make(KEY_ID, BYTES)),
    )
    const sealed = await key.seal('grüße 👋')
    const texts = await Promise.all(keys.map(async (each) => each.open(sealed)))
    expect(texts).toEqual(['grüße 👋', 'grüße 👋'])
  })
})

describe('decodeText', () => {
  test('decodes UTF-8, and nothing else', () => {
    expect(decodeText(Buffer.from('grüße 👋'))).toBe('grüße 👋')
    expect(decodeText(Buffer.from('\ufeffa'))).toBe('\ufeffa')
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expect(decodeText(Uint8Array.from(bytes))).toBeUndefined()
    }
  })
})

/**
 * Wrong forms of the part after the id and the day of a value, or after the two dots of a token.
 */
const WRONG_SEALED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['an IV alone', IV],
  ['an IV and a ciphertext', `${IV}.${TEXT}`],
  ['a fourth field', `${SEALED}.`],
  ['a fifth field', `${SEALED}..`],
  ['empty fields', '..'],
  ['no ciphertext', `${IV}..${TAG}`],
  ['an IV a character short', `${IV.slice(1)}.${TEXT}.${TAG}`],
  ['an IV a character long', `${IV}A.${TEXT}.${TAG}`],
  ['an IV of 16 bytes', `${TAG}.${TEXT}.${TAG}`],
  ['a tag a character short', SEALED.slice(0, -1)],
  ['a tag a character long', `${SEALED}A`],
  ['a tag of 4 bytes', `${IV}.${TEXT}.${encoded(new Uint8Array(4))}`],
  ['a tag of 12 bytes', `${IV}.${TEXT}.${IV}`],
  ['padding behind the tag', `${SEALED}==`],
  ['padding behind the ciphertext', `${IV}.${encoded('abcd')}==.${TAG}`],
  ['a ciphertext of a length that no bytes have', `${IV}.${TEXT}A.${TAG}`],
  ['the other alphabet', `${IV.replace('A', '+')}.${TEXT}.${TAG}`],
  ['a slash', `${IV}.${TEXT.replace(/.$/, '/')}.${TAG}`],
  ['a line end behind it', `${SEALED}\n`],
  ['a blank inside', `${IV}. ${TEXT}.${TAG}`],
  ['a NUL behind it', `${SEALED}\0`],
  ['percent-encoding', SEALED.replaceAll('.', '%2E')],
  ['letters beyond ASCII', SEALED.replace('A', '\u{ff21}')],
]

describe('parseValue', () => {
  test('accepts the one form', () => {
    expect(parseValue(`aB-_.20123.${SEALED}`)).toEqual({ ...KEY_ID, sealed: SEALED })
    expect(parseValue(`aB-_.0.${SEALED}`)?.day).toBe(0)
    expect(parseValue(`aB-_.999999.${SEALED}`)?.day).toBe(999_999)
    expect(parseValue(`${'i'.repeat(32)}.1.${SEALED}`)?.id).toBe('i'.repeat(32))
    expect(parseValue(`2.20123.${SEALED}`)?.id).toBe('2')
  })

  test.each(WRONG_SEALED)('rejects %s after the day', (_, sealed) => {
    expect(parseValue(`aB-_.20123.${sealed}`)).toBeUndefined()
  })

  test.each([
    ['nothing', ''],
    ['no id', `.20123.${SEALED}`],
    ['no day', `aB-_..${SEALED}`],
    ['no id and no day', SEALED],
    ['an id of 33 characters', `${'i'.repeat(33)}.20123.${SEALED}`],
    ['an id of other characters', `a/b+.20123.${SEALED}`],
    ['an id in quotes', `"aB-_.20123.${SEALED}"`],
    ['a day with a zero before it', `aB-_.020123.${SEALED}`],
    ['a day of seven digits', `aB-_.1000000.${SEALED}`],
    ['a day before 1970', `aB-_.-1.${SEALED}`],
    ['a day and a half', `aB-_.1e5.${SEALED}`],
    ['a day with a sign', `aB-_.+20123.${SEALED}`],
    ['digits beyond ASCII', `aB-_.２０１２３.${SEALED}`],
    ['a count before it', `2.aB-_.20123.${SEALED}`],
    ['a blank before it', ` aB-_.20123.${SEALED}`],
    ['a whole JWE', `${encoded(HEADER)}..${SEALED}`],
    ['a header in the place of the id and the day', `${encoded(HEADER)}.${SEALED}`],
    ['the empty encrypted key of a JWE', `aB-_.20123..${SEALED}`],
  ])('refuses %s', (_, value) => {
    expect(parseValue(value)).toBeUndefined()
  })

  test('is undone by formatValue, for every id and day', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/)
    const sealed = fc
      .tuple(bytesOf(12, 12), bytesOf(1, 300), bytesOf(16, 16))
      .map((parts) => parts.map(encoded).join('.'))
    fc.assert(
      fc.property(ids, fc.nat(999_999), sealed, (id, day, text) => {
        expect(parseValue(formatValue({ id, day }, text))).toEqual({ id, day, sealed: text })
        expect(parseToken(formatToken({ id, day }, text))).toEqual({ id, day, sealed: text })
        expect(parseValue(formatToken({ id, day }, text))).toBeUndefined()
        expect(parseToken(formatValue({ id, day }, text))).toBeUndefined()
      }),
    )
  })

  test('accepts one last character among all that decode to the same bytes', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const accepted = (before: string, after: string) =>
      alphabet.filter((last) => parseValue(before + last + after) !== undefined)
    // A tag of 16 bytes leaves four spare bits, a ciphertext of two bytes two, of one byte four.
    expect(accepted(`aB-_.20123.${SEALED.slice(0, -1)}`, '')).toEqual(['A', 'Q', 'g', 'w'])
    const before = `aB-_.20123.${IV}.`
    expect(accepted(`${before}${encoded('a').slice(0, -1)}`, `.${TAG}`)).toHaveLength(4)
    expect(accepted(`${before}${encoded('ab').slice(0, -1)}`, `.${TAG}`)).toHaveLength(16)
    expect(accepted(`${before}${encoded('abc').slice(0, -1)}`, `.${TAG}`)).toHaveLength(64)
  })
})

describe('isCut', () => {
  const whole = `aB-_.20123.${SEALED}`

  test('is true for a value without its end, wherever a proxy cut it', () => {
    for (const keyId of ['aB-_.20123', 'i.0', `${'i'.repeat(32)}.999999`]) {
      const value = `${keyId}.${SEALED}`
      const ends = [...value].map((_, end) => end).filter((end) => isCut(value.slice(0, end)))
      // From the dot behind the IV on: less could be of any library.
      const first = keyId.length + 1 + IV.length + 1
      expect(ends).toEqual([...value].map((_, end) => end).slice(first))
    }
  })

  test.each([
    ['whole', whole],
    ['whole, but not canonical', `${whole.slice(0, -1)}z`],
    ['longer', `${whole}A`],
    ['with a character before it', `"${whole.slice(0, -1)}`],
    ['with another character in its ciphertext', `aB-_.20123.${IV}.a!c`],
    ['with another character in its tag', `aB-_.20123.${IV}.${TEXT}.a!`],
    ['without an id', `.20123.${IV}.`],
    ['with a day that is no number', `aB-_.today.${IV}.`],
    ['with a shorter IV', `aB-_.20123.${IV.slice(1)}.`],
    ['with a longer IV', `aB-_.20123.${IV}A.`],
    ['with another character in its IV', `aB-_.20123.!${IV.slice(1)}.`],
    ['of another library', 's%3Aabc.def'],
  ])('is false for a value that is %s', (_, value) => {
    expect(isCut(value)).toBe(false)
  })
})

describe('parseToken', () => {
  const withHeader = (header: string) => `${encoded(header)}..${SEALED}`
  const good = withHeader(HEADER)

  test('accepts the one form', () => {
    expect(parseToken(good)).toEqual({ ...KEY_ID, sealed: SEALED })
    expect(parseToken(withHeader(HEADER.replace('20123', '0')))?.day).toBe(0)
    expect(parseToken(withHeader(HEADER.replace('20123', '999999')))?.day).toBe(999_999)
    const id = 'i'.repeat(32)
    expect(parseToken(withHeader(HEADER.replace('aB-_', id)))?.id).toBe(id)
  })

  test.each([
    ['another alg', '{"alg":"A256KW","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['alg none', '{"alg":"none","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['a password alg', '{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","kid":"a.1","p2c":1}'],
    ['alg in another case', '{"alg":"DIR","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['another enc', '{"alg":"dir","enc":"A128GCM","kid":"aB-_.20123"}'],
    ['an enc of CBC', '{"alg":"dir","enc":"A256CBC-HS512","kid":"aB-_.20123"}'],
    ['another order', '{"enc":"A256GCM","alg":"dir","kid":"aB-_.20123"}'],
    ['kid first', '{"kid":"aB-_.20123","alg":"dir","enc":"A256GCM"}'],
    ['no kid', '{"alg":"dir","enc":"A256GCM"}'],
    ['zip', '{"alg":"dir","enc":"A256GCM","zip":"DEF","kid":"aB-_.20123"}'],
    ['zip at the end', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123","zip":"DEF"}'],
    ['crit', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123","crit":["x"],"x":1}'],
    ['typ', '{"typ":"JWT","alg":"dir","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['a member twice', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123","kid":"aB-_.20123"}'],
    ['a jwk', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123","jwk":{}}'],
    ['blanks', '{"alg": "dir","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['a blank after it', `${HEADER} `],
    ['a line end after it', `${HEADER}\n`],
    ['an escape', '{"alg":"d\\u0069r","enc":"A256GCM","kid":"aB-_.20123"}'],
    ['a kid without a day', '{"alg":"dir","enc":"A256GCM","kid":"aB-_"}'],
    ['a kid without an id', '{"alg":"dir","enc":"A256GCM","kid":".20123"}'],
    ['a kid with two days', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.1.2"}'],
    ['a day with a zero before it', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.020123"}'],
    ['a day of seven digits', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.1000000"}'],
    ['a day before 1970', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.-1"}'],
    ['a day and a half', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.1e5"}'],
    ['an id of 33 characters', `{"alg":"dir","enc":"A256GCM","kid":"${'i'.repeat(33)}.1"}`],
    ['an id of other characters', '{"alg":"dir","enc":"A256GCM","kid":"a/b+.1"}'],
    ['a kid that is a number', '{"alg":"dir","enc":"A256GCM","kid":5}'],
    ['nothing in it', '{}'],
    ['an array', '["dir"]'],
    ['no JSON', '{"alg":"dir'],
    ['too much', `{"alg":"dir","enc":"A256GCM","kid":"aB-_.1","x":"${'x'.repeat(300)}"}`],
    ['something behind its end', `${HEADER}}`],
    ['something before its beginning', `{"x${HEADER}`],
  ])('refuses a header with %s', (_, header) => {
    expect(parseToken(withHeader(header))).toBeUndefined()
  })

  test.each(WRONG_SEALED)('rejects %s after the header', (_, sealed) => {
    expect(parseToken(`${encoded(HEADER)}..${sealed}`)).toBeUndefined()
  })

  test.each([
    ['nothing', ''],
    ['a header alone', encoded(HEADER)],
    ['five empty fields', '....'],
    ['a signed token', `${encoded(HEADER)}.${TEXT}.${TAG}`],
    ['an encrypted key', `${encoded(HEADER)}.${TEXT}.${SEALED}`],
    ['a blank before it', ` ${good}`],
    ['quotes', `"${good}"`],
    ['the header with padding', `${encoded(HEADER)}=..${SEALED}`],
    ['the value of a cookie', `aB-_.20123.${SEALED}`],
    ['the JSON serialisation', '{"protected":"e30"}'],
  ])('refuses %s', (_, token) => {
    expect(parseToken(token)).toBeUndefined()
  })

  test('rejects another spelling of the same header', () => {
    // Three bytes are four characters, so a header whose length is no multiple of three has spare
    // bits.
    const header = encoded(HEADER.replace('aB-_', 'aB-_x'))
    expect(header.length % 4).not.toBe(0)
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const accepted = alphabet.filter(
      (last) => parseToken(`${header.slice(0, -1)}${last}..${SEALED}`) !== undefined,
    )
    expect(accepted).toEqual([header.at(-1)])
  })

  test('rejects tokens that a valid key has sealed in another form', async () => {
    const forms = [
      { alg: 'dir', enc: 'A256GCM' },
      { enc: 'A256GCM', alg: 'dir', kid: 'aB-_.20123' },
      { alg: 'dir', enc: 'A256GCM', kid: 'aB-_.20123', zip: 'DEF' },
      { alg: 'dir', enc: 'A256GCM', kid: 'aB-_.20123', cty: 'JWT' },
    ]
    const tokens = await Promise.all(
      forms.map((form) =>
        new CompactEncrypt(Buffer.from('{}')).setProtectedHeader(form).encrypt(BYTES),
      ),
    )
    expect(tokens.map(parseToken)).toEqual(forms.map(() => undefined))
  })

  test('returns a key or undefined for any string, as parseValue does', () => {
    const header = encoded(HEADER)
    const pieces = fc.constantFrom(header, 'aB-_', '20123', IV, TEXT, TAG, '', 'eyJ', '=', '\0')
    const token = new RegExp(`^${header}\\.\\.[\\w-]{16}\\.[\\w-]+\\.[\\w-]{22}$`)
    const value = /^[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 8 }), (parts) => {
        const text = parts.join('.')
        if (!token.test(text)) expect(parseToken(text)).toBeUndefined()
        if (!value.test(text)) expect(parseValue(text)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})

function bytesOf(least: number, most: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: least, maxLength: most })
}

/** Seals bytes that are not UTF-8 under the key of these tests. */
function sealBytes(bytes: Uint8Array): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', BYTES, iv).setAAD(Buffer.from(encoded(HEADER)))
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()])
  return [iv, ciphertext, cipher.getAuthTag()].map(encoded).join('.')
}
