// Common mistakes in the configuration of secrets.

import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { findMistake, findWrapping } from '../../../src/token/secret-mistakes.ts'

const ONE = 'uVc7pLQkrqZ0A9dFSuQxX8nyj0pWkNfGzcrTg2vM1bE'

describe('findWrapping', () => {
  test.each([
    [`"${ONE}"`, /quotation marks/],
    [`'${ONE},${ONE}'`, /quotation marks/],
    [`\`${ONE}\``, /quotation marks/],
    [`["${ONE}","${ONE}"]`, /brackets/],
    [`[${ONE}\n]`, /brackets/],
  ])('names the characters around %j', (text, message) => {
    expect(findWrapping(text)).toMatch(message)
    expect(findWrapping(text)).not.toContain(ONE)
  })

  test.each([ONE, `${ONE},${ONE}`, `"${ONE}`, `[${ONE}`, `x"${ONE}"`, '""', ''])(
    'finds nothing around %j',
    (text) => {
      expect(findWrapping(text)).toBeUndefined()
    },
  )
})

describe('findMistake', () => {
  test.each<[string, RegExp]>([
    [`"${ONE}`, /quotation mark/],
    [`${ONE}"`, /quotation mark/],
    [`'${ONE}`, /quotation mark/],
    [`${ONE}\``, /quotation mark/],
    [`“${ONE}”`, /quotation mark/],
    [`«${ONE}»`, /quotation mark/],
    [String.raw`${ONE}\n`, /a backslash and a letter/],
    [String.raw`${ONE}\r`, /a backslash and a letter/],
    [`SESSION_SECRETS=${ONE}`, /a name and =/],
    [`export SESSION_SECRETS=${ONE}`, /a name and =/],
    ['${SESSION_SECRETS_FROM_THE_VAULT_OF_PRODUCTION}', /placeholder/],
    ['$(openssl rand -base64 32)', /placeholder/],
    ['$SESSION_SECRETS_FROM_THE_VAULT', /placeholder/],
    ['{{ session_secret_from_the_vault }}', /placeholder/],
    ['<generate-32-char-random-string>', /placeholder/],
    ['%SESSION_SECRETS_OF_PRODUCTION%', /placeholder/],
    [`https://example.com/${ONE}`, /URL/],
    [`postgres://user:password@localhost:5432/db`, /URL/],
  ])('S12: says what is wrong with %s', (secret, message) => {
    expect(findMistake(secret)).toMatch(message)
    expect(findMistake(secret)).not.toContain(ONE)
  })

  test.each([
    '',
    ONE,
    `${ONE}=`,
    `${ONE}==`,
    `base64:${ONE}`,
    `a"${ONE}`,
    `$${ONE}`,
    `${ONE}\\x`,
    `<${ONE}`,
  ])('finds nothing wrong with %j', (secret) => {
    expect(findMistake(secret)).toBeUndefined()
  })

  test('S12: finds nothing wrong with a random secret of a usual form', () => {
    for (let at = 0; at < 2000; at++) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        for (const bytes of [24, 32]) {
          const secret = randomBytes(bytes).toString(encoding)
          expect(findMistake(secret), secret).toBeUndefined()
        }
      }
    }
  })
})
