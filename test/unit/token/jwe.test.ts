import { createCipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DayKey, MakeKey } from '../../../src/token/key-ring.ts'
import { nodeKeys } from '../../../src/token/jwe-node.ts'
import { headerOf, makeJoseKey, parse, sealedLength } from '../../../src/token/jwe.ts'

const KID = { id: 'aB-_', day: 20_123 }
const BYTES = new Uint8Array(Buffer.from('5c1f0b7e'.repeat(8), 'hex'))
const HEADER = '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123"}'

const ENGINES: [string, MakeKey | undefined][] = [
  ['jose', makeJoseKey],
  ['node:crypto', nodeKeys()],
]

const encoded = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')

test('both engines are there where the tests run', () => {
  expect(ENGINES.map(([, makeKey]) => typeof makeKey)).toEqual(['function', 'function'])
})

describe.each(ENGINES)('a token of %s', (_, makeKey = makeJoseKey) => {
  let key: DayKey
  let other: DayKey

  beforeAll(async () => {
    key = await makeKey(KID, BYTES)
    other = await makeKey(KID, new Uint8Array(32))
  })

  /** As the pipeline opens: by form, by name, and only then with the key. */
  const opened = async (token: string) => {
    const kid = parse(token)
    return kid?.id === KID.id && kid.day === KID.day ? key.open(token) : undefined
  }

  test('has exactly the header of the format, and no second part', async () => {
    const [header = '', encryptedKey] = (await key.seal('text')).split('.')
    expect(Buffer.from(header, 'base64url').toString()).toBe(HEADER)
    expect(header).toBe(encoded(HEADER))
    expect(headerOf(KID)).toBe(header)
    expect(encryptedKey).toBe('')
  })

  test('is parsed to the key it asks for', async () => {
    expect(parse(await key.seal('text'))).toEqual(KID)
  })

  test('gives its text back, whatever that is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
        fc.pre(text.length > 0)
        expect(await opened(await key.seal(text))).toBe(text)
      }),
      { numRuns: 50 },
    )
  })

  test('keeps a byte order mark', async () => {
    expect(await opened(await key.seal('\ufefftext'))).toBe('\ufefftext')
  })

  test('has the length that sealedLength foretells, for any size', async () => {
    const sizes = [...Array.from({ length: 40 }, (__, index) => index + 1), 1000, 4096, 65_537]
    const tokens = await Promise.all(sizes.map(async (size) => key.seal('x'.repeat(size))))
    expect(tokens.map(({ length }) => length)).toEqual(sizes.map((size) => sealedLength(size, KID)))
    expect(sealedLength(2, { id: 'a', day: 0 })).toBeLessThan(sealedLength(2, KID))
    expect((await key.seal('é')).length).toBe(sealedLength(2, KID))
  })

  test('is another one each time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, async () => key.seal('same')))
    expect(new Set(tokens.map((token) => token.split('.')[2])).size).toBe(20)
  })

  test('does not open under another key, nor what that key sealed under this one', async () => {
    expect(await other.open(await key.seal('mine'))).toBeUndefined()
    expect(await key.open(await other.seal('other'))).toBeUndefined()
  })

  test.each(['a', 'ab', 'abc'])(
    'of the text %j is refused with any one character changed, at every position',
    async (text) => {
      const token = await key.seal(text)
      const attempts: Promise<string | undefined>[] = []
      for (let at = 0; at < token.length; at++) {
        for (const character of ['A', 'B', 'Q', '_', '-', '.', '=', ' ', '0', 'é', '\n']) {
          if (token[at] === character) continue
          attempts.push(opened(token.slice(0, at) + character + token.slice(at + 1)))
        }
      }
      const texts = await Promise.all(attempts)
      expect(texts.length).toBeGreaterThan(1000)
      expect(new Set(texts)).toEqual(new Set([undefined]))
      expect(await opened(token)).toBe(text)
    },
  )

  test.each(['a', 'ab', 'abc'])(
    'of the text %j is refused with a character more or less, at every position',
    async (text) => {
      const token = await key.seal(text)
      const changed = Array.from(token, (__, at) => [
        token.slice(0, at) + token.slice(at + 1),
        `${token.slice(0, at)}A${token.slice(at)}`,
      ]).flat()
      const texts = await Promise.all([...changed, `${token}A`, `${token}.`].map(opened))
      expect(new Set(texts)).toEqual(new Set([undefined]))
    },
  )

  test('of parts from two tokens is refused', async () => {
    const [one, two] = [await key.seal('first one'), await key.seal('second 1!')]
    for (const part of [2, 3, 4]) {
      const parts = one.split('.')
      parts[part] = two.split('.')[part] ?? ''
      // oxlint-disable-next-line no-await-in-loop
      expect(await opened(parts.join('.'))).toBeUndefined()
    }
  })

  test('that is authentic and no UTF-8 has no text', async () => {
    const token = sealBytes(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d))
    expect(parse(token)).toEqual(KID)
    expect(await opened(token)).toBeUndefined()
    expect(await opened(sealBytes(Buffer.from('{}')))).toBe('{}')
  })

  test('of one engine is opened by every other', async () => {
    const [jose, node] = await Promise.all([
      makeJoseKey(KID, BYTES),
      (nodeKeys() ?? makeJoseKey)(KID, BYTES),
    ])
    const token = await key.seal('grüße 👋')
    expect([await jose.open(token), await node.open(token)]).toEqual(['grüße 👋', 'grüße 👋'])
  })
})

