// Callbacks and promises: the two ways in which the methods of an Express session report that they
// are done.

import { SessionConfigError } from '../errors.ts'
import { describe } from '../validate.ts'

/**
 * Called when a method of `request.session` is done: with an error, or with nothing.
 *
 * @example
 * const answer: SessionCallback = (error) => (error ? next(error) : response.redirect('/'))
 */
export type SessionCallback = (error?: unknown) => unknown

/**
 * Runs `work` synchronously, and calls back in a microtask. Returns a promise if there is no
 * callback.
 *
 * @param method the name of the method, for the error
 * @param report receives what the callback throws or rejects with
 * @throws SessionConfigError if the callback is not a function
 */
export function callBackOrPromise<Self>(
  method: string,
  callback: unknown,
  { self, report }: { readonly self: Self; readonly report: (error: unknown) => void },
  work: () => void | Promise<void>,
): Self | Promise<void> {
  if (callback !== undefined && callback !== null && !isCallback(callback)) {
    throw new SessionConfigError(
      method,
      `was given ${describe(callback)} and takes a callback: write ${method}((error) => …) or await ${method}()`,
    )
  }
  const done = startWork(work)
  if (!isCallback(callback)) return done
  done
    .then(
      () => callback(),
      (error: unknown) => callback(error),
    )
    .catch(report)
  return self
}

async function startWork(work: () => void | Promise<void>): Promise<void> {
  await work()
}

function isCallback(value: unknown): value is SessionCallback {
  return typeof value === 'function'
}
