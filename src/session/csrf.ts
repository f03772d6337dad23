// CSRF tokens: one secret per session, masked anew each time it is shown, so that no text of it repeats
// and the length of a compressed page tells nothing about it (BREACH).

import { decode, encode } from '../token/base64url.ts'

/** 128 bits cannot be guessed, and take 22 characters of the session. */
const CSRF_SECRET_BYTES = 16

/** A mask and a masked secret in base64url. */
const CSRF_TOKEN_LENGTH = 43

/** Returns the CSRF secret of a new session. */
export function makeSecret(): string {
  return encode(crypto.getRandomValues(new Uint8Array(CSRF_SECRET_BYTES)))
}

/** Whether a value has the form of a CSRF secret. */
export function isSecret(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{21}[AQgw]$/.test(value)
}

/** Returns the secret under a new mask: the mask, then the secret xor the mask. */
export function mask(secret: string): string {
  const pad = crypto.getRandomValues(new Uint8Array(CSRF_SECRET_BYTES))
  const hidden = decodeBytes(secret).map((byte, at) => byte ^ (pad[at] ?? 0))
  return encode(Uint8Array.of(...pad, ...hidden))
}

/** Whether `token` is the secret under some mask. Takes the same time wherever they differ. */
export function isMasked(token: unknown, secret: string): boolean {
  if (typeof token !== 'string' || token.length !== CSRF_TOKEN_LENGTH) return false
  const given = decodeBytes(token)
  if (given.length !== 2 * CSRF_SECRET_BYTES) return false
  let difference = 0
  for (const [at, byte] of decodeBytes(secret).entries()) {
    difference |= byte ^ (given[at] ?? 0) ^ (given[at + CSRF_SECRET_BYTES] ?? 0)
  }
  return difference === 0
}

/** Returns the bytes of a text in base64url; none if it is not spelled canonically. */
function decodeBytes(text: string): Uint8Array {
  return Uint8Array.from(decode(text) ?? '', (character) => character.charCodeAt(0))
}
