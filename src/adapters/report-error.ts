// The errors of a session: the application receives them, or a plain page is sent.

import { SessionError } from '../errors.ts'
import { isThenable } from '../validate.ts'
import type { NodeResponse } from './node-response.ts'
import { answerPlainly } from './plain-answer.ts'

/**
 * Passes an error to the application. If that throws or rejects, the response is answered with a
 * plain page, because no error handler is left. Never throws.
 */
export function reportError(
  tell: (error: Error) => unknown,
  error: unknown,
  response: NodeResponse,
): void {
  const answer = (thrown: unknown) => answerPlainly(response, thrown)
  try {
    const result = tell(toError(error))
    if (isThenable(result)) result.then(undefined, answer)
  } catch (thrown) {
    answer(thrown)
  }
}

/** Returns `value` as an `Error`: a serializer or an observer may throw any value. */
export function toError(error: unknown): Error {
  if (error instanceof Error) return error
  const message = 'the cookies of the session could not be made'
  return new SessionError('ERR_SESSION_RESPONSE', message, { cause: error })
}
