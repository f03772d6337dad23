// Text <-> compact JWE (RFC 7516), `dir` and `A256GCM` only, with jose. Every spelling but the one
// this file writes is refused before a key is asked for: jose also takes padding, blanks and other
// trailing bits.

import { CompactEncrypt, compactDecrypt, errors } from 'jose'
import { decode, encode, isCanonical } from './base64url.ts'
import type { DayKey } from './keys.ts'

/** The key a token asks for. */
export interface Kid {
  readonly id: string
  readonly day: number
}

/**
 * The five parts of a compact JWE with a direct key: header, nothing, a 96-bit IV (16 characters),
 * the ciphertext, and a tag of exactly 128 bits (22 characters).
 */
const COMPACT =
  /^(eyJ[A-Za-z0-9_-]{1,256})\.\.[A-Za-z0-9_-]{16}\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$/

/** Six digits reach the year 4707; a leading zero would be a second spelling. */
const HEADER =
  /^\{"alg":"dir","enc":"A256GCM","kid":"([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,5})"\}$/

/** Characters of a token beside header and ciphertext: four dots, the IV and the tag. */
const FRAME = 4 + 16 + 22

/** A text under a day's key, as a token. */
export async function seal(text: string, key: DayKey): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: kidOf(key) })
    .encrypt(key.key)
}

/**
 * The text of a token that `parse` has accepted, or `undefined` if it was altered, was made under
 * another key, or is no UTF-8. Anything else that goes wrong is not the client's doing and throws.
 */
export async function open(token: string, key: DayKey): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(token, key.key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxDecompressedLength: 0,
    })
    return decodeUtf8(plaintext)
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

/** The key a token asks for, or `undefined` if it is not, to the character, of our form. No crypto. */
export function parse(token: string): Kid | undefined {
  const [, header, ciphertext, tag] = COMPACT.exec(token) ?? []
  if (header === undefined || ciphertext === undefined || tag === undefined) return undefined
  if (!isCanonical(ciphertext) || !isCanonical(tag)) return undefined
  const [, id, day] = HEADER.exec(decode(header) ?? '') ?? []
  return id === undefined || day === undefined ? undefined : { id, day: Number(day) }
}

/** How many characters `seal` makes of so many bytes of text. */
export function sealedLength(bytes: number, kid: Kid): number {
  return encode(new TextEncoder().encode(headerOf(kid))).length + FRAME + Math.ceil((bytes * 4) / 3)
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function headerOf(kid: Kid): string {
  return `{"alg":"dir","enc":"A256GCM","kid":"${kidOf(kid)}"}`
}

function kidOf({ id, day }: Kid): string {
  return `${id}.${day}`
}
