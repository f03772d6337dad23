// Matchers for the errors of this library, and functions that catch and throw errors.

import { expect } from 'vitest'

/** Matches the error of a change that comes after the cookies were made. */
export const COMMITTED_ERROR: unknown = expect.objectContaining({
  name: 'SessionCommittedError',
  code: 'ERR_SESSION_COMMITTED',
})

/** Matches the error of a session that does not fit its limits. */
export const TOO_LARGE_ERROR: unknown = expect.objectContaining({
  name: 'SessionTooLargeError',
  code: 'ERR_SESSION_TOO_LARGE',
})

/**
 * Matches a `SessionConfigError` of this option or argument whose message is more than its name.
 */
export function configError(option: string): unknown {
  return expect.objectContaining({
    name: 'SessionConfigError',
    code: 'ERR_SESSION_CONFIG',
    option,
    // The path, and words: what is wrong, and what to write.
    message: expect.stringMatching(/^\S+ [^]{12,}/),
  })
}

/** Matches a `SessionDataError` of the value at this path. */
export function dataError(path: string): unknown {
  return expect.objectContaining({ name: 'SessionDataError', code: 'ERR_SESSION_DATA', path })
}

/** Returns the error that a call throws; `undefined` if it throws none. */
export function catchError(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

/** The result of `catchAsyncError` if nothing is thrown. A rejection may be `undefined`. */
export const NO_ERROR = 'no error was thrown'

/** Returns what a promise is rejected with; `NO_ERROR` if it is not. */
export async function catchAsyncError(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return NO_ERROR
  } catch (error) {
    return error
  }
}

/** Throws any value, where an expression is needed. */
export function throwError(error: unknown): never {
  throw error
}

/** Returns the code of an error, or a value that is no error with a code as it is. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : error
}

/** Returns the code of the error that `act` throws, or the result of `act`. */
export function thrownCode(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return codeOf(error)
  }
}