describe('parse', () => {
  const iv = encoded(Uint8Array.from({ length: 12 }, (_, index) => index))
  const tag = encoded(Uint8Array.from({ length: 16 }, (_, index) => index))
  const text = encoded('abc')
  const withHeader = (header: string) => `${encoded(header)}..${iv}.${text}.${tag}`
  const good = withHeader(HEADER)

  test('takes the one form', () => {
    expect(parse(good)).toEqual(KID)
    expect(parse(withHeader(HEADER.replace('20123', '0')))).toEqual({ id: 'aB-_', day: 0 })
    expect(parse(withHeader(HEADER.replace('20123', '999999')))?.day).toBe(999_999)
    const id = 'i'.repeat(32)
    expect(parse(withHeader(HEADER.replace('aB-_', id)))?.id).toBe(id)
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
    ['crit', '{"alg":"dir","enc":"A256GCM","kid":"aB-_.20123","crit":["exp"],"exp":1}'],
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
    ['an id of 33', `{"alg":"dir","enc":"A256GCM","kid":"${'i'.repeat(33)}.1"}`],
    ['an id of other characters', '{"alg":"dir","enc":"A256GCM","kid":"a/b+.1"}'],
    ['a kid that is a number', '{"alg":"dir","enc":"A256GCM","kid":5}'],
    ['nothing in it', '{}'],
    ['a list', '["dir"]'],
    ['no JSON', '{"alg":"dir'],
    ['too much', `{"alg":"dir","enc":"A256GCM","kid":"aB-_.1","x":"${'x'.repeat(300)}"}`],
    ['something behind its end', `${HEADER}}`],
    ['a blank behind its end', `${HEADER} `],
    ['something before its beginning', `{"x${HEADER}`],
  ])('refuses a header with %s', (_, header) => {
    expect(parse(withHeader(header))).toBeUndefined()
  })

  const header = encoded(HEADER)
  test.each([
    ['nothing', ''],
    ['one part', header],
    ['two parts', `${header}.`],
    ['three parts', `${header}..${iv}`],
    ['four parts', `${header}..${iv}.${text}`],
    ['six parts', `${good}.`],
    ['seven parts', `${good}..`],
    ['five empty parts', '....'],
    ['a signed token', `${header}.${text}.${tag}`],
    ['an encrypted key', `${header}.${text}.${iv}.${text}.${tag}`],
    ['no text', `${header}..${iv}..${tag}`],
    ['an IV a character short', `${header}..${iv.slice(1)}.${text}.${tag}`],
    ['an IV a character long', `${header}..${iv}A.${text}.${tag}`],
    ['an IV of 16 bytes', `${header}..${tag}.${text}.${tag}`],
    ['a tag a character short', good.slice(0, -1)],
    ['a tag a character long', `${good}A`],
    ['a tag of 4 bytes', `${header}..${iv}.${text}.${encoded(new Uint8Array(4))}`],
    ['a tag of 12 bytes', `${header}..${iv}.${text}.${iv}`],
    ['padding behind the tag', `${good}==`],
    ['padding behind the text', `${header}..${iv}.${encoded('abcd')}==.${tag}`],
    ['a text of a length that no bytes have', `${header}..${iv}.${text}A.${tag}`],
    ['the other alphabet', `${header}..${iv.replace('A', '+')}.${text}.${tag}`],
    ['a slash', `${header}..${iv}.${text.replace(/.$/, '/')}.${tag}`],
    ['a blank before it', ` ${good}`],
    ['a line end behind it', `${good}\n`],
    ['a blank inside', `${header}..${iv}. ${text}.${tag}`],
    ['a NUL behind it', `${good}\0`],
    ['quotes', `"${good}"`],
    ['percent-encoding', good.replaceAll('.', '%2E')],
    ['the header in another spelling', `${header}=..${iv}.${text}.${tag}`],
    ['letters beyond ASCII', good.replace('A', '\u{ff21}')],
    ['a JSON token', '{"protected":"e30"}'],
  ])('refuses %s', (_, token) => {
    expect(parse(token)).toBeUndefined()
  })

  test('takes one last character of all that decode to the same bytes', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const spellings = (before: string, after: string) =>
      alphabet.filter((last) => parse(before + last + after) !== undefined)
    // A tag of 16 bytes leaves four bits over, a text of two bytes two, one of a byte four.
    expect(spellings(good.slice(0, -1), '')).toEqual(['A', 'Q', 'g', 'w'])
    const before = `${header}..${iv}.`
    expect(spellings(`${before}${encoded('a').slice(0, -1)}`, `.${tag}`)).toHaveLength(4)
    expect(spellings(`${before}${encoded('ab').slice(0, -1)}`, `.${tag}`)).toHaveLength(16)
    expect(spellings(`${before}${encoded('abc').slice(0, -1)}`, `.${tag}`)).toHaveLength(64)
  })

  test('refuses tokens that a valid key has sealed in another form', async () => {
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
    expect(tokens.map(parse)).toEqual(forms.map(() => undefined))
  })

  test('gives a key or nothing for any text', () => {
    const pieces = fc.constantFrom(header, iv, text, tag, '', 'eyJ', '=', '\0', 'A'.repeat(300))
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 8 }), (parts) => {
        const token = parts.join('.')
        const expected = new RegExp(`^${header}\\.\\.[\\w-]{16}\\.[\\w-]+\\.[\\w-]{22}$`)
        if (!expected.test(token)) expect(parse(token)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})

/** Bytes that are no text, sealed under the key of these tests. */
function sealBytes(bytes: Uint8Array): string {
  const iv = randomBytes(12)
  const header = encoded(HEADER)
  const cipher = createCipheriv('aes-256-gcm', BYTES, iv).setAAD(Buffer.from(header))
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()])
  return `${header}..${encoded(iv)}.${encoded(ciphertext)}.${encoded(cipher.getAuthTag())}`
}
