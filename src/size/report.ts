// The report of the size guard, and the error that carries it. Knows no session: callers pass the
// parts that could move to a server, and functions that measure a payload without some of them.

import { SessionError } from '../errors.ts'
import { tooLargeMessage } from './advice.ts'
import type { SizeUsage } from './measure.ts'

/**
 * The size of a session, in bytes of its real cookie lines, and which keys would have to move.
 * Contains no value.
 *
 * @example
 * const { level, tightest, move } = await sessions.measure(session)
 * if (level === 'over') console.warn(tightest, move) // responseHeader [ 'cart' ]
 */
export interface SizeReport extends SizeUsage {
  /** What each key adds to the sealed size, largest first. */
  readonly keys: readonly { readonly key: string; readonly bytes: number; readonly share: number }[]
  /**
   * The fewest keys, largest first, that must move to a server for the level to be `ok`, or `warn`
   * if other cookies leave no room for `ok`. Empty if moving all of them would not help.
   */
  readonly move: readonly string[]
  /** The keys that are, or would be, in the store of the option `overflow`. They are not in `keys`. */
  readonly moved: readonly string[]
}

/**
 * The session does not fit the limits. Nothing was written: the browser keeps what it had.
 *
 * @example
 * try {
 *   await sessions.commit(session, response)
 * } catch (error) {
 *   if (error instanceof SessionTooLargeError) console.error(error.report.move)
 * }
 */
export class SessionTooLargeError extends SessionError {
  override readonly name = 'SessionTooLargeError'
  /** What takes how many bytes, which limit is exceeded, and which keys would have to move. */
  readonly report: SizeReport

  constructor(report: SizeReport) {
    super(
      'ERR_SESSION_TOO_LARGE',
      tooLargeMessage(report, report.keys.slice(0, report.move.length)),
    )
    this.report = report
  }
}

/**
 * Measures a session, and what remains without some of its parts. Lengths of payloads are bytes.
 */
export interface SizeProbe<Part> {
  /** The usage of the whole session. */
  readonly usage: SizeUsage
  /** The bytes of its payload. */
  readonly bytes: number
  /** The bytes of one part in the payload. */
  readonly bytesOf: (part: Part) => number
  /** The bytes of the payload without some of the parts. */
  readonly bytesWithout: (removed: readonly Part[]) => number
  /** The characters of a token with such a payload. Must be cheap: called for every part. */
  readonly tokenLength: (bytes: number) => number
  /** The usage of a session with such a payload. Serialises nothing. */
  readonly usageOf: (bytes: number) => SizeUsage
}

/**
 * Builds the whole report. Calls `bytesOf` once for each part, but `bytesWithout` only a few times,
 * because each call serialises all remaining parts, and clients may choose the number of keys.
 */
export function createReport<Part extends { readonly label: string }>(
  parts: readonly Part[],
  probe: SizeProbe<Part>,
  moved: readonly string[] = [],
): SizeReport {
  const { usage, bytes, tokenLength } = probe
  const sized = sortBySize(parts, probe)
  const token = tokenLength(bytes)
  const keys = sized.map(({ part, size }) => {
    const added = token - tokenLength(bytes - size)
    return { key: part.label, bytes: added, share: added / token }
  })
  const move = keys.slice(0, countToMove(sized, probe)).map(({ key }) => key)
  return { ...usage, keys, move, moved }
}

/** Returns the fewest parts, largest first, that must move for the best level that moving can reach. */
export function chooseParts<Part>(parts: readonly Part[], probe: SizeProbe<Part>): Part[] {
  const sized = sortBySize(parts, probe)
  return sized.slice(0, countToMove(sized, probe)).map(({ part }) => part)
}

interface SizedPart<Part> {
  readonly part: Part
  readonly size: number
}

function sortBySize<Part>(parts: readonly Part[], { bytesOf }: SizeProbe<Part>): SizedPart<Part>[] {
  return parts.map((part) => ({ part, size: bytesOf(part) })).toSorted((a, b) => b.size - a.size)
}

/** Returns how many of the largest parts must move for the best level that moving can reach. */
function countToMove<Part>(
  largest: readonly SizedPart<Part>[],
  { usage, bytes, bytesWithout, usageOf }: SizeProbe<Part>,
): number {
  if (usage.level === 'ok') return 0
  const leftAfter = (count: number) => bytesWithout(largest.slice(0, count).map(({ part }) => part))
  const least = leftAfter(largest.length)
  const { level } = usageOf(least)
  if (level === usage.level) return 0
  const room = lastThatPasses(least, bytes, (size) => usageOf(size).level === level)
  const isEnough = (count: number) => leftAfter(count) <= room
  // In JSON the parts add up, with a serializer they may not.
  let left = bytes
  const count = largest.findIndex(({ size }) => (left -= size) <= room) + 1
  if (isEnough(count) && !isEnough(count - 1)) return count
  return lastThatPasses(largest.length, 0, isEnough)
}

/** Binary search for the last number that passes, on the way from one that does to one that does not. */
function lastThatPasses(
  passing: number,
  failing: number,
  passes: (number: number) => boolean,
): number {
  let [passed, failed] = [passing, failing]
  while (Math.abs(failed - passed) > 1) {
    const middle = (passed + failed) >> 1
    if (passes(middle)) passed = middle
    else failed = middle
  }
  return passed
}
