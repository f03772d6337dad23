// The byte arithmetic, the report, and the error that carries it. Knows no session: it is given the
// lines that would be written, and a way to ask what fewer keys would take.

import { LINE_FRAME_BYTES, SEPARATOR_BYTES } from '../cookies/request-cookies.ts'
import { SessionError } from '../errors.ts'
import type { SizeLimits } from './limits.ts'

/** How a session stands against its limits. */
export type SizeLevel = 'ok' | 'warn' | 'over'

/** What a session takes, in bytes of the real lines, and what would have to go. Never a value. */
export interface SizeReport {
  /** `warn` from three quarters of the tightest limit, `over` beyond it. */
  readonly level: SizeLevel
  /** The share of the tightest limit in use: 0.41, or 1.2 when over. */
  readonly used: number
  /** The limit that is, or would first be, reached. */
  readonly tightest: keyof SizeLimits
  /** How many cookies the session takes. */
  readonly cookies: number
  readonly bytes: {
    /** The longest `Set-Cookie` line of the session, without the header's name. */
    readonly cookie: number
    /** The value of the `Cookie` header that the browser will send, other cookies included. */
    readonly requestHeader: number
    /** All `Set-Cookie` lines, deletions too, with their header names and line ends. */
    readonly responseHeader: number
    /** What the other cookies of this request take in `requestHeader`. */
    readonly otherCookies: number
  }
  readonly limits: SizeLimits
  /** What each key adds to the sealed size, largest first. */
  readonly keys: readonly { readonly key: string; readonly bytes: number; readonly share: number }[]
  /** The fewest keys, largest first, that must move server-side for the report to be `ok`. */
  readonly move: readonly string[]
}

/** The lines of one response, and what they say. */
export interface CookieSizes {
  /** Characters of the token. */
  readonly token: number
  /** How many a token may have before it needs more cookies than allowed. */
  readonly capacity: number
  /** Names and values the browser will send, without separators: `name=value`. */
  readonly pairs: readonly number[]
  /** How many of the pairs are the session's own parts; the others are marks. */
  readonly cookies: number
  /** Every `Set-Cookie` line, the parts' own first. */
  readonly lines: readonly number[]
  /** The other cookies of the request, with a separator after each. */
  readonly otherBytes: number
  /** What the next renewal will add, so that a session that may be written may be renewed. */
  readonly growth: number
}

/** The numbers of a report, without what has to be asked for key by key. */
export type SizeUsage = Omit<SizeReport, 'keys' | 'move'>

const WARN = 0.75

/** The session does not fit the limits. Nothing was written: the browser keeps what it had. */
export class SessionTooLargeError extends SessionError {
  override readonly name = 'SessionTooLargeError'
  readonly report: SizeReport

  constructor(report: SizeReport) {
    super('ERR_SESSION_TOO_LARGE', remedy(report))
    this.report = report
  }
}

/** A load against its limits. */
export function measureUsage(load: CookieSizes, limits: SizeLimits): SizeUsage {
  const bytes = {
    cookie: Math.max(0, ...load.lines.slice(0, load.cookies)),
    requestHeader: Math.max(
      0,
      load.otherBytes + sum(load.pairs, SEPARATOR_BYTES) - SEPARATOR_BYTES,
    ),
    responseHeader: sum(load.lines, LINE_FRAME_BYTES),
    otherCookies: load.otherBytes,
  }
  const share = (used: number, limit: number) => (used + load.growth) / limit
  const shares: readonly (readonly [keyof SizeLimits, number])[] = [
    // A longer token is cut into more cookies, each of them full: how full one is says nothing, how
    // much of all the allowed ones is used does. With one cookie allowed, that one is the limit.
    [limits.cookies === 1 ? 'cookie' : 'cookies', share(load.token, load.capacity)],
    ['requestHeader', share(bytes.requestHeader, limits.requestHeader)],
    ['responseHeader', share(bytes.responseHeader, limits.responseHeader)],
  ]
  const [tightest, used] = shares.reduce((most, next) => (next[1] > most[1] ? next : most))
  return { level: levelOf(used), used, tightest, cookies: load.cookies, bytes, limits }
}

/** The weight of a session that takes no cookies: nothing is written, so nothing can be too much. */
export function emptyUsage(otherBytes: number, limits: SizeLimits): SizeUsage {
  const nothing = { token: 0, capacity: 1, pairs: [], cookies: 0, lines: [] }
  const load = { ...nothing, otherBytes, growth: 0 }
  return { ...measureUsage(load, limits), level: 'ok' }
}

/** What a session takes, and would take. */
export interface SizeProbe<Part> {
  /** Characters of the token. */
  readonly length: number
  /** How many of them are a part's. */
  readonly lengthOf: (part: Part) => number
  /** With some of its parts removed. */
  readonly weigh: (removed: readonly Part[]) => SizeUsage
}

/**
 * The whole report. Asks once for each part, and seldom for what the others would weigh: only for a
 * report that somebody asked for, never on the way of a session that fits.
 */
export function createReport<Part extends { readonly label: string }>(
  parts: readonly Part[],
  { length, lengthOf, weigh: weighWithout }: SizeProbe<Part>,
): SizeReport {
  const sizes = parts
    .map((part) => ({ part, bytes: lengthOf(part) }))
    .toSorted((a, b) => b.bytes - a.bytes)
  const largest = sizes.map(({ part }) => part)
  const weight = weighWithout([])
  const fits = (count: number) => weighWithout(largest.slice(0, count)).level === 'ok'
  const move = weight.level === 'ok' ? 0 : fewest(largest.length, fits)
  return {
    ...weight,
    keys: sizes.map(({ part, bytes }) => ({ key: part.label, bytes, share: bytes / length })),
    move: largest.slice(0, move).map(({ label }) => label),
  }
}

/** The least count that is enough, or all if none is: by halves, since what is enough stays enough. */
function fewest(all: number, isEnough: (count: number) => boolean): number {
  let [tooFew, enough] = [0, all]
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1
    if (isEnough(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}

function sum(numbers: readonly number[], each: number): number {
  return numbers.reduce((total, number) => total + number + each, 0)
}

function levelOf(used: number): SizeLevel {
  if (used > 1) return 'over'
  return used >= WARN ? 'warn' : 'ok'
}

/** What is too much, by how much, and what to do: keys by name, never their values. */
function remedy({ tightest, bytes, cookies, limits, keys, move, used }: SizeReport): string {
  const limit = limits[tightest]
  const excess = Math.ceil((used - 1) * limit)
  const tooMuch = {
    cookie: `its cookie would be ${excess} bytes longer than limits.cookie allows (${limit})`,
    cookies: `it would take ${cookies} cookies of up to ${limits.cookie} bytes, and limits.cookies allows ${limit}`,
    requestHeader: `the browser's Cookie header would be ${excess} bytes longer than limits.requestHeader allows (${limit}; other cookies take ${bytes.otherCookies})`,
    responseHeader: `its Set-Cookie lines would take ${excess} bytes more than limits.responseHeader allows (${limit})`,
  }[tightest]
  const largest = keys
    .slice(0, 3)
    .map(({ key, bytes: size }) => `${JSON.stringify(key)} (${size} bytes)`)
    .join(', ')
  const leaving = move.map((key) => JSON.stringify(key)).join(', ')
  return (
    `the session does not fit: ${tooMuch}. Nothing was written; the browser keeps the session it had. ` +
    `Largest: ${largest}. Keep ${leaving} on a server and only an id in the session, or, if the places ` +
    `between your application and its users let more through, name them: limits: 'node', ['cloudflare', 'vercel']`
  )
}
