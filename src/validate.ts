// Checks of values of unknown origin: options, arguments, and what was parsed.

import { SessionConfigError, escapeUnprintable } from './errors.ts'

/**
 * A string that is longer is described by its length: a secret has at least 32 characters, and even one
 * that was given as another option must not be repeated.
 */
const MAX_SHOWN_LENGTH = 31

/** Bytes that any other value may take in a message, such as a bigint or a symbol's description. */
const MAX_SHOWN_BYTES = 100

/** Whether `value` is an object with members: neither an array nor `null`. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Returns a copy of an object's own properties without a prototype. Polluted prototypes have no effect
 * on options, because only these are read.
 */
export function ownProperties<T extends object>(given: T): T {
  return { __proto__: null, ...given }
}

/** Returns the value of an object's own property, or `undefined`. */
export function ownProperty(given: object, name: string): unknown {
  return Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined
}

/**
 * Whether an object or its class has a property. What was added to `Object.prototype` does not count.
 */
export function hasMember(object: object, name: string): boolean {
  let owner: object | null = object
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner)
  return owner !== null && (owner === object || Object.getPrototypeOf(owner) !== null)
}

/** Whether a value is an object with a method of that name. */
export function hasMethod(value: unknown, name: string): boolean {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  )
}

/**
 * Whether `value` is thenable. `instanceof Promise` is not enough: zone.js and others replace the
 * global `Promise`, and async functions go on returning the built-in one.
 */
export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** Whether `value` is a whole number that a double holds exactly, from `least` to `most`. */
export function isWholeNumber(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}

/** Returns a Date, an ISO string or a number of seconds as seconds since 1970; `undefined` for others. */
export function toTimestamp(value: unknown): number | undefined {
  const isDate = typeof value === 'string' || value instanceof Date
  const seconds = isDate ? new Date(value).getTime() / 1000 : value
  // 10^11 seconds are the year 5138: a larger number was meant as milliseconds.
  return typeof seconds === 'number' && seconds >= 0 && seconds < 1e11 ? seconds : undefined
}

/**
 * Throws for a value that an option or an argument cannot have.
 *
 * @param must what it must be, and how to write it
 * @throws SessionConfigError always
 */
export function refuse(option: string, value: unknown, must: string): never {
  throw new SessionConfigError(option, `is ${describe(value)} and must be ${must}`)
}

/** What `toTimestamp` takes, in messages. */
export const TIMESTAMP = 'a Date, an ISO string, or seconds since 1970'

/**
 * Returns an option as seconds since 1970.
 *
 * @throws SessionConfigError if it is no Date, no ISO string and no number of seconds
 */
export function timestampOption(option: string, value: unknown): number {
  return toTimestamp(value) ?? refuse(option, value, TIMESTAMP)
}

/**
 * Returns an option that is a whole number within bounds.
 *
 * @param otherwise what else it may be, as in `, or false`
 * @throws SessionConfigError if it is anything else
 */
export function wholeNumberOption(
  option: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
  otherwise = '',
): number {
  return isWholeNumber(value, least, most)
    ? value
    : refuse(option, value, `a whole number from ${least} to ${most}${otherwise}`)
}

/**
 * Throws for the first key that is not among `known`, because a misspelled option would have no effect.
 *
 * @param prefix the path of the object, as in `cookie.`
 * @throws SessionConfigError with the key's path and the known keys
 */
export function assertKnownKeys(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new SessionConfigError(`${prefix}${name}`, `is no option: there are ${known.join(', ')}`)
  }
}

/**
 * Returns a wrong value as it may appear in a message: short, and with control characters and those that
 * turn the direction of writing escaped. Of objects, functions and long strings only the kind is shown,
 * because they may hold a secret, and an object's own `toString` may throw.
 */
export function describe(value: unknown): string {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
    return describeKind(value)
  }
  if (typeof value !== 'string') return escapeUnprintable(String(value), MAX_SHOWN_BYTES)
  return value.length > MAX_SHOWN_LENGTH
    ? `a string of ${value.length} characters`
    : // Each of its characters takes at most six, and the quotes two.
      escapeUnprintable(JSON.stringify(value), 6 * MAX_SHOWN_LENGTH + 2)
}

/**
 * Returns a name that the application chose, such as a key of a session, as it may appear in a message: in
 * quotation marks, escaped, and cut if it is long.
 */
export function describeName(name: string): string {
  return `"${escapeUnprintable(JSON.stringify(name).slice(1, -1), MAX_SHOWN_BYTES)}"`
}

/** Returns the kind of a value that must not be shown at all, such as one given in place of a secret. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Promise) return 'a promise (await it)'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * Returns an option that is `true` or `false`, or else `fallback`.
 *
 * @throws SessionConfigError for any other value
 */
export function booleanOption(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  return typeof value === 'boolean' ? value : refuse(option, value, 'true or false')
}

/**
 * Returns an option that is one of a few words.
 *
 * @throws SessionConfigError that lists the words, for any other value
 */
export function enumOption<const T extends string>(
  option: string,
  value: unknown,
  allowed: readonly T[],
): T {
  return (
    allowed.find((name) => name === value) ??
    refuse(option, value, allowed.map(describe).join(' or '))
  )
}

/**
 * Returns a function, or `fallback` for `undefined`.
 *
 * @throws SessionConfigError if it is anything else
 */
export function functionOption<F, G>(option: string, value: F | undefined, fallback: G): F | G {
  if (value === undefined) return fallback
  return typeof value === 'function' ? value : refuse(option, value, 'a function')
}
