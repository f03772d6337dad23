// Matchers for the errors of this library.

import { expect } from 'vitest'

/** Matches the error of a change that comes after the cookies were made. */
export const COMMITTED: unknown = expect.objectContaining({
  name: 'SessionCommittedError',
  code: 'ERR_SESSION_COMMITTED',
})

/** Matches the error of a session that does not fit its limits. */
export const TOO_LARGE: unknown = expect.objectContaining({
  name: 'SessionTooLargeError',
  code: 'ERR_SESSION_TOO_LARGE',
})

/**
 * Matches a `SessionConfigError` of this option or argument whose message is more than its name.
 */
export function refusal(option: string): unknown {
  return expect.objectContaining({
    name: 'SessionConfigError',
    code: 'ERR_SESSION_CONFIG',
    option,
    // The path, and words: what is wrong, and what to write.
    message: expect.stringMatching(/^\S+ [^]{12,}/),
  })
}

/** Matches a `SessionDataError` of the value at this path. */
export function misfit(path: string): unknown {
  return expect.objectContaining({ name: 'SessionDataError', code: 'ERR_SESSION_DATA', path })
}

/** Returns what a call throws; `undefined` if it throws nothing. */
export function caught(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

/** Returns what a promise is rejected with; `undefined` if it is not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return undefined
  } catch (error) {
    return error
  }
}
