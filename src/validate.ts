// What a value of unknown origin is, for everything that checks one.

import { SessionConfigError } from './errors.ts'

/** An object with members: no list, no `null`. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An object's own members, under no prototype: what other code has put on `Object.prototype` is
 * nobody's option, and no attribute of a cookie.
 */
export function ownProperties<T extends object>(given: T): T {
  return { __proto__: null, ...given }
}

/** One of them. */
export function ownProperty(given: object, name: string): unknown {
  return Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined
}

/**
 * Whether a value has to be waited for. Told by what it can do: zone.js and others put a `Promise` of
 * their own in the global's place, and what an async function returns is none of those.
 */
export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** A whole number that a double holds exactly, from `least` to `most`. */
export function isWholeNumber(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}

/**
 * A moment in seconds since 1970.
 *
 * @throws SessionConfigError if it is no Date, no ISO text and no number of seconds
 */
export function timestampOption(option: string, value: unknown): number {
  const isDate = typeof value === 'string' || value instanceof Date
  const moment = isDate ? new Date(value).getTime() / 1000 : value
  // 10^11 seconds are the year 5138: what lies beyond was meant as milliseconds.
  if (typeof moment === 'number' && moment >= 0 && moment < 1e11) return moment
  throw new SessionConfigError(
    option,
    `is ${describe(value)} and must be a Date, an ISO text, or seconds since 1970`,
  )
}

/** A misspelled option must not be an option that does not hold. */
export function assertKnownKeys(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new SessionConfigError(`${prefix}${name}`, `is no option: write ${known.join(', ')}`)
  }
}

/**
 * A wrong value in a message. Secrets never come here; what an object or a function would say of
 * itself is not shown, since it can hold one, or throw.
 */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** A yes or no. */
export function booleanOption(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? fallback
  throw new SessionConfigError(option, `is ${describe(value)} and must be true or false`)
}

/** One of a few words. */
export function enumOption<const T extends string>(
  option: string,
  value: unknown,
  allowed: readonly T[],
): T {
  const found = allowed.find((name) => name === value)
  if (found !== undefined) return found
  throw new SessionConfigError(
    option,
    `is ${describe(value)} and must be ${allowed.map(describe).join(' or ')}`,
  )
}
