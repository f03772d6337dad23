// What the methods of a session and of its scopes take for arguments, checked at the call.

import { SessionConfigError } from '../errors.ts'
import { describe, refuse } from '../validate.ts'

/**
 * Throws unless a key is a string.
 *
 * @throws SessionConfigError
 */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key === 'string') return
  refuse('key', key, "a string, as in 'cart'")
}

/**
 * Throws if a method was given arguments that it would ignore, such as a callback.
 *
 * @throws SessionConfigError
 */
export function assertNoArguments(method: string, given: readonly unknown[]): void {
  const found = given.find((value) => value !== undefined)
  if (found === undefined) return
  throw new SessionConfigError(
    method,
    `takes no argument and was given ${describe(found)}: write ${method}()`,
  )
}

/**
 * Throws if a method was given arguments behind those that it takes, such as a cookie's attributes.
 *
 * @param usage how the method is called, as in `delete(key)`
 * @throws SessionConfigError
 */
export function assertNoMore(usage: string, unexpected: readonly unknown[]): void {
  const found = unexpected.find((value) => value !== undefined)
  if (found === undefined) return
  const [method = ''] = usage.split('(')
  throw new SessionConfigError(method, `was given ${describe(found)} besides: write ${usage}`)
}
