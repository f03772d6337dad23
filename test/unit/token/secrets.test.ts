// The accepted forms of secrets, and that no error contains one.

import { createHash, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { areSame, parseSecrets } from '../../../src/token/secrets.ts'
import { catchError, configError } from '../../support/errors.ts'

const ONE = 'uVc7pLQkrqZ0A9dFSuQxX8nyj0pWkNfGzcrTg2vM1bE'
const TWO = 'H3sYtWq9oJmB5zXvK1fLcRgUeN7aDpT0ib6wQxS4yZM'

const textsOf = (option: unknown) =>
  parseSecrets(option, 0).map(({ bytes }) => new TextDecoder().decode(bytes))

/** Returns a JWK Set with one key: the bytes of a text. */
const keyOf = (text: string) => ({
  keys: [{ kty: 'oct', k: Buffer.from(text).toString('base64url') }],
})

test('no error repeats a secret that was written as the name of a member', () => {
  const error = catchError(() => parseSecrets([{ secret: ONE, [TWO]: 'a' }], 0))
  expect(error).toEqual(configError('secrets[0]'))
  expect(String(error)).not.toContain(TWO)
})

test('a placeholder of a template is called one, and not a broken JWK Set', () => {
  expect(catchError(() => parseSecrets('{{ session_secret_from_the_vault }}', 0))).toMatchObject({
    message: expect.stringContaining('placeholder'),
  })
})

describe('the secrets option', () => {
  test('is one string with commas between several secrets; white space around them is ignored', () => {
    expect(textsOf(ONE)).toEqual([ONE])
    expect(textsOf(`${TWO},${ONE}`)).toEqual([TWO, ONE])
    expect(textsOf(` ${TWO} ,\n${ONE}\n`)).toEqual([TWO, ONE])
  })

  test('is an array of strings, in its order', () => {
    expect(textsOf([TWO, ` ${ONE}\n`])).toEqual([TWO, ONE])
  })

  test('is an array of objects with ids and activeFrom, or of both kinds', () => {
    const list = [{ secret: TWO, id: 'next', activeFrom: new Date(5000) }, ONE]
    expect(parseSecrets(list, 0)).toEqual([
      { bytes: new TextEncoder().encode(TWO), id: 'next', activeFrom: 5 },
      { bytes: new TextEncoder().encode(ONE), id: undefined, activeFrom: 0 },
    ])
  })

  test('is a JWK Set of symmetric keys, as an object or in JSON', () => {
    const k = Buffer.from(ONE).toString('base64url')
    const set = { keys: [{ kty: 'oct', k, kid: 'a-1', alg: 'dir' }] }
    const parsed = [{ bytes: new TextEncoder().encode(ONE), id: 'a-1', activeFrom: 0 }]
    expect(parseSecrets(set, 0)).toEqual(parsed)
    expect(parseSecrets(` ${JSON.stringify(set)}`, 0)).toEqual(parsed)
  })

  test('is used as its UTF-8 bytes, even if it looks like another encoding', () => {
    const hex = createHash('sha256').update('hex').digest('hex')
    expect(textsOf(hex)).toEqual([hex])
  })

  test.each([
    ['undefined', undefined, 'secrets'],
    ['null', null, 'secrets'],
    ['an empty string', '', 'secrets'],
    ['a blank string', ' \n', 'secrets'],
    ['a number', 42, 'secrets'],
    ['a boolean', true, 'secrets'],
    ['an object that is no set', { secret: ONE }, 'secrets'],
    ['an empty array', [], 'secrets'],
    ['an empty set', { keys: [] }, 'secrets'],
    ['a string that only begins like a set', `{${ONE}`, 'secrets'],
    ['a string in double quotes', `"${ONE}"`, 'secrets'],
    ['a string in single quotes', `'${ONE},${TWO}'`, 'secrets'],
    ['a string in backticks', `\`${ONE}\``, 'secrets'],
    ['an array in JSON', JSON.stringify([ONE, TWO]), 'secrets'],
    ['an array with an empty string', [''], 'secrets[0]'],
    ['an array with a blank string', [ONE, '  '], 'secrets[1]'],
    ['an array with undefined before a good one', [undefined, ONE], 'secrets[0]'],
    ['an array with null after a good one', [ONE, null], 'secrets[1]'],
    ['an array with a number', [ONE, 42], 'secrets[1]'],
    ['an array in an array', [[ONE]], 'secrets[0]'],
    ['two commas in a row', `${ONE},,${TWO}`, 'secrets[1]'],
    ['a comma at the end', `${ONE},`, 'secrets[1]'],
    ['a comma at the beginning', `,${ONE}`, 'secrets[0]'],
    ['a comma inside one of an array', [`${ONE},${TWO}`], 'secrets[0]'],
    ['a comma at the end of one of an array', [`${ONE},`], 'secrets[0]'],
    ['the same secret twice in a string', `${ONE},${TWO},${ONE}`, 'secrets[2]'],
    ['the same secret twice in an array', [ONE, `${ONE} `], 'secrets[1]'],
    ['two secrets with the same id', list('a', 'a'), 'secrets[1]'],
    ['an unknown member', [{ secret: ONE, name: 'a' }], 'secrets[0].name'],
    ['an object without a secret', [{ id: 'a' }], 'secrets[0].secret'],
    ['an object with a short secret', [{ secret: ONE.slice(0, 31) }], 'secrets[0].secret'],
    ['an id with a full stop', list('a', 'b.c'), 'secrets[1].id'],
    ['an empty id', list('', 'b'), 'secrets[0].id'],
    ['an id of 33 characters', list('a', 'i'.repeat(33)), 'secrets[1].id'],
    ['an id that is no string', [{ secret: ONE, id: 5 }], 'secrets[0].id'],
    ['a kid with a blank', { keys: [{ kty: 'oct', k: ONE, kid: 'a b' }] }, 'secrets[0].kid'],
    ['a beginning that is no time', [{ secret: ONE, activeFrom: '-' }], 'secrets[0].activeFrom'],
    ['a set with an RSA key', { keys: [{ kty: 'RSA', n: ONE, e: 'AQAB' }] }, 'secrets[0].kty'],
    ['a set with a key that is missing', { keys: [{ kty: 'oct' }] }, 'secrets[0].k'],
    ['a set with a key in hex and padding', { keys: [{ kty: 'oct', k: '00==' }] }, 'secrets[0].k'],
    ['a set with a short key', { keys: [{ kty: 'oct', k: 'uVc7pLQkrqZ0' }] }, 'secrets[0].k'],
  ])('refuses %s', (_, option, path) => {
    expect(() => parseSecrets(option, 0)).toThrow(configError(path))
  })

  test('may contain one secret with two ids, or with and without one', () => {
    const named = [{ secret: ONE, id: 'a' }, { secret: ONE, id: 'b' }, ONE]
    expect(parseSecrets(named, 0).map(({ id }) => id)).toEqual(['a', 'b', undefined])
  })

  test('rejects an array of which none can ever be active', () => {
    const staged = [{ secret: ONE, activeFrom: 1000 }]
    expect(() => parseSecrets(staged, 999)).toThrow(configError('secrets'))
    expect(parseSecrets(staged, 1000)).toHaveLength(1)
    expect(parseSecrets(staged, 0)).toHaveLength(1)
    expect(parseSecrets([...staged, TWO], 999)).toHaveLength(2)
  })
})

describe('a secret that can be guessed', () => {
  test.each([
    ['in a string', 'changeme'.padEnd(40, ONE), 'secrets'],
    ['in an array', [ONE, 'changeme'.padEnd(40, ONE)], 'secrets[1]'],
    ['in an object', [{ secret: 'changeme'.padEnd(40, ONE) }], 'secrets[0].secret'],
    [
      'in a JWK',
      { keys: [{ kty: 'oct', k: Buffer.alloc(32).toString('base64url') }] },
      'secrets[0].k',
    ],
    ['as the text of a JWK', keyOf('a passphrase of words that anyone may guess'), 'secrets[0].k'],
  ])('is refused %s', (_, option, path) => {
    expect(() => parseSecrets(option, 0)).toThrow(configError(path))
  })

  test('is measured in bytes, after white space was removed', () => {
    expect(textsOf(ONE.slice(0, 32))).toEqual([ONE.slice(0, 32)])
    expect(() => parseSecrets(`${ONE.slice(0, 31)} `, 0)).toThrow(configError('secrets'))
    const letters = 'äößüéèêçñøåæœþðłšžčřďťňůąęśźżć'
    expect(textsOf(letters)).toEqual([letters])
  })

  test.each([
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ed25519', () => generateKeyPairSync('ed25519')],
  ])('may be a key pair of the kind %s, which is refused however it is written', (_, make) => {
    const { publicKey, privateKey } = make()
    const texts = [
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ]
    for (const text of texts)
      expect(() => parseSecrets([text], 0)).toThrow(configError('secrets[0]'))
    for (const key of [publicKey, privateKey]) {
      const jwk = key.export({ format: 'jwk' })
      expect(() => parseSecrets(JSON.stringify(jwk), 0)).toThrow(configError('secrets'))
      expect(() => parseSecrets({ keys: [jwk] }, 0)).toThrow(configError('secrets[0].kty'))
      expect(() => parseSecrets([jwk], 0)).toThrow(configError('secrets[0].kty'))
    }
  })
})

describe('areSame', () => {
  test('is true for one configuration that was read twice', () => {
    expect(areSame(parseSecrets(`${ONE},${TWO}`, 0), parseSecrets([ONE, TWO], 0))).toBe(true)
  })

  test.each([
    ['another order', [TWO, ONE]],
    ['fewer secrets', [ONE]],
    ['more secrets', [ONE, TWO, `${ONE}!`]],
    ['another secret', [ONE, `${TWO}!`]],
    ['another secret of the same length', [ONE, `${TWO.slice(0, -1)}x`]],
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

describe('the base64url of a JWK Set', () => {
  const set = JSON.stringify({ keys: [{ kty: 'oct', kid: 'a', k: ONE }] })

  test('is read as the set, with its ids', () => {
    const encoded = Buffer.from(set).toString('base64url')
    expect(parseSecrets(` ${encoded}\n`, 0)).toEqual(parseSecrets(set, 0))
  })

  test('that is invalid is rejected without a character of it in the message', () => {
    const broken = Buffer.from(set.slice(0, -2)).toString('base64url')
    const error = catchError(() => parseSecrets(broken, 0))
    expect(String(error)).toContain('is no valid JSON: write a JWK Set')
  })

  test('that only begins like a set is an ordinary secret', () => {
    const text = `eyJrZXlzIjpb!${ONE}`
    expect(parseSecrets(text, 0)).toMatchObject([{ bytes: new TextEncoder().encode(text) }])
  })
})

describe('an error says what is wrong, and never contains the secret', () => {
  const messageOf = (option: unknown): string => {
    const error = catchError(() => parseSecrets(option, 0))
    return error instanceof Error ? error.message : ''
  }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

  test('in a browser, says that the module belongs to the server', () => {
    vi.stubGlobal('document', {})
    try {
      expect(messageOf(undefined)).toMatch(/^secrets is undefined: import this on the server$/)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test.each<[unknown, RegExp]>([
    [undefined, /^secrets is undefined: set the environment variable; /],
    [null, /^secrets is null: set the environment variable; /],
    ['', /^secrets is "": set the environment variable; /],
    [5, /^secrets must be a string/],
    [[''], /^secrets\[0\] is empty; /],
    [[ONE, null], /^secrets\[1\] must be a string or an object, not null/],
    [[ONE, [TWO]], /^secrets\[1\] must be a string or an object, not an array/],
    [[ONE, 5], /^secrets\[1\] must be a string or an object, not a number/],
    [[{ secret: {} }], /^secrets\[0\]\.secret must be a string, not an object$/],
    [`{${ONE}`, /^secrets is no valid JSON: write a JWK Set$/],
    [[pem], /^secrets\[0\] is an asymmetric key; /],
    ['short', /^secrets has 5 bytes and needs at least 32; /],
    [ONE.slice(0, 16).repeat(3), /^secrets repeats a shorter text; /],
    ['changeme'.padEnd(40, ONE), /^secrets is published, as in an example; /],
    ['abababbaabbabaabbbaababbaabaabba', /^secrets is made of words, or has little variety; /],
    [[ONE, ONE], /^secrets\[1\] has the same text or id as secrets\[0\]: /],
    [
      [
        { secret: ONE, id: 'a' },
        { secret: TWO, id: 'a' },
      ],
      /^secrets\[1\] has the same text or id as secrets\[0\]: /,
    ],
    [`"${ONE}"`, /^secrets .*quotation marks/],
    [`[${ONE}]`, /^secrets .*brackets/],
  ])('%j', (option, message) => {
    expect(messageOf(option)).toMatch(message)
    expect(messageOf(option)).not.toContain(ONE.slice(0, 12))
  })

  test('but a bracket on one side, or a quotation mark inside, is part of a secret', () => {
    const quoted = [`x"${ONE}"x`, `${ONE}"x`, `x'${ONE}`]
    const bracketed = [`${ONE}]`, `[${ONE}`, `x[${ONE}]y`, `x[${ONE}]`, `[${ONE}]y`]
    for (const text of [...quoted, ...bracketed]) expect(textsOf(text)).toEqual([text])
  })
})

describe('S13: no error of the secrets option holds the beginning of a secret', () => {
  test.each<[string, unknown]>([
    ['that is no JSON', `{${ONE}`],
    ['in quotation marks', `"${ONE}"`],
    ['with one quotation mark', `"${ONE},${TWO}`],
    ['that is too short', ONE.slice(0, 31)],
    ['that is published', `changeme${ONE}`],
    ['twice', [ONE, ONE]],
    ['in an array of arrays', [[ONE]]],
    ['as an object', { secret: ONE }],
    ['as a key', [{ [ONE]: 'secret' }]],
    ['as the id', [{ secret: TWO, id: ONE }]],
    ['as activeFrom', [{ secret: TWO, activeFrom: ONE }]],
    ['as activeFrom of a JWK', { keys: [{ ...keyOf(TWO).keys[0], activeFrom: ONE }] }],
    ['as the key of a JWK, in another encoding', { keys: [{ kty: 'oct', k: `${ONE}==` }] }],
    ['as the kind of a JWK', { keys: [{ kty: ONE, k: ONE }] }],
    ['as a member that is no string', [{ secret: [ONE] }]],
    ['as a line of an environment file', `SESSION_SECRET=${ONE}`],
  ])('%s', (_, option) => {
    const error = catchError(() => parseSecrets(option, 0))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    for (const secret of [ONE, TWO]) expect(shown).not.toContain(secret.slice(0, 4))
  })
})
