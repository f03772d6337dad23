// Whose fault it is, in words that do not change: codes for what a programmer did wrong (thrown),
// reasons for what a client sent (returned). Nothing here ever holds a secret, a token or a value.

/**
 * The stable codes of everything this library throws.
 *
 * - `ERR_SESSION_CONFIG`: an option or an argument is wrong.
 * - `ERR_SESSION_DATA`: a value cannot be stored without being changed or lost.
 * - `ERR_SESSION_TOO_LARGE`: the session does not fit the limits; nothing was written.
 * - `ERR_SESSION_COMMITTED`: the session was changed after its cookies were made.
 * - `ERR_SESSION_RESPONSE`: the response cannot carry a cookie.
 */
export type SessionErrorCode =
  | 'ERR_SESSION_CONFIG'
  | 'ERR_SESSION_DATA'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_COMMITTED'
  | 'ERR_SESSION_RESPONSE'

/**
 * Why the cookie (or token) that came was not accepted.
 *
 * - `malformed`: not a token of ours by its form, or authentic but not our claims.
 * - `incomplete`: parts of it are missing.
 * - `unknown-key`: sealed under a secret that is not configured (any more, or yet).
 * - `undecryptable`: the key is known, the authentication failed: altered, or made for another use.
 * - `expired`: past its absolute end.
 * - `idle`: not used for longer than `idleTimeout`.
 * - `not-yet-valid`: sealed in the future, beyond `clockTolerance`.
 * - `revoked`: refused by `revoked` or `validAfter`.
 * - `destroyed`: this browser has logged out since.
 * - `invalid-data`: the data cannot be read, or does not fit `schema`.
 * - `too-large`: more than this library ever writes.
 */
export type RejectionReason =
  | 'malformed'
  | 'incomplete'
  | 'unknown-key'
  | 'undecryptable'
  | 'expired'
  | 'idle'
  | 'not-yet-valid'
  | 'revoked'
  | 'destroyed'
  | 'invalid-data'
  | 'too-large'

/** What every error of this library is an instance of. Branch on `code`, never on the message. */
export class SessionError extends Error {
  override readonly name: string = 'SessionError'
  /** Stable over versions. */
  readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An option or an argument is wrong. Thrown where it was given, before anything happens. */
export class SessionConfigError extends SessionError {
  override readonly name = 'SessionConfigError'
  /** The option's path, as in `cookie.sameSite`. */
  readonly option: string

  constructor(option: string, message: string, options?: ErrorOptions) {
    super('ERR_SESSION_CONFIG', `${option} ${message}`, options)
    this.option = option
  }
}

/** A value that the serializer would change or lose, or that `schema` refuses. Nothing is written. */
export class SessionDataError extends SessionError {
  override readonly name = 'SessionDataError'
  /** Where the value stands in the session, as in `cart[3].addedAt`. */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('ERR_SESSION_DATA', `${path} ${message}`, options)
    this.path = path
  }
}

/** The session was changed after its cookies were made: the change could not reach the browser. */
export class SessionCommittedError extends SessionError {
  override readonly name = 'SessionCommittedError'

  constructor() {
    super(
      'ERR_SESSION_COMMITTED',
      'the session was changed after its cookies were made, so the change would be lost: ' +
        'change it before commit, setCookies, or the return of a wrapped handler',
    )
  }
}
