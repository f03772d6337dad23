// Checks again whether an open session is valid: before anything of it is sealed, and for long
// connections.

import type { Pipeline } from './pipeline.ts'
import { describeRejection } from './rejection.ts'
import type { Refusal, RejectedSession, ValidSession } from '../session/opened.ts'
import type { SessionState } from '../session/state.ts'
import { andThen } from '../steps.ts'
import { lifetimeOf, rejectionReason } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'

type Rejected = RejectedSession | undefined

/** Returns why a session may not be sealed again: its secret was removed, or it was revoked. */
export function recheck(
  received: ValidSession,
  { ring, askRevoked }: Pipeline,
): Rejected | Promise<Rejected> {
  return andThen(ring.has(received.secretId), (isKnown) => {
    if (!isKnown) return rejectReceived(received, { reason: 'unknown-key' })
    return askRevoked?.(received).then((refusal) => refusal && rejectReceived(received, refusal))
  })
}

function rejectReceived(
  { secretId, claims, usedAt }: ValidSession,
  refusal: Refusal,
): RejectedSession {
  return { ...describeRejection(refusal, claims, usedAt), secretId }
}

/** Returns why an open session is not valid any more, its times included. */
export function recheckNow(
  state: SessionState,
  claims: Claims,
  pipeline: Pipeline,
): Rejected | Promise<Rejected> {
  const { usedAt, provenAt } = state
  const { lifetimes, device } = pipeline
  const hasEnded =
    provenAt !== undefined && device?.hasEnded(provenAt, lifetimeOf(claims.lifetime, lifetimes))
  // A session that began in this request was not used before it was sealed.
  const lastUse = Math.max(usedAt, claims.sealedAt)
  const reason =
    rejectionReason(claims, lastUse, pipeline.now(), lifetimes) ??
    (hasEnded === true ? 'unproven' : undefined)
  if (reason !== undefined) return describeRejection({ reason }, claims, lastUse)
  const current = currentSession(state, claims)
  return current && recheck(current, pipeline)
}

/** Returns the session as the browser has it: as it was written, or as it was received. */
function currentSession(
  { received, carriesReceived, written, contents, usedAt }: SessionState,
  claims: Claims,
): ValidSession | undefined {
  if (written?.id !== claims.id) return carriesReceived ? received : undefined
  const { body, secretId } = written
  return { claims, usedAt, body, contents, secretId, length: 0 }
}
