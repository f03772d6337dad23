// Describes a rejected session, for the event that reports it.

import type { RejectionReason } from '../errors.ts'
import type { Refusal, RejectedSession } from '../session/opened.ts'
import type { Claims } from '../token/claims.ts'
import { ownProperties } from '../validate.ts'

/** The option behind a reason. `revoked` names itself where it is the function of that name. */
const LIMITS: Readonly<Partial<Record<RejectionReason, string>>> = ownProperties({
  expired: 'maxAge',
  idle: 'idleTimeout',
  'not-yet-valid': 'clockTolerance',
  revoked: 'validAfter',
})

/** Returns a refusal with the option behind it, and with what an authentic token says of its session. */
export function describeRejection(
  refusal: Refusal,
  claims?: Claims,
  usedAt: number = claims?.sealedAt ?? 0,
): RejectedSession {
  const { limit = LIMITS[refusal.reason] } = ownProperties(refusal)
  const rejection = limit === undefined ? refusal : { ...refusal, limit }
  if (claims === undefined) return rejection
  const { id, startedAt, sealedAt, lifetime } = claims
  const known = { ...rejection, id, startedAt, sealedAt, usedAt }
  return lifetime === '' ? known : { ...known, lifetime }
}
