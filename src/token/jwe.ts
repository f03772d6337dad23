// Text <-> compact JWE (RFC 7516), `dir` and `A256GCM` only, with jose. Every spelling but the one
// this file writes is refused before a key is asked for: jose also takes padding, blanks and other
// trailing bits.

// One by one: jose's index loads all of it, and whoever starts a process waits for that.
import { JOSEError } from 'jose/errors'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { decode, encode, endsCanonically } from './base64url.ts'
import { ownProperties } from '../validate.ts'
import type { DayKey, KeyId } from './key-ring.ts'

/**
 * The five parts of a compact JWE with a direct key: header, nothing, a 96-bit IV (16 characters),
 * the ciphertext, and a tag of exactly 128 bits (22 characters).
 */
const COMPACT =
  /^(eyJ[A-Za-z0-9_-]{1,256})\.\.[A-Za-z0-9_-]{16}\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$/

/** Six digits reach the year 4707; a leading zero would be a second spelling. */
const HEADER =
  /^\{"alg":"dir","enc":"A256GCM","kid":"([A-Za-z0-9_-]{1,32})\.(0|[1-9][0-9]{0,5})"\}$/

/** `parse` has let nothing else through: `jose` must not either. */
const ONLY_OURS = ownProperties({
  keyManagementAlgorithms: ['dir'],
  contentEncryptionAlgorithms: ['A256GCM'],
  maxDecompressedLength: 0,
})

/** Characters of an IV of 96 bits, and of a tag of 128. */
export const IV_LENGTH = 16
export const TAG_LENGTH = 22

/** Characters of a token beside header and ciphertext: four dots, the IV and the tag. */
const FRAME = 4 + IV_LENGTH + TAG_LENGTH

/** A key that seals and opens with jose, over WebCrypto: for every runtime. */
export async function makeJoseKey(kid: KeyId, bytes: Uint8Array<ArrayBuffer>): Promise<DayKey> {
  const usages: KeyUsage[] = ['encrypt', 'decrypt']
  // Imported once: jose would import raw bytes again for every token.
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, usages)
  return {
    ...kid,
    seal: (text) =>
      new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: nameOf(kid) })
        .encrypt(key),
    open: async (token) => {
      try {
        return decodeText((await compactDecrypt(token, key, ONLY_OURS)).plaintext)
      } catch (error) {
        // What else goes wrong is not the client's doing.
        if (error instanceof JOSEError) return undefined
        throw error
      }
    },
  }
}

/** The key a token asks for, or `undefined` if it is not, to the character, of our form. No crypto. */
export function parse(token: string): KeyId | undefined {
  const match = COMPACT.exec(token)
  if (match === null) return undefined
  const [, header = '', ciphertext = '', tag = ''] = match
  if (!endsCanonically(ciphertext) || !endsCanonically(tag)) return undefined
  return header === last?.header ? last.kid : readHeader(header)
}

/** The header that was read last: all tokens of one secret and one day have the same. */
let last: { readonly header: string; readonly kid: KeyId } | undefined

function readHeader(header: string): KeyId | undefined {
  const match = HEADER.exec(decode(header) ?? '')
  if (match === null) return undefined
  const [, id = '', day = ''] = match
  const kid = { id, day: Number(day) }
  last = { header, kid }
  return kid
}

/** The protected header of a key's tokens, encoded. */
export function headerOf(kid: KeyId): string {
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${nameOf(kid)}"}`
  return encode(new TextEncoder().encode(header))
}

/** How many characters a token of so many bytes of text has. */
export function sealedLength(bytes: number, kid: KeyId): number {
  return headerOf(kid).length + FRAME + Math.ceil((bytes * 4) / 3)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Authenticated bytes as text; `undefined` if they are no UTF-8, which no writer of ours makes. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function nameOf({ id, day }: KeyId): string {
  return `${id}.${day}`
}
