// What has become of the token that a request brought: a valid session, or a reason.

import type { RejectionReason } from '../errors.ts'
import type { Claims } from '../token/claims.ts'
import type { Contents } from './contents.ts'
import type { Parcel } from './parcel.ts'
import { ownProperty } from '../validate.ts'

/** A session that was received and is valid. */
export interface ValidSession {
  readonly claims: Claims
  /** When it was last used, in seconds: when it was sealed, or what its ticket says. */
  readonly usedAt: number
  /** When its device has proven itself, in seconds, if it has. */
  readonly provenAt?: number | undefined
  /** The payload behind the times, as the browser has it. */
  readonly body: string
  readonly contents: Contents
  readonly secretId: string
  /** Characters of its token. */
  readonly length: number
  /** What the store of the option `overflow` holds of it. */
  readonly parcel?: Parcel | undefined
}

/** A session that was received and is not valid, and what is known of it if its token is authentic. */
export interface RejectedSession extends Partial<
  Pick<Claims, 'id' | 'startedAt' | 'sealedAt' | 'lifetime'>
> {
  readonly reason: RejectionReason
  /** What the application's own code threw: `revoked`, or a schema. */
  readonly error?: unknown
  /** The secret and the day that a well-formed token names. */
  readonly secretId?: string
  readonly day?: number
  readonly usedAt?: number
  /** The option that refused it. */
  readonly limit?: string
  /** The binding whose proof has ended, while the browser still has its ticket. */
  readonly binding?: string
}

/** Why a value, or what it holds, is refused. */
export type Refusal = Pick<RejectedSession, 'reason' | 'error' | 'limit' | 'binding'>

/** Whether what was received is valid: by its own claims, not by those of a polluted prototype. */
export function isValid(result: ValidSession | RejectedSession): result is ValidSession {
  return Object.hasOwn(result, 'claims')
}

/** Returns the binding of a rejection's own, not that of a polluted prototype. */
export function lapsedBinding(rejected: RejectedSession | undefined): string {
  const binding = ownProperty(rejected ?? {}, 'binding')
  return typeof binding === 'string' ? binding : ''
}
