// The cookies that one response sets for a session, and their sizes.

import { BOUND_TICKET_BYTES, TICKET_BYTES } from '../token/ticket.ts'
import { valueLength } from '../token/jwe.ts'
import type { KeyId } from '../token/jwe.ts'
import { split } from './chunks.ts'
import type { ResolvedCookieOptions } from './cookie-options.ts'
import { deviceName, partName, partNameLength, stampName, ticketName } from './cookie-names.ts'
import { STAMP_LENGTH } from './request-cookies.ts'
import type { RequestCookies } from './request-cookies.ts'
import { deletion, setCookieLength } from './set-cookie.ts'
import type { CookieWrite } from './set-cookie.ts'

/** The cookies of one response, and their sizes together with the browser's other cookies. */
export interface ResponseCookies {
  readonly writes: readonly CookieWrite[]
  readonly sizes: CookieSizes
}

/** The lengths, in characters, of what one response sets and the browser then sends. */
export interface CookieSizes {
  /** The token. */
  readonly token: number
  /** The longest token that the allowed cookies hold. */
  readonly capacity: number
  /** How many of `pairs` and `lines` are parts of the token. */
  readonly cookies: number
  /** Each `name=value` that the browser will send: the parts, the ticket, the logout stamps. */
  readonly pairs: readonly number[]
  /** Each `Set-Cookie` line of the response, the parts first. */
  readonly lines: readonly number[]
  /** The other cookies of the request, with a separator after each. */
  readonly otherBytes: number
}

/**
 * Characters of the longest ticket, with the longest secret id and the latest day. A cookie that
 * can hold it can also hold the count, secret id, day and IV of a first part, by which a count is
 * told from an id.
 */
export const LONGEST_TICKET: number = valueLength(TICKET_BYTES, {
  id: '-'.repeat(32),
  day: 999_999,
})

/** Everything beside the token that decides which cookies a response sets. */
export interface ResponseContext {
  readonly request: RequestCookies
  /** What the response sets beside the token, such as a logout stamp. */
  readonly beside: readonly CookieWrite[]
  /** What the session is bound to; empty if it is not. */
  readonly binding: string
  readonly cookie: ResolvedCookieOptions
  /** How long one cookie may be in bytes, and how many there may be. */
  readonly limits: { readonly cookie: number; readonly cookies: number }
}

/**
 * Builds the cookies that put a token into the browser.
 *
 * @param maxAge seconds that the browser keeps them; `undefined` until it is closed
 */
export function buildResponseCookies(
  value: string,
  keyId: KeyId,
  maxAge: number | undefined,
  { request, beside, binding, cookie, limits }: ResponseContext,
): ResponseCookies {
  const { name } = cookie
  const frame = setCookieLength({ name: '', value: '', maxAge }, cookie)
  const room = (index: number) => limits.cookie - frame - partNameLength(name, index)
  const parts = split(value, room)
  const writes: CookieWrite[] = []
  const pairs: number[] = []
  for (const [index, part] of parts.entries()) {
    writes.push({ name: partName(name, index), value: part, maxAge })
    pairs.push(pairLength(partNameLength(name, index), part.length))
  }
  const cookies = writes.length
  writes.push(...partDeletions(request, cookie, cookies), ...beside)
  const sizes = {
    token: value.length,
    capacity: capacityOf(limits.cookies, room),
    cookies,
    pairs: addAccompanyingPairs(pairs, request, binding, keyId, cookie),
    lines: writes.map((write) => setCookieLength(write, cookie)),
    otherBytes: request.otherBytes,
  }
  return { writes, sizes }
}

/**
 * Returns the deletions of the received parts, from part `from` on. Only beside a write of the first
 * part alone, or of all parts: a response that deletes some of them alone could arrive after one that has
 * grown the session, and make it incomplete.
 */
export function partDeletions(
  { parts }: RequestCookies,
  cookie: ResolvedCookieOptions,
  from = 0,
): CookieWrite[] {
  const deletions: CookieWrite[] = []
  for (let index = from; index < parts.length; index++) {
    if (parts[index]?.length !== 0) deletions.push(deletion(partName(cookie.name, index)))
  }
  return deletions
}

/**
 * Adds the lengths of the pairs that accompany the parts: the ticket, and one stamp for each logout.
 * They are counted before they exist, so that each session that can be written can be used and ended.
 */
function addAccompanyingPairs(
  pairs: number[],
  { stamps }: RequestCookies,
  binding: string,
  keyId: KeyId,
  { name }: ResolvedCookieOptions,
): readonly number[] {
  const isBound = binding !== ''
  const ticket = isBound ? deviceName(name, binding) : ticketName(name)
  const bytes = isBound ? BOUND_TICKET_BYTES : TICKET_BYTES
  pairs.push(pairLength(ticket.length, valueLength(bytes, keyId)))
  const stamp = pairLength(stampName(name).length, STAMP_LENGTH)
  const count = Math.max(1, stamps.length / STAMP_LENGTH)
  for (let added = 0; added < count; added++) pairs.push(stamp)
  return pairs
}

function pairLength(name: number, value: number): number {
  return name + '='.length + value
}

/** Returns the length of the longest token that this many cookies hold. */
function capacityOf(count: number, room: (index: number) => number): number {
  let capacity = count === 1 ? 0 : -`${count}.`.length
  for (let index = 0; index < count; index++) capacity += room(index)
  return capacity
}
