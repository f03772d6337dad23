// The arithmetic of the size guard: the bytes that a session's cookies take in each direction, and
// how much of each limit they use.

import { SEPARATOR_BYTES } from '../cookies/request-cookies.ts'
import type { CookieSizes } from '../cookies/response-cookies.ts'
import type { SizeLimits } from './limits.ts'

/**
 * How a session compares with its limits.
 *
 * @example
 * const { level } = await sessions.measure(session)
 * if (level !== 'ok') session.delete('history')
 */
export type SizeLevel = 'ok' | 'warn' | 'over'

/** The bytes of the session's real cookie lines, beside the limits. */
export interface SizeUsage {
  /** `warn` from three quarters of the tightest limit, `over` beyond it. */
  readonly level: SizeLevel
  /** The share of the tightest limit in use: 0.41, or 1.2 when over. */
  readonly used: number
  /** The limit that is, or would first be, exceeded. */
  readonly tightest: keyof SizeLimits
  /** How many cookies hold the session. */
  readonly cookies: number
  readonly bytes: {
    /** The longest `Set-Cookie` line of the session, without the header's name. */
    readonly cookie: number
    /**
     * The value of the `Cookie` header that the browser will send: other cookies included, and a
     * ticket and a logout stamp whether or not they have been written yet.
     */
    readonly requestHeader: number
    /** All `Set-Cookie` lines, deletions too, with their header names and line ends. */
    readonly responseHeader: number
    /** The bytes of this request's other cookies in `requestHeader`. */
    readonly otherCookies: number
  }
  readonly limits: SizeLimits
}

/** Bytes around each line on the wire: `Set-Cookie: ` and CRLF. */
const LINE_FRAME_BYTES = 14

/** The last quarter is for data that grows before the next deployment. */
const WARN = 0.75

/** Compares the sizes of a session's cookies with the limits. */
export function measureUsage(sizes: CookieSizes, limits: SizeLimits): SizeUsage {
  const { token, capacity, cookies, pairs, lines, otherBytes } = sizes
  const bytes = {
    cookie: Math.max(0, ...lines.slice(0, cookies)),
    requestHeader: Math.max(0, otherBytes + sum(pairs, SEPARATOR_BYTES) - SEPARATOR_BYTES),
    responseHeader: sum(lines, LINE_FRAME_BYTES),
    otherCookies: otherBytes,
  }
  // A longer token is cut into more full cookies, so the share in use is the token's part of all
  // allowed cookies, not the length of one. If one cookie is allowed, both are the same.
  let tightest: keyof SizeLimits = limits.cookies === 1 ? 'cookie' : 'cookies'
  let used = token / capacity
  for (const header of ['requestHeader', 'responseHeader'] as const) {
    const share = bytes[header] / limits[header]
    if (share > used) [tightest, used] = [header, share]
  }
  return { level: levelOf(used), used, tightest, cookies, bytes, limits }
}

/**
 * Returns the usage of a session without cookies: nothing is written, so no limit can be exceeded.
 */
export function emptyUsage(otherBytes: number, limits: SizeLimits): SizeUsage {
  const sizes = { token: 0, capacity: 1, cookies: 0, pairs: [], lines: [], otherBytes }
  return { ...measureUsage(sizes, limits), level: 'ok' }
}

function sum(numbers: readonly number[], each: number): number {
  return numbers.reduce((total, number) => total + number + each, 0)
}

function levelOf(used: number): SizeLevel {
  if (used > 1) return 'over'
  return used >= WARN ? 'warn' : 'ok'
}
