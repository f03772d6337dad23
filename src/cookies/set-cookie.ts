// A token -> the `Set-Cookie` lines of one response, with what must be deleted and the mark of a
// logout, and what they come to on the way.

import type { ResolvedCookieOptions } from './cookie-options.ts'
import { split } from './chunks.ts'
import {
  cookieWriter,
  deleteCookie,
  markName,
  markValue,
  partName,
  writeCookie,
} from './request-cookies.ts'
import type { RequestCookies } from './request-cookies.ts'
import type { SizeLimits } from '../size/limits.ts'
import type { CookieSizes } from '../size/report.ts'

/** What is known of the browser's cookies when they are written. */
export interface PriorCookies {
  readonly jar: RequestCookies
  /** The count of logouts, if this response is one. */
  readonly logout: number | undefined
  /** Seconds for which a mark must be kept. */
  readonly markAge: number
  /** Characters that the next renewal of the token will add. */
  readonly growth: number
}

/** The lines of one response, and their load. */
export interface ResponseCookies {
  readonly lines: readonly string[]
  readonly load: CookieSizes
}

/**
 * The lines that put `token` into the browser.
 *
 * @param maxAge seconds that the session can last from now
 */
export function buildSetCookies(
  token: string,
  maxAge: number,
  before: PriorCookies,
  cookie: ResolvedCookieOptions,
  limits: SizeLimits,
): ResponseCookies {
  // Within the tolerance a session may be sealed at its very end, and `Max-Age=0` would delete it.
  const age = Math.max(maxAge, 1)
  const write = cookieWriter(cookie, age)
  const overhead = write('', '').length
  const room = (index: number) => limits.cookie - overhead - partName(cookie.name, index).length
  const values = split(token, room)
  const lines = [
    ...values.map((value, index) => write(partName(cookie.name, index), value)),
    ...clear(before, cookie, values.length),
  ]
  const pairs = values.map((value, index) => partName(cookie.name, index).length + 1 + value.length)
  const logouts = before.logout ?? before.jar.logouts
  if (logouts > 0) pairs.push(markName(cookie.name).length + 1 + markValue(logouts).length)
  const load = {
    token: token.length,
    capacity: capacityOf(limits.cookies, room),
    cookies: values.length,
    pairs,
    lines: lines.map(({ length }) => length),
    otherBytes: before.jar.otherBytes,
    growth: before.growth,
  }
  return { lines, load }
}

/**
 * The lines that delete what came and is not written again, from part `from` on, and leave the mark
 * of a logout. Parts are deleted only beside a write of the first one: a response that deletes some
 * of them alone could arrive after one that has grown the session, and tear it.
 */
export function clear(
  { jar, logout, markAge }: PriorCookies,
  cookie: ResolvedCookieOptions,
  from = 0,
): string[] {
  const lines = jar.parts.flatMap((values, index) =>
    index < from || values.length === 0 ? [] : [deleteCookie(cookie, partName(cookie.name, index))],
  )
  if (logout !== undefined) {
    lines.push(writeCookie(cookie, markName(cookie.name), markValue(logout), markAge))
  }
  return lines
}

/** How long a token may be before it needs more than `count` cookies. */
function capacityOf(count: number, room: (index: number) => number): number {
  let capacity = count === 1 ? 0 : -`${count}.`.length
  for (let index = 0; index < count; index++) capacity += room(index)
  return capacity
}
