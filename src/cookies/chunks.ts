// Splits one value into the values of one or several cookies, and joins them again. A value that
// fits is one cookie's value. A longer one is cut, and the first part begins with the number of
// parts: `3.<secret id>.<day>.<iv>.…`.

import { MAX_COOKIE_BYTES, MAX_COOKIES } from './cookie-names.ts'
import type { RejectionReason } from '../errors.ts'

/** A joined value, or the reason why the parts could not be joined. */
export type JoinResult =
  | { readonly value: string }
  | { readonly reason: Extract<RejectionReason, 'malformed' | 'incomplete' | 'too-large'> }

/**
 * The number of parts, followed by the secret id, the day and the IV of a value. These tell a
 * number of parts from a secret id that consists of digits: the third field of a whole value is the
 * IV, that of a counted value is the day, and the two have different lengths.
 */
const COUNTED = /^([0-9]{1,16})\.(?=[A-Za-z0-9_-]{1,32}\.[0-9]{1,6}\.[A-Za-z0-9_-]{16}\.)/

/**
 * How many combinations of parts are tried. Each scope (host, domain, path) may bring a session of
 * its own, and parts of overlapping scopes can pair in several ways. Four cover two whole scopes in
 * any order.
 */
const MAX_CANDIDATES = 4

const MISSING_PARTS: readonly JoinResult[] = [{ reason: 'incomplete' }]
const TOO_LARGE: readonly JoinResult[] = [{ reason: 'too-large' }]

/** Whether joining the parts gave a value. */
export function isJoined(
  result: JoinResult,
): result is Extract<JoinResult, { readonly value: string }> {
  return Object.hasOwn(result, 'value')
}

/**
 * Cuts a value into as few parts as the cookies allow, each filling its cookie.
 *
 * @param room how many characters the value of cookie `index` may have
 */
export function split(value: string, room: (index: number) => number): string[] {
  if (value.length <= room(0)) return [value]
  const parts = cut(value, '2.'.length, room)
  if (parts.length < 10) return withCount(parts)
  return withCount(cut(value, '10.'.length, room))
}

/**
 * Returns the possible values of these parts, in the order of the request: one, unless a name was received
 * twice. Counts are bounded before any parts are joined.
 *
 * @param parts the values of each part, by its number
 */
export function join(parts: readonly (readonly string[])[]): readonly JoinResult[] {
  const [first = []] = parts
  if (first.length === 0) return parts.length > 0 ? MISSING_PARTS : []
  const results: JoinResult[] = []
  for (const beginning of first) {
    for (const result of joinFrom(beginning, parts)) {
      results.push(result)
      if (results.length === MAX_CANDIDATES) return results
    }
  }
  return results
}

function cut(value: string, prefix: number, room: (index: number) => number): string[] {
  const parts: string[] = []
  for (let at = 0; at < value.length;) {
    const length = room(parts.length) - (parts.length === 0 ? prefix : 0)
    parts.push(value.slice(at, at + length))
    at += length
  }
  return parts
}

function withCount(parts: readonly string[]): string[] {
  return parts.map((part, index) => (index === 0 ? `${parts.length}.${part}` : part))
}

/**
 * Returns the possible values of one first part. Same-named later parts are taken in step, never
 * mixed.
 */
function joinFrom(beginning: string, parts: readonly (readonly string[])[]): readonly JoinResult[] {
  if (beginning.length > MAX_COOKIE_BYTES) return TOO_LARGE
  const match = COUNTED.exec(beginning)
  if (match === null) return [{ value: beginning }]
  const [prefix, digits = ''] = match
  const count = Number(digits)
  if (count < 2 || String(count) !== digits) return [{ reason: 'malformed' }]
  if (count > MAX_COOKIES) return TOO_LARGE

  const rest = Array.from({ length: count - 1 }, (_, index) => parts[index + 1] ?? [])
  if (rest.some((twins) => twins.length === 0)) return MISSING_PARTS
  if (rest.flat().some((part) => part.length > MAX_COOKIE_BYTES)) return TOO_LARGE
  const scopes = Math.max(...rest.map((twins) => twins.length))
  return Array.from({ length: scopes }, (_, scope) => ({
    value:
      beginning.slice(prefix.length) + rest.map((twins) => twins[scope] ?? twins.at(-1)).join(''),
  }))
}
