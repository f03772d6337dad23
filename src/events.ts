// What an operator is told: what happened to which session, never what is in it.

import type { RejectionReason } from './errors.ts'
import type { SizeReport } from './size/report.ts'

/** What `observe` is told. Never a secret, a key, a token or a value of a session. */
export type SessionEvent =
  /** A session came and was accepted: under which secret, sealed how many seconds ago. */
  | {
      readonly type: 'opened'
      readonly id: string
      readonly secretId: string
      readonly age: number
    }
  /** A session came and was not accepted. `error` is what `revoked` threw, if it did. */
  | { readonly type: 'rejected'; readonly reason: RejectionReason; readonly error?: unknown }
  /** Cookies or a token were made. `bytes` are the token's. */
  | {
      readonly type: 'sealed'
      readonly id: string
      readonly secretId: string
      readonly cause: SealCause
      readonly bytes: number
    }
  /** The session that came was ended by `destroy`. `id` is unknown if it had not been accepted. */
  | { readonly type: 'destroyed'; readonly id: string | undefined }
  /** A session has passed from `ok` to `warn`, or does not fit. */
  | { readonly type: 'size'; readonly id: string; readonly report: SizeReport }
  /**
   * The function that gives the secrets gave others, or failed: the last good ones go on. `error` is a
   * SessionConfigError: what was wrong with what it gave, or, with what it threw as its cause, that it
   * failed.
   */
  | { readonly type: 'secrets'; readonly outcome: 'changed' | 'failed'; readonly error?: unknown }

/**
 * Why a session was sealed: it began, its data changed, its idle time starts again, it moves to a
 * newer secret, or the application asked for a bare token.
 */
export type SealCause = 'new' | 'changed' | 'renewed' | 'rotated' | 'token'
