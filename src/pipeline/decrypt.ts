// The text of a sealed value, or why it cannot be had. No value costs more than one derivation and one
// decryption.

import { sealingWindow } from '../token/claims.ts'
import type { SealedValue } from '../token/jwe.ts'
import type { Purpose } from '../token/key-ring.ts'
import { isThenable } from '../validate.ts'
import type { Pipeline } from './pipeline.ts'
import type { Refusal } from './rejection.ts'

/** Returns the text that was sealed, or why there is none. At once where the key is at hand. */
export function decrypt(
  { id, day, sealed }: SealedValue,
  purpose: Purpose,
  now: number,
  { ring, lifetimes }: Pipeline,
): string | Refusal | Promise<string | Refusal> {
  const [oldest, newest] = sealingWindow(now, lifetimes)
  if (day < oldest) return { reason: 'expired' }
  if (day > newest) return { reason: 'not-yet-valid' }
  const key = ring.opening(purpose, id, day)
  if (isThenable(key)) {
    return key.then((found) =>
      found === undefined ? UNKNOWN_KEY : decryptedText(found.open(sealed)),
    )
  }
  return key === undefined ? UNKNOWN_KEY : decryptedText(key.open(sealed))
}

const UNKNOWN_KEY: Refusal = Object.freeze({ reason: 'unknown-key' })
const UNDECRYPTABLE: Refusal = Object.freeze({ reason: 'undecryptable' })

function decryptedText(
  text: string | undefined | Promise<string | undefined>,
): string | Refusal | Promise<string | Refusal> {
  // An extra microtask costs about as much as this whole check.
  return isThenable(text) ? text.then((found) => found ?? UNDECRYPTABLE) : (text ?? UNDECRYPTABLE)
}
