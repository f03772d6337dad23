// Opens sealed values as docs/format.md describes, without the checks of times: to show the
// contents of a session that is rejected, and its alterations. Never decides whether one is
// accepted.

import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { SecretSet, Secrets } from 'sealed-session'

/** A configured secret. */
export interface Secret {
  readonly id: string
  readonly bytes: Buffer
}

/** A parsed value of a cookie. All in base64url except the day. */
export interface SealedParts {
  readonly id: string
  readonly day: number
  readonly iv: string
  readonly ciphertext: string
  readonly tag: string
}

/**
 * The purpose that a key is bound to beside the secret: `cookie`, `ticket`, `token` or `token
 * PURPOSE`.
 */
export interface Use {
  readonly purpose: string
  readonly name: string
}

const VALUE = /^([\w-]{1,32})\.(0|[1-9]\d{0,5})\.([\w-]{16})\.([\w-]+)\.([\w-]{22})$/
const TOKEN = /^(eyJ[\w-]{1,256})\.\.([\w-]{16})\.([\w-]+)\.([\w-]{22})$/

/** Lists the secrets with their ids, newest first. The library has checked them. */
export function listSecrets(secrets: Secrets): Secret[] {
  if (isSet(secrets)) return listKeys(secrets)
  if (typeof secrets === 'string') {
    const set = parseSet(secrets)
    if (set !== undefined) return listKeys(set)
  }
  const entries = typeof secrets === 'string' ? secrets.split(',') : secrets
  return entries.map((entry) =>
    typeof entry === 'string'
      ? createSecret(Buffer.from(entry.trim()))
      : createSecret(Buffer.from(entry.secret), entry.id),
  )
}

/** Whether the value is a JWK Set and no array, which has a method `keys`. */
function isSet(secrets: Secrets): secrets is SecretSet {
  return typeof secrets === 'object' && 'keys' in secrets && Array.isArray(secrets.keys)
}

/** Parses a JWK Set, in JSON or in base64url of it. */
export function parseSet(text: string): SecretSet | undefined {
  const json = /^eyJ[\w-]+$/.test(text) ? Buffer.from(text, 'base64url').toString() : text
  return json.trimStart().startsWith('{') ? JSON.parse(json) : undefined
}

/** Parses a cookie's value; `undefined` if it does not have the form. */
export function parseSealed(value: string): SealedParts | undefined {
  const [, id = '', day = '', iv = '', ciphertext = '', tag = ''] = VALUE.exec(value) ?? []
  return id === '' ? undefined : { id, day: Number(day), iv, ciphertext, tag }
}

/** Parses a bare token. */
export function parseBareToken(token: string): SealedParts | undefined {
  const [, header = '', ...rest] = TOKEN.exec(token) ?? []
  const [, kid = ''] = /"kid":"([\w.-]+)"/.exec(Buffer.from(header, 'base64url').toString()) ?? []
  return parseSealed([kid, ...rest].join('.'))
}

/** Returns the plaintext; `undefined` if it is not authentic under this secret. */
export function openSealed(parts: SealedParts, { bytes }: Secret, use: Use): string | undefined {
  const key = deriveKey(bytes, parts.day, use)
  return openWith(key, parts)?.toString()
}

/** Derives the key of a day. */
export function deriveKey(secret: Buffer, day: number, { purpose, name }: Use): Buffer {
  const [kind = '', ...text] = purpose.split(' ')
  const context = [kind, day, name, ...text].join(' ')
  return hkdf(secret, context, 32)
}

/** Decrypts and authenticates; `undefined` if it is not authentic. */
export function openWith(
  key: Buffer,
  { id, day, iv, ciphertext, tag }: SealedParts,
): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
    decipher.setAAD(headerOf(id, day))
    decipher.setAuthTag(Buffer.from(tag, 'base64url'))
    return Buffer.concat([decipher.update(ciphertext, 'base64url'), decipher.final()])
  } catch {
    return undefined
  }
}

/** Decrypts without authentication: GCM encrypts in counter mode from 2 on. */
export function decryptUnchecked(key: Buffer, { iv, ciphertext }: SealedParts): Buffer {
  const counter = Buffer.concat([Buffer.from(iv, 'base64url'), Buffer.from([0, 0, 0, 2])])
  const decipher = createDecipheriv('aes-256-ctr', key, counter)
  return Buffer.concat([decipher.update(ciphertext, 'base64url'), decipher.final()])
}

/** Returns the tag of these bytes. */
export function computeTag(key: Buffer, parts: SealedParts, plaintext: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(parts.iv, 'base64url'))
  cipher.setAAD(headerOf(parts.id, parts.day))
  cipher.update(plaintext)
  cipher.final()
  return cipher.getAuthTag().toString('base64url')
}

function headerOf(id: string, day: number): Buffer {
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${id}.${day}"}`
  return Buffer.from(Buffer.from(header).toString('base64url'))
}

function listKeys({ keys }: SecretSet): Secret[] {
  return keys.map(({ k = '', kid }) => createSecret(Buffer.from(k, 'base64url'), kid))
}

function createSecret(bytes: Buffer, id?: string): Secret {
  return { bytes, id: id ?? hkdf(bytes, 'id', 3).toString('base64url') }
}

function hkdf(secret: Buffer, context: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `sealed-session/1 ${context}`, bytes))
}
