// One token <-> the values of one or several cookies. A token that fits is its cookie's value as it
// is; a longer one is cut, and the first value says into how many: `3.eyJ…`. No JWE begins with a
// digit, so there is one place to look first and nothing that could disagree with it.

import { MAX_COOKIE_BYTES, MAX_COOKIES } from './request-cookies.ts'
import type { RejectionReason } from '../errors.ts'

/** A token put together again, or why it could not be. */
export type Joined =
  | { readonly token: string }
  | { readonly reason: Extract<RejectionReason, 'malformed' | 'incomplete' | 'too-large'> }

/** Whether the parts gave a token. */
export function isToken(joined: Joined): joined is Extract<Joined, { readonly token: string }> {
  return Object.hasOwn(joined, 'token')
}

/** `2.` to `16.`; what looks like a count but is none of these is refused by value. */
const COUNT = /^([0-9]{1,16})\./

/**
 * Each scope (host, domain, path) may bring a session of its own, and overlapping ones can pair
 * their parts in more ways than one. Four attempts cover two whole scopes in any order.
 */
const MAX_CANDIDATES = 4

/**
 * The values of as few cookies as hold the token, each as long as its cookie has room for.
 *
 * @param room how many characters the value of cookie `index` may have
 */
export function split(token: string, room: (index: number) => number): string[] {
  if (token.length <= room(0)) return [token]
  const parts = cut(token, '2.'.length, room)
  if (parts.length < 10) return numbered(parts)
  return numbered(cut(token, '10.'.length, room))
}

/**
 * The tokens that these values can mean, in the order in which they came: one, unless the same name
 * came twice. Counts are bounded before anything is put together.
 *
 * @param values the values of each part, by its number
 */
export function join(values: readonly (readonly string[])[]): Joined[] {
  const [first = []] = values
  if (first.length === 0) return values.length > 0 ? [{ reason: 'incomplete' }] : []
  const found: Joined[] = []
  for (const head of first) {
    for (const joined of joinFrom(head, values)) {
      found.push(joined)
      if (found.length === MAX_CANDIDATES) return found
    }
  }
  return found
}

function cut(token: string, prefix: number, room: (index: number) => number): string[] {
  const parts: string[] = []
  for (let at = 0; at < token.length;) {
    const length = room(parts.length) - (parts.length === 0 ? prefix : 0)
    parts.push(token.slice(at, at + length))
    at += length
  }
  return parts
}

function numbered(parts: readonly string[]): string[] {
  return parts.map((part, index) => (index === 0 ? `${parts.length}.${part}` : part))
}

/** What one first value can mean. Twins of later parts are taken in step: never one from each. */
function joinFrom(head: string, values: readonly (readonly string[])[]): Joined[] {
  if (head.length > MAX_COOKIE_BYTES) return [{ reason: 'too-large' }]
  const match = COUNT.exec(head)
  if (match === null) return [{ token: head }]
  const [prefix, digits = ''] = match
  const count = Number(digits)
  if (count < 2 || String(count) !== digits) return [{ reason: 'malformed' }]
  if (count > MAX_COOKIES) return [{ reason: 'too-large' }]

  const rest = Array.from({ length: count - 1 }, (_, index) => values[index + 1] ?? [])
  if (rest.some((twins) => twins.length === 0)) return [{ reason: 'incomplete' }]
  if (rest.some((twins) => twins.some((part) => part.length > MAX_COOKIE_BYTES))) {
    return [{ reason: 'too-large' }]
  }
  const scopes = Math.max(...rest.map((twins) => twins.length))
  return Array.from({ length: scopes }, (_, scope) => ({
    token: head.slice(prefix.length) + rest.map((twins) => twins[scope] ?? twins.at(-1)).join(''),
  }))
}
