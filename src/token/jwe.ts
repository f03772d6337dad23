// The form of a sealed value, and its bytes with jose. A value `<secret id>.<day>.<iv>.<ciphertext>.<tag>`
// is a compact JWE (RFC 7516, `dir` and `A256GCM`) without its header, which never changes. Each
// spelling but the one that this library writes is refused before any key is derived: jose also accepts
// padding, blanks and other trailing bits.

import { decode, encode, endsCanonically } from './base64url.ts'

/** What names the key of a token: a secret and a day. */
export interface KeyId {
  /** The secret's public name. */
  readonly id: string
  /** Days since 1970-01-01 UTC. */
  readonly day: number
}

/** The key of one secret, one purpose and one day. It cannot be read back. */
export interface DayKey extends KeyId {
  /** Encrypts a text. Returns `<iv>.<ciphertext>.<tag>`. */
  seal(text: string): string | Promise<string>
  /** Decrypts what `seal` returned; `undefined` if it was not sealed under this key. */
  open(sealed: string): string | undefined | Promise<string | undefined>
}

/** Makes a key of 256 bits: with jose, or with `node:crypto`. */
export type MakeKey = (keyId: KeyId, bytes: Uint8Array<ArrayBuffer>) => DayKey | Promise<DayKey>

/** A sealed value taken apart. */
export interface SealedValue extends KeyId {
  /** `<iv>.<ciphertext>.<tag>`. */
  readonly sealed: string
}

/** Characters of an IV of 96 bits, and of a tag of 128. */
export const IV_LENGTH = 16
export const TAG_LENGTH = 22

/** Six digits reach the year 4707; a leading zero would be a second spelling. */
const VALUE =
  /^([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,5})\.([A-Za-z0-9_-]{16}\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22}))$/

const TOKEN =
  /^(eyJ[A-Za-z0-9_-]{1,256})\.\.([A-Za-z0-9_-]{16}\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22}))$/

/** Without its end: the ciphertext or the tag is shorter, or missing. */
const CUT = /^[\w-]{1,32}\.\d{1,6}\.[\w-]{16}\.[\w-]*(?:\.[\w-]{0,21})?$/

const HEADER =
  /^\{"alg":"dir","enc":"A256GCM","kid":"([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,5})"\}$/

/** Returns a cookie's value. */
export function formatValue(keyId: KeyId, sealed: string): string {
  return `${keyIdText(keyId)}.${sealed}`
}

/** Returns a cookie's value taken apart, or `undefined` if it is not exactly of our form. No crypto. */
export function parseValue(value: string): SealedValue | undefined {
  const match = VALUE.exec(value)
  if (match === null) return undefined
  const [, id = '', day = '', sealed = '', ciphertext = '', tag = ''] = match
  if (!endsCanonically(ciphertext) || !endsCanonically(tag)) return undefined
  return { id, day: Number(day), sealed }
}

/** Whether a value that is not of our form is the beginning of one that is. */
export function isCut(value: string): boolean {
  return CUT.test(value)
}

/** Returns a bare token: a full compact JWE. */
export function formatToken(keyId: KeyId, sealed: string): string {
  return `${headerOf(keyId)}..${sealed}`
}

/** Returns a bare token taken apart, or `undefined` if it is not exactly of our form. No crypto. */
export function parseToken(token: string): SealedValue | undefined {
  const match = TOKEN.exec(token)
  if (match === null) return undefined
  const [, header = '', sealed = '', ciphertext = '', tag = ''] = match
  if (!endsCanonically(ciphertext) || !endsCanonically(tag)) return undefined
  const found = HEADER.exec(decode(header) ?? '')
  if (found === null) return undefined
  const [, id = '', day = ''] = found
  return { id, day: Number(day), sealed }
}

/** Returns the protected header of a key's tokens, in base64url. */
export function headerOf(keyId: KeyId): string {
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${keyIdText(keyId)}"}`
  return encode(new TextEncoder().encode(header))
}

/** Returns how many characters the value of a text of this many bytes has. */
export function valueLength(bytes: number, keyId: KeyId): number {
  const dots = 4
  const ciphertext = Math.ceil((bytes * 4) / 3)
  return keyIdText(keyId).length - 1 + dots + IV_LENGTH + ciphertext + TAG_LENGTH
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns decrypted bytes as a string; `undefined` if they are not UTF-8, which we never seal. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function keyIdText({ id, day }: KeyId): string {
  return `${id}.${day}`
}
