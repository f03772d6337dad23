// What a programmer is told of an option that is wrong.

import { expect } from 'vitest'

/** A `SessionConfigError` of this option that says more than its name. */
export function refusal(option: string): unknown {
  return expect.objectContaining({
    name: 'SessionConfigError',
    code: 'ERR_SESSION_CONFIG',
    option,
    // The path, and words: what is wrong, and what to write.
    message: expect.stringMatching(/^\S+ [^]{12,}/),
  })
}
