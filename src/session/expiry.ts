// When a session ends if it is not used again.

import { absoluteEnd, endsAt, lifetimeOf } from '../token/claims.ts'
import { carriedClaims } from './state.ts'
import type { SessionState } from './state.ts'

/**
 * Returns the end in seconds since 1970: the one that the browser's cookies give the session, or the one
 * that it is about to get.
 */
export function expiryOf(state: SessionState): number | undefined {
  const claims = carriedClaims(state)
  if (claims === undefined) return undefined
  const { changed, touchRequested, isNew, committed, usedAt, provenAt, runtime } = state
  // Only a proof renews the ticket of a device that has proven itself.
  const isRenewed = touchRequested && provenAt === undefined
  const isWritten = !committed && (changed || isRenewed || isNew)
  const lifetime = lifetimeOf(claims.lifetime, runtime.lifetimes)
  const lastUse = isWritten ? Math.min(runtime.now(), absoluteEnd(claims, lifetime)) : usedAt
  return endsAt(claims, lastUse, lifetime)
}
