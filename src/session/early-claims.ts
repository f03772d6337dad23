// The identity of a session before it holds anything, and another lifetime for one that has begun.

import { createClaims, lifetimeOf } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import { access, change } from './state.ts'
import type { SessionState } from './state.ts'

/**
 * Returns the identity that the session has, or will have once it holds something. Nothing is written
 * for it: if the session stays empty, the next request gets another one.
 */
export function reserveClaims(state: SessionState): Claims {
  const { runtime, stamps } = access(state)
  state.claims ??= createClaims(runtime.now(), stamps, '', runtime.lifetimes)
  return state.claims
}

/**
 * Gives the same session another configured lifetime, counted from its start.
 *
 * @throws SessionCommittedError if the cookies are made
 */
export function changeLifetime(state: SessionState, lifetime: string): void {
  const claims = reserveClaims(change(state))
  const { maxAge } = lifetimeOf(lifetime, state.runtime.lifetimes)
  state.claims = { ...claims, lifetime, life: maxAge }
}
