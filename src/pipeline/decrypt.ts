// The text of a sealed value, or why it cannot be had. No value costs more than one derivation and one
// decryption.

import type { Refusal } from '../session/opened.ts'
import { settled } from '../steps.ts'
import type { Steps } from '../steps.ts'
import { sealingWindow } from '../token/claims.ts'
import type { SealedValue } from '../token/jwe.ts'
import type { Purpose } from '../token/key-ring.ts'
import type { Pipeline } from './pipeline.ts'

/** Returns the text that was sealed, or why there is none. */
export function* decrypt(
  { id, day, sealed }: SealedValue,
  purpose: Purpose,
  now: number,
  { ring, lifetimes }: Pick<Pipeline, 'ring' | 'lifetimes'>,
): Steps<string | Refusal> {
  const [oldest, newest] = sealingWindow(now, lifetimes)
  if (day < oldest) return { reason: 'expired' }
  if (day > newest) return { reason: 'not-yet-valid' }
  const key = yield* settled(ring.opening(purpose, id, day))
  if (key === undefined) return { reason: 'unknown-key' }
  return (yield* settled(key.open(sealed))) ?? { reason: 'undecryptable' }
}
