import { createHash, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { areSame, parseSecrets } from '../../../src/token/secrets.ts'
import { refusal } from '../../support/refusal.ts'

const ONE = 'uVc7pLQkrqZ0A9dFSuQxX8nyj0pWkNfGzcrTg2vM1bE'
const TWO = 'H3sYtWq9oJmB5zXvK1fLcRgUeN7aDpT0ib6wQxS4yZM'

const textsOf = (option: unknown) =>
  parseSecrets(option, 0).map(({ bytes }) => new TextDecoder().decode(bytes))

/** Uniformly spread bytes. Arbitraries favour small and repeated values, which no generator makes. */
const random = (length: number) =>
  fc
    .noBias(fc.bigInt({ min: 0n, max: 2n ** 128n }))
    .map((seed) => createHash('shake256', { outputLength: length }).update(String(seed)).digest())

describe('the secrets option', () => {
  test('is one text with commas between several secrets, blanks around them ignored', () => {
    expect(textsOf(ONE)).toEqual([ONE])
    expect(textsOf(`${TWO},${ONE}`)).toEqual([TWO, ONE])
    expect(textsOf(` ${TWO} ,\n${ONE}\n`)).toEqual([TWO, ONE])
  })

  test('is a list of texts, in its order', () => {
    expect(textsOf([TWO, ` ${ONE}\n`])).toEqual([TWO, ONE])
  })

  test('is a list of objects with names and beginnings, or of both kinds', () => {
    const list = [{ secret: TWO, id: 'next', activeFrom: new Date(5000) }, ONE]
    expect(parseSecrets(list, 0)).toEqual([
      { bytes: new TextEncoder().encode(TWO), id: 'next', activeFrom: 5 },
      { bytes: new TextEncoder().encode(ONE), id: undefined, activeFrom: 0 },
    ])
  })

  test('is a JWK Set of symmetric keys, as an object or as its text', () => {
    const k = Buffer.from(ONE).toString('base64url')
    const set = { keys: [{ kty: 'oct', k, kid: 'a-1', alg: 'dir' }] }
    const parsed = [{ bytes: new TextEncoder().encode(ONE), id: 'a-1', activeFrom: 0 }]
    expect(parseSecrets(set, 0)).toEqual(parsed)
    expect(parseSecrets(` ${JSON.stringify(set)}`, 0)).toEqual(parsed)
  })

  test('takes a text as its UTF-8 bytes, even if it looks like another encoding', () => {
    const hex = createHash('sha256').update('hex').digest('hex')
    expect(textsOf(hex)).toEqual([hex])
  })

  test.each([
    ['undefined', undefined, 'secrets'],
    ['null', null, 'secrets'],
    ['an empty text', '', 'secrets'],
    ['a blank text', ' \n', 'secrets'],
    ['a number', 42, 'secrets'],
    ['a truth', true, 'secrets'],
    ['an object that is no set', { secret: ONE }, 'secrets'],
    ['an empty list', [], 'secrets'],
    ['an empty set', { keys: [] }, 'secrets'],
    ['text that only begins like a set', `{${ONE}`, 'secrets'],
    ['a text in double quotes', `"${ONE}"`, 'secrets'],
    ['a text in single quotes', `'${ONE},${TWO}'`, 'secrets'],
    ['a text in backticks', `\`${ONE}\``, 'secrets'],
    ['a list that is a text', JSON.stringify([ONE, TWO]), 'secrets'],
    ['a list with an empty text', [''], 'secrets[0]'],
    ['a list with a blank text', [ONE, '  '], 'secrets[1]'],
    ['a list with undefined before a good one', [undefined, ONE], 'secrets[0]'],
    ['a list with null after a good one', [ONE, null], 'secrets[1]'],
    ['a list with a number', [ONE, 42], 'secrets[1]'],
    ['a list in a list', [[ONE]], 'secrets[0]'],
    ['two commas in a row', `${ONE},,${TWO}`, 'secrets[1]'],
    ['a comma at the end', `${ONE},`, 'secrets[1]'],
    ['a comma at the beginning', `,${ONE}`, 'secrets[0]'],
    ['a comma inside one of a list', [`${ONE},${TWO}`], 'secrets[0]'],
    ['a comma at the end of one of a list', [`${ONE},`], 'secrets[0]'],
    ['the same secret twice in a text', `${ONE},${TWO},${ONE}`, 'secrets[2]'],
    ['the same secret twice in a list', [ONE, `${ONE} `], 'secrets[1]'],
    ['two secrets with the same id', list('a', 'a'), 'secrets[1]'],
    ['an unknown member', [{ secret: ONE, name: 'a' }], 'secrets[0].name'],
    ['an object without a secret', [{ id: 'a' }], 'secrets[0].secret'],
    ['an object with a short secret', [{ secret: ONE.slice(0, 31) }], 'secrets[0].secret'],
    ['an id with a full stop', list('a', 'b.c'), 'secrets[1].id'],
    ['an empty id', list('', 'b'), 'secrets[0].id'],
    ['an id of 33 characters', list('a', 'i'.repeat(33)), 'secrets[1].id'],
    ['an id that is no text', [{ secret: ONE, id: 5 }], 'secrets[0].id'],
    ['a kid with a blank', { keys: [{ kty: 'oct', k: ONE, kid: 'a b' }] }, 'secrets[0].kid'],
    ['a beginning that is no moment', [{ secret: ONE, activeFrom: '-' }], 'secrets[0].activeFrom'],
    ['a set with an RSA key', { keys: [{ kty: 'RSA', n: ONE, e: 'AQAB' }] }, 'secrets[0].kty'],
    ['a set with a key that is missing', { keys: [{ kty: 'oct' }] }, 'secrets[0].k'],
    ['a set with a key in hex and padding', { keys: [{ kty: 'oct', k: '00==' }] }, 'secrets[0].k'],
    ['a set with a short key', { keys: [{ kty: 'oct', k: 'uVc7pLQkrqZ0' }] }, 'secrets[0].k'],
  ])('refuses %s', (_, option, path) => {
    expect(() => parseSecrets(option, 0)).toThrow(refusal(path))
  })

  test('may hold one text under two names, or with and without one', () => {
    const named = [{ secret: ONE, id: 'a' }, { secret: ONE, id: 'b' }, ONE]
    expect(parseSecrets(named, 0).map(({ id }) => id)).toEqual(['a', 'b', undefined])
  })

  test('refuses a list of which none is active, as long as a clock runs', () => {
    const staged = [{ secret: ONE, activeFrom: 1000 }]
    expect(() => parseSecrets(staged, 999)).toThrow(refusal('secrets'))
    expect(parseSecrets(staged, 1000)).toHaveLength(1)
    expect(parseSecrets(staged, 0)).toHaveLength(1)
    expect(parseSecrets([...staged, TWO], 999)).toHaveLength(2)
  })
})

describe('a weak secret', () => {
  const refused = (secret: string) => {
    expect(() => parseSecrets([secret], 0)).toThrow(refusal('secrets[0]'))
  }

  test('is one of 31 bytes; 32 are enough', () => {
    expect(textsOf(ONE.slice(0, 32))).toEqual([ONE.slice(0, 32)])
    refused(ONE.slice(0, 31))
  })

  test('is measured in bytes, not in characters', () => {
    const letters = 'äößüéèêçñøåæœþðłšžčřďťňůąęśźżć'
    expect(letters).toHaveLength(30)
    expect(textsOf(letters)).toEqual([letters])
    refused(letters.slice(0, 15))
    // 32 characters before blanks are cut, 31 bytes after.
    refused(`${ONE.slice(0, 31)} `)
  })

  test.each([1, 2, 8, 16, 31])('is %i characters over and over', (period) => {
    refused(ONE.slice(0, period).repeat(Math.ceil(64 / period)))
    refused(
      ONE.slice(0, period)
        .repeat(Math.ceil(64 / period) + 1)
        .slice(0, 64),
    )
  })

  test('is 20 characters twice', () => {
    refused(ONE.slice(0, 20).repeat(2))
  })

  test('is a repetition of what nearly repeats itself', () => {
    for (const text of ['ataaaktkkaattkkat', 'ttkktakkakkttkaatkt']) {
      refused(text.repeat(5).slice(0, 64))
    }
  })

  test('is not one whose second half begins otherwise', () => {
    const half = ONE.slice(1, 26)
    expect(textsOf(`a${half}b${half}`)).toEqual([`a${half}b${half}`])
  })

  test('is 36 characters of little variety, however often they are repeated', () => {
    const little = 'kaakkakaakkkakaakakkaakkaakakakaakkk'
    expect(little).toHaveLength(36)
    for (const times of [1, 2, 4, 8]) refused(little.repeat(times))
  })

  test('is not 32 characters over and over, nor one that ends as it begins', () => {
    const whole = ONE.slice(0, 32)
    expect(textsOf(whole + whole)).toEqual([whole + whole])
    const bitten = ONE.slice(0, 31) + ONE.slice(0, 1)
    expect(textsOf(bitten)).toEqual([bitten])
  })

  test.each([
    'abcdefghijklmnopqrstuvwxyz012345',
    '01234567890123456789012345678901',
    'zyxwvutsrqponmlkjihgfedcba987654',
    'aaaabbbbccccddddeeeeffffgggghhhh',
    'aabbccddeeffgghhiijjkkllmmnnoopp',
    '00112233445566778899aabbccddeeff',
    '0123456789abcdefghijklmnopqrstuv',
    '00000000000000000000000000000001',
    '10000000000000000000000000000000',
    'aaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaaaaaaaacaaaaaaaaaaaaaaaa',
    '1111222233334444555566667777888899990000',
  ])('is a run or has little variety: %s', (secret) => {
    refused(secret)
  })

  test.each([
    'complex_password_at_least_32_characters_long',
    'change-me-change-me-now-or-be-sorry-later!',
    'keyboard cat and forty-one more characters',
    'please replace me with something better 1',
    'this is a secret that nobody will guess ok',
    'YOUR_SECRET_GOES_HERE_k3v9q1x8z7w2m5n4b6',
    'correct horse battery staple, in disguise'.replace(',', ''),
    'super-secret-value-k3v9q1x8z7w2m5n4b6j0',
    'placeholder k3v9q1x8z7w2m5n4b6j0 123 987',
    'run `openssl rand -base64 32` to make one',
  ])('is a text that documentation prints: %s', (secret) => {
    refused(secret)
  })

  test.each([
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ed25519', () => generateKeyPairSync('ed25519')],
  ])('is a key pair of the kind %s, whichever half and however written', (_, make) => {
    const { publicKey, privateKey } = make()
    refused(publicKey.export({ type: 'spki', format: 'pem' }).toString())
    refused(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    for (const key of [publicKey, privateKey]) {
      const jwk = key.export({ format: 'jwk' })
      expect(() => parseSecrets(JSON.stringify(jwk), 0)).toThrow(refusal('secrets'))
      expect(() => parseSecrets({ keys: [jwk] }, 0)).toThrow(refusal('secrets[0].kty'))
      expect(() => parseSecrets([jwk], 0)).toThrow(refusal('secrets[0].kty'))
    }
  })

  test('is one whose estimate is below 40 bits; 40 are enough', () => {
    // Four bytes that stand eight times each have 2 bits, and 20 of the 32 do not continue a run.
    const bytes = Uint8Array.from(
      '02233112112331102200233120033001',
      (digit) => 2 + 4 * Number(digit),
    )
    const keysOf = (key: Uint8Array) => ({
      keys: [{ kty: 'oct', k: Buffer.from(key).toString('base64url') }],
    })
    expect(parseSecrets(keysOf(bytes), 0)[0]?.bytes).toEqual(bytes)
    const less = bytes.with(7, bytes[6] ?? 0)
    expect(less).not.toEqual(bytes)
    expect(() => parseSecrets(keysOf(less), 0)).toThrow(refusal('secrets[0].k'))
  })

  test('is weak as a JWK, too', () => {
    const keys = [{ kty: 'oct', k: Buffer.alloc(32).toString('base64url') }]
    expect(() => parseSecrets({ keys }, 0)).toThrow(refusal('secrets[0].k'))
  })
})

describe('a random secret is never refused', () => {
  test.each([
    ['32 bytes in hexadecimal', 32, 'hex'],
    ['32 bytes in base64', 32, 'base64'],
    ['32 bytes in base64url', 32, 'base64url'],
    ['32 hexadecimal digits', 16, 'hex'],
    ['24 bytes in base64url', 24, 'base64url'],
  ] as const)('as %s', (_, length, encoding) => {
    fc.assert(
      fc.property(random(length), (bytes) => {
        const secret = bytes.toString(encoding)
        expect(textsOf(secret)).toEqual([secret])
      }),
      { numRuns: 2000 },
    )
  })

  test('as 32 bytes of a JWK', () => {
    fc.assert(
      fc.property(random(32), (bytes) => {
        const keys = [{ kty: 'oct', k: bytes.toString('base64url') }]
        expect(parseSecrets({ keys }, 0)[0]?.bytes).toEqual(new Uint8Array(bytes))
      }),
      { numRuns: 500 },
    )
  })
})

describe('areSame', () => {
  test('holds for two readings of one configuration', () => {
    expect(areSame(parseSecrets(`${ONE},${TWO}`, 0), parseSecrets([ONE, TWO], 0))).toBe(true)
  })

  test.each([
    ['another order', [TWO, ONE]],
    ['fewer secrets', [ONE]],
    ['more secrets', [ONE, TWO, `${ONE}!`]],
    ['another text', [ONE, `${TWO}!`]],
    ['another text of the same length', [ONE, `${TWO.slice(0, -1)}x`]],
    ['a name', [ONE, { secret: TWO, id: 'two' }]],
    ['a beginning', [ONE, { secret: TWO, activeFrom: 5 }]],
  ])('does not hold for %s', (_, other) => {
    expect(areSame(parseSecrets([ONE, TWO], 0), parseSecrets(other, 0))).toBe(false)
  })
})

function list(one: string, two: string) {
  return [
    { secret: ONE, id: one },
    { secret: TWO, id: two },
  ]
}

describe('a refusal says what is wrong, and never what the secret is', () => {
  const told = (option: unknown): string => {
    try {
      parseSecrets(option, 0)
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
    return ''
  }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

  test.each<[unknown, RegExp]>([
    [undefined, /^secrets is undefined: is the environment variable set\?/],
    [null, /^secrets is null: is the environment variable set\?/],
    ['', /^secrets is an empty string: is the environment variable set\?/],
    [5, /^secrets must be a string/],
    [[''], /^secrets\[0\] is empty; /],
    [[ONE, null], /^secrets\[1\] must be a string or an object, not null/],
    [[ONE, [TWO]], /^secrets\[1\] must be a string or an object, not a list/],
    [[ONE, 5], /^secrets\[1\] must be a string or an object, not number/],
    [[{ secret: {} }], /^secrets\[0\]\.secret must be a string, not an object$/],
    [`{${ONE}`, /^secrets begins like a JWK Set and is not valid JSON$/],
    [[pem], /^secrets\[0\] is an asymmetric key: /],
    ['short', /^secrets has 5 bytes and needs at least 32; /],
    [ONE.slice(0, 16).repeat(3), /^secrets repeats a shorter text; /],
    ['changeme'.padEnd(40, ONE), /^secrets is a text from an example, which attackers try first; /],
    ['abababbaabbabaabbbaababbaabaabba', /^secrets has too little variety to be random; /],
    [[ONE, ONE], /^secrets\[1\] has the same text as secrets\[0\]: /],
    [
      [
        { secret: ONE, id: 'a' },
        { secret: TWO, id: 'a' },
      ],
      /^secrets\[1\] has the same id as secrets\[0\]: /,
    ],
    [`"${ONE}"`, /^secrets .*quotes/],
    [`[${ONE}]`, /^secrets .*brackets/],
  ])('%j', (option, message) => {
    expect(told(option)).toMatch(message)
    expect(told(option)).not.toContain(ONE.slice(0, 12))
  })

  test('and a text that has a quote or a bracket on one side is no wrapped one', () => {
    const quoted = [`${ONE}"`, `"${ONE}`, `x"${ONE}"`, `"${ONE}"x`]
    const bracketed = [`${ONE}]`, `[${ONE}`, `x[${ONE}]y`, `x[${ONE}]`, `[${ONE}]y`]
    for (const text of [...quoted, ...bracketed]) {
      expect(textsOf(text)).toEqual([text])
    }
  })
})
