// How to open a token without this library, twice, step by step: with `node:crypto` alone, and with
// WebCrypto and jose. Whoever writes another implementation can follow either. Nothing here imports
// the library.

import { createDecipheriv, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { compactDecrypt } from 'jose'
import { expect, test } from 'vitest'
import { untyped } from '../support/mint.ts'

interface Vector {
  readonly title: string
  readonly cookie?: string
  readonly token?: string
  readonly id?: string
  readonly startedAt?: string
  readonly expiresAt?: string
  readonly data?: unknown
}

interface Vectors {
  readonly secrets: readonly string[]
  readonly name: string
  readonly valid: readonly Vector[]
}

const file = new URL('./vectors/v1.json', import.meta.url)
const { secrets, name, valid } = untyped<Vectors>(JSON.parse(readFileSync(file, 'utf8')))

test.each(valid)('node:crypto alone opens: $title', (vector) => {
  const token = vector.token ?? joined(vector.cookie ?? '')

  // 1. A token is a compact JWE: header, an empty encrypted key, IV, ciphertext and tag, in base64url.
  const [header = '', encryptedKey, iv = '', ciphertext = '', tag = ''] = token.split('.')
  expect(encryptedKey).toBe('')

  // 2. The header says under which secret and for which day it was sealed: `<secret id>.<day>`. It has
  //    exactly these three members, in this order.
  const { kid } = untyped<{ kid: string }>(JSON.parse(fromBase64url(header).toString()))
  expect(fromBase64url(header).toString()).toBe(`{"alg":"dir","enc":"A256GCM","kid":"${kid}"}`)
  const [secretId, day] = kid.split('.')

  // 3. The id of a secret is 3 bytes of HKDF-SHA-256 over its UTF-8 text, without salt.
  const secret = secrets.find((candidate) => {
    const id = hkdfSync('sha256', candidate, '', 'sealed-session/1 id', 3)
    return Buffer.from(id).toString('base64url') === secretId
  })
  expect(secret).toBeDefined()

  // 4. The key of that secret, for this purpose, day and cookie name, is 32 bytes of the same.
  const purpose = vector.token === undefined ? 'cookie' : 'token'
  const info = `sealed-session/1 ${purpose} ${day} ${name}`
  const key = Buffer.from(hkdfSync('sha256', secret ?? '', '', info, 32))

  // 5. AES-256-GCM, with a tag of 16 bytes, over the header as it stands in the token.
  const decipher = createDecipheriv('aes-256-gcm', key, fromBase64url(iv), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(header))
  decipher.setAuthTag(fromBase64url(tag))
  const payload = Buffer.concat([decipher.update(fromBase64url(ciphertext)), decipher.final()])

  expectClaims(JSON.parse(payload.toString()), vector)
})

test.each(valid)('WebCrypto and jose open: $title', async (vector) => {
  const token = vector.token ?? joined(vector.cookie ?? '')
  const purpose = vector.token === undefined ? 'cookie' : 'token'

  // jose asks for the key with the header in hand: `kid` chooses the secret, and the day.
  const { plaintext } = await compactDecrypt(
    token,
    async ({ kid = '' }) => {
      const [secretId, day] = kid.split('.')
      for (const secret of secrets) {
        const id = await deriveBits(secret, 'sealed-session/1 id', 24)
        if (Buffer.from(id).toString('base64url') !== secretId) continue
        return deriveBits(secret, `sealed-session/1 ${purpose} ${day} ${name}`, 256)
      }
      throw new Error(`no secret has the id ${secretId}`)
    },
    { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
  )

  expectClaims(JSON.parse(new TextDecoder().decode(plaintext)), vector)
})

async function deriveBits(secret: string, info: string, bits: number): Promise<Uint8Array> {
  const encoder = new TextEncoder()
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, bits))
}

/**
 * The token of a `Cookie` header. One that fits is the cookie's value; a longer one is cut, and the
 * first value says into how many: `3.eyJ…`, with the rest in `NAME.1` and `NAME.2`.
 */
function joined(header: string): string {
  const values = new Map(
    header.split('; ').map((pair) => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
  const first = values.get(name) ?? ''
  const [prefix, count] = /^([0-9]+)\./.exec(first) ?? ['', '1']
  const rest = Array.from({ length: Number(count) - 1 }, (_, i) => values.get(`${name}.${i + 1}`))
  return first.slice(prefix.length) + rest.join('')
}

/**
 * The payload is an object of JWT claims: `jti` the session's id, `iat` when this token was sealed,
 * `exp` its end, `nbf` when the session began (left out if that is `iat`), `out` how often this browser
 * had logged out by then (left out if never), and `d` the data.
 */
function expectClaims(payload: unknown, { id, startedAt, expiresAt, data }: Vector): void {
  const claims = untyped<Record<string, unknown>>(payload)
  expect(claims['jti']).toBe(id)
  expect(claims['nbf'] ?? claims['iat']).toBe(Date.parse(startedAt ?? '') / 1000)
  expect(claims['exp']).toBe(Date.parse(expiresAt ?? '') / 1000)
  expect(claims['d']).toEqual(data)
}

function fromBase64url(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
