// The text of a sealed value, or why it cannot be had. No value costs more than one derivation and one
// decryption.

import type { Refusal } from '../session/opened.ts'
import { andThen } from '../steps.ts'
import { sealingWindow } from '../token/claims.ts'
import type { DayKey, SealedValue } from '../token/jwe.ts'
import type { Purpose } from '../token/key-ring.ts'
import type { Pipeline } from './pipeline.ts'

/** The text that was sealed, or why there is none. */
type Decrypted = string | Refusal

/** Returns the text that was sealed, or why there is none: as a promise only if the key or AES needs one. */
export function decrypt(
  { id, day, sealed }: SealedValue,
  purpose: Purpose,
  now: number,
  { ring, lifetimes }: Pick<Pipeline, 'ring' | 'lifetimes'>,
): Decrypted | Promise<Decrypted> {
  const [oldest, newest] = sealingWindow(now, lifetimes)
  if (day < oldest) return { reason: 'expired' }
  if (day > newest) return { reason: 'not-yet-valid' }
  return andThen(ring.opening(purpose, id, day), (key) => openWith(key, sealed))
}

function openWith(key: DayKey | undefined, sealed: string): Decrypted | Promise<Decrypted> {
  if (key === undefined) return { reason: 'unknown-key' }
  return andThen(key.open(sealed), textOrRefusal)
}

function textOrRefusal(text: string | undefined): Decrypted {
  return text ?? { reason: 'undecryptable' }
}
