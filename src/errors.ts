// Stable codes for what a programmer did wrong (thrown), and reasons for what a client sent
// (returned). No error text holds a secret, a token or a stored value.

/**
 * The stable codes of everything that this library throws.
 *
 * - `ERR_SESSION_CONFIG`: an option or an argument is wrong.
 * - `ERR_SESSION_DATA`: a value cannot be stored without being changed or lost.
 * - `ERR_SESSION_TOO_LARGE`: the session does not fit the limits; nothing was written.
 * - `ERR_SESSION_COMMITTED`: the session was changed after its cookies were made.
 * - `ERR_SESSION_RESPONSE`: the response cannot carry a cookie.
 * - `ERR_SESSION_RELOAD`: `request.session.reload()` of `sealed-session/express` found no valid session.
 * - `ERR_SESSION_STORE`: the store of `overflow` or of `revocations` failed. Its error is the `cause`.
 *
 * @example
 * if (error instanceof SessionError && error.code === 'ERR_SESSION_TOO_LARGE') return tooLargePage()
 */
export type SessionErrorCode =
  | 'ERR_SESSION_CONFIG'
  | 'ERR_SESSION_DATA'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_SESSION_COMMITTED'
  | 'ERR_SESSION_RESPONSE'
  | 'ERR_SESSION_RELOAD'
  | 'ERR_SESSION_STORE'

/**
 * Why a cookie (or a token) that was sent is not accepted.
 *
 * - `malformed`: no token of this library by its form, or authentic with a payload that is none.
 * - `incomplete`: some of its parts are missing, or the parcel that holds what did not fit.
 * - `unknown-key`: sealed under a secret that is not configured (any more, or yet).
 * - `undecryptable`: the key is known and the authentication failed: altered, or made for another use.
 * - `expired`: past its absolute end.
 * - `idle`: not used for longer than `idleTimeout`.
 * - `not-yet-valid`: sealed in the future, beyond `clockTolerance`.
 * - `revoked`: refused by `revoked` or `validAfter`.
 * - `destroyed`: this browser has logged out since.
 * - `unproven`: bound to a device that has not proven itself in time.
 * - `invalid-data`: the data cannot be read, or does not fit `schema`.
 * - `too-large`: more than this library ever writes.
 *
 * @example
 * if (session.rejection?.reason === 'idle') session.flash('notice', 'You were logged out.')
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
  | 'unproven'
  | 'invalid-data'
  | 'too-large'

/** Bytes of an error's message in UTF-8. Clients choose the keys that appear in some of them. */
const MAX_MESSAGE_BYTES = 2048

/** Bytes of a path or an option's name, so that the sentence behind it always has its place. */
const MAX_PATH_BYTES = 1024

/** Bytes of `…`, which stands for what was cut. */
const ELLIPSIS_BYTES = 3

/**
 * Control characters, format characters (such as those that turn the direction of writing), line
 * separators, and halves of surrogate pairs. On a terminal they move, hide or change other text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * The base class of this library's errors. Branch on `code`, never on the message.
 *
 * @example
 * if (error instanceof SessionError) log.error(error.code, error)
 */
export class SessionError extends Error {
  override readonly name: string = 'SessionError'
  /** Stable over versions. */
  readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(escapeUnprintable(message, MAX_MESSAGE_BYTES), options)
    this.code = code
  }
}

/**
 * Thrown for a wrong option or argument, where it was given, before anything happens.
 *
 * @example
 * if (error instanceof SessionConfigError) console.error(`check the option ${error.option}`)
 */
export class SessionConfigError extends SessionError {
  override readonly name = 'SessionConfigError'
  /** The option's path, as in `cookie.sameSite`. */
  readonly option: string

  constructor(option: string, message: string, options?: ErrorOptions) {
    const path = escapeUnprintable(option, MAX_PATH_BYTES)
    super('ERR_SESSION_CONFIG', `${path} ${message}`, options)
    this.option = path
  }
}

/**
 * Thrown for a value that the serializer would change or lose, or that `schema` refuses or removes.
 * Nothing is written.
 *
 * @example
 * if (error instanceof SessionDataError) console.error(`cannot store ${error.path}`)
 */
export class SessionDataError extends SessionError {
  override readonly name = 'SessionDataError'
  /** The path of the value in the session, as in `cart[3].addedAt`. */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    const shown = escapeUnprintable(path, MAX_PATH_BYTES)
    super('ERR_SESSION_DATA', `${shown} ${message}`, options)
    this.path = shown
  }
}

/**
 * Thrown when a session is changed after its cookies were made, because the change could not reach the
 * browser.
 *
 * @example
 * if (error instanceof SessionCommittedError) console.error('write to the session before the response')
 */
export class SessionCommittedError extends SessionError {
  override readonly name = 'SessionCommittedError'

  constructor() {
    super(
      'ERR_SESSION_COMMITTED',
      'the session was changed after its cookies were made: change it before commit, setCookies, ' +
        'or the end of the wrapped handler',
    )
  }
}

/**
 * Returns `text` with every unprintable character written as `\u001b`, and its end replaced by `…` if
 * it takes more than `most` bytes of UTF-8.
 */
export function escapeUnprintable(text: string, most: number): string {
  const encoder = new TextEncoder()
  // No character takes less than a byte, so what is cut here would be cut below.
  const escaped = text
    .slice(0, most + 1)
    .replace(UNPRINTABLE, (character) => character.replace(/[^]/g, escapeUnit))
  if (encoder.encode(escaped).length <= most) return escaped
  const { read } = encoder.encodeInto(escaped, new Uint8Array(most - ELLIPSIS_BYTES))
  // Half an escape would be read as another text.
  return escaped.slice(0, read).replace(/\\(?:u[0-9a-f]{0,3})?$/, '') + '…'
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
