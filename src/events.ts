// What an observer is given: what happened to which session, never what it holds.

import type { RejectionReason } from './errors.ts'
import type { SizeReport } from './size/report.ts'

/**
 * What `observe` is called with. Never a secret, a key, a token or a value of a session.
 *
 * @example
 * createSessions({ secrets, observe: (event) => console.log(event.type) })
 */
export type SessionEvent =
  /** A session was received and accepted. `age` is seconds since it was sealed. */
  | {
      readonly type: 'opened'
      readonly id: string
      readonly secretId: string
      readonly age: number
    }
  /** A session was received and not accepted. What is known of it nevertheless. */
  | {
      readonly type: 'rejected'
      readonly reason: RejectionReason
      /** What `revoked` or the schema threw. */
      readonly error?: unknown
      /** The secret and the day (since 1970) that a well-formed token names. */
      readonly secretId?: string
      readonly day?: number
      /** Of an authentic token. Times are seconds since 1970. */
      readonly id?: string
      readonly startedAt?: number
      readonly sealedAt?: number
      readonly usedAt?: number
      /** The name of its lifetime; none if that is the default one. */
      readonly lifetime?: string
      /** The option that refused it: `maxAge`, `idleTimeout`, `clockTolerance`, `validAfter`, `revoked`. */
      readonly limit?: string
      /** Of a session whose device has to prove itself again, if the browser still has its last ticket. */
      readonly binding?: string
    }
  /** Cookies or a token were made. `bytes` are those of the sealed value. */
  | {
      readonly type: 'sealed'
      readonly id: string
      readonly secretId: string
      readonly cause: SealCause
      readonly bytes: number
      /** The id before `regenerate` or `renewId`. */
      readonly previous?: string
      /** The keys that did not fit, and are in the store of the option `overflow`. */
      readonly moved?: readonly string[]
    }
  /** The session that was received was ended by `destroy`. No `id` if it had not been accepted. */
  | { readonly type: 'destroyed'; readonly id: string | undefined }
  /** A session has passed from `ok` to `warn`, or does not fit. */
  | { readonly type: 'size'; readonly id: string; readonly report: SizeReport }
  /**
   * The `secrets` function returned different secrets, or failed. After a failure the last good secrets
   * stay in use. `error` is a SessionConfigError.
   */
  | { readonly type: 'secrets'; readonly outcome: 'changed' | 'failed'; readonly error?: unknown }
  /**
   * A browser has sent the key of its device, or a proof of it: `registered`, `proven`, or `refused`, and
   * why. `id` is that of the session, if one was received.
   */
  | {
      readonly type: 'device'
      readonly id: string | undefined
      readonly outcome: 'registered' | 'proven' | 'refused'
      readonly reason?: DeviceRefusal
    }
  /** Something works as written, but probably not as intended. */
  | { readonly type: 'warning'; readonly cause: WarningCause }

/**
 * Why a key or a proof of a device was refused.
 *
 * - `session`: no bound session was received with it, or another one than it names.
 * - `malformed`: no proof by its form. `too-large`: more than 4 kB of it.
 * - `algorithm`: signed with another algorithm than ES256 and RS256.
 * - `key`: the key is missing, is where it must not be, or is not one of the algorithm.
 * - `challenge`: not an answer to a challenge for this session. `expired`: an answer that was too late.
 * - `audience`: made for another origin or path.
 * - `signature`: not signed with the key.
 *
 * @example
 * const observe = (event: SessionEvent) => {
 *   if (event.type === 'device' && event.outcome === 'refused') metrics.count(event.reason)
 * }
 */
export type DeviceRefusal =
  | 'session'
  | 'malformed'
  | 'too-large'
  | 'algorithm'
  | 'key'
  | 'challenge'
  | 'expired'
  | 'audience'
  | 'signature'

/**
 * Why something was sealed: the session began, it changed, its use was recorded in a ticket, or the
 * application asked for a bare token.
 *
 * @example
 * const observe = (event: SessionEvent) => {
 *   if (event.type === 'sealed') metrics.count(event.cause)
 * }
 */
export type SealCause = 'new' | 'changed' | 'renewed' | 'token'

/**
 * What fails without an error. Each cause is observed once for each `createSessions`, but
 * `overwritten` each time.
 *
 * - `insecure`: a `Secure` cookie was sent to a browser on plain http, which drops it.
 * - `uncommitted`: a session was changed a minute ago, and its cookies were never asked for.
 * - `same-name`: another `createSessions` of this process sealed a cookie of this name that these
 *   secrets do not open.
 * - `cut`: a cookie arrived without its end.
 * - `overwritten`: a response carried cookies of the session that another open of it had written; they
 *   were replaced.
 * - `late`: a session was first read after its response, for example in a stream, so the response has neither
 *   `Vary: Cookie` nor `private`.
 *
 * @example
 * const observe = (event: SessionEvent) => {
 *   if (event.type === 'warning') console.warn(`session: ${event.cause satisfies WarningCause}`)
 * }
 */
export type WarningCause = 'insecure' | 'uncommitted' | 'same-name' | 'cut' | 'overwritten' | 'late'
