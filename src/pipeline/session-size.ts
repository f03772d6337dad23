// What a session takes, and would take: the size guard's questions about one session.

import { buildResponseCookies } from '../cookies/response-cookies.ts'
import type { CookieSizes } from '../cookies/response-cookies.ts'
import { currentClaims } from './changes.ts'
import type { Pipeline } from './pipeline.ts'
import { formatBody } from '../session/body.ts'
import { copyContents, createContents, isEmpty, movableParts } from '../session/contents.ts'
import type { Contents } from '../session/contents.ts'
import type { SessionState } from '../session/state.ts'
import { emptyUsage, measureUsage } from '../size/measure.ts'
import type { SizeUsage } from '../size/measure.ts'
import { SessionTooLargeError, createReport } from '../size/report.ts'
import type { SizeReport } from '../size/report.ts'
import { cookieMaxAge, resealClaims } from '../token/claims.ts'
import { valueLength } from '../token/jwe.ts'
import type { DayKey } from '../token/jwe.ts'
import { formatPayload } from '../token/payload.ts'

/**
 * Returns what the session would take if it were written now. Serialises each part alone, and the whole
 * a few times: clients choose the keys of many a session, so the cost must not grow with their square.
 */
export function measure(state: SessionState, key: DayKey, pipeline: Pipeline): SizeReport {
  const { serializer, cookie, limits, lifetimes } = pipeline
  const now = pipeline.now()
  const claims = resealClaims(currentClaims(state, pipeline), now)
  const maxAge = cookieMaxAge(claims, now, lifetimes)
  const bytesOf = (contents: Contents) =>
    new TextEncoder().encode(formatPayload(claims, formatBody(contents, claims, serializer))).length
  const tokenLength = (bytes: number) => valueLength(bytes, key)
  const { binding } = claims
  const context = { request: state.cookies, beside: [], binding, cookie, limits }
  const usageOf = (bytes: number): SizeUsage => {
    // Only the length matters.
    const value = 'e'.repeat(tokenLength(bytes))
    return measureUsage(buildResponseCookies(value, key, maxAge, context).sizes, limits)
  }
  const nothing = bytesOf(createContents())
  const bytes = bytesOf(state.contents)
  const parts = movableParts(state.contents)
  // A part that stands beside others takes a comma.
  const comma = parts.length > 1 ? 1 : 0
  return createReport(parts, {
    usage: isEmpty(state.contents) ? emptyUsage(state.cookies.otherBytes, limits) : usageOf(bytes),
    bytes,
    bytesOf: ({ alone }) => bytesOf(alone) - nothing + comma,
    bytesWithout: (removed) => {
      const contents = copyContents(state.contents)
      for (const part of removed) part.remove(contents)
      return bytesOf(contents)
    },
    tokenLength,
    usageOf,
  })
}

/**
 * Whether the cookies may be written. A write that makes the session smaller may, whatever the limits
 * are; what a logout leaves behind may not, and is left out.
 *
 * @throws SessionTooLargeError if nothing may be written
 */
export function assertFits(
  sizes: CookieSizes,
  state: SessionState,
  key: DayKey,
  pipeline: Pipeline,
): boolean {
  const { level } = measureUsage(sizes, pipeline.limits)
  if (level === 'ok') return true
  if (level === 'warn' || sizes.token <= receivedLength(state)) {
    // Told when a session comes to a level, not with every write at that level.
    if (levelBefore(state, key, pipeline) !== level) observeSize(state, key, pipeline)
    return true
  }
  const report = observeSize(state, key, pipeline)
  if (state.logoutStamp !== undefined) return false
  throw new SessionTooLargeError(report)
}

function observeSize(state: SessionState, key: DayKey, pipeline: Pipeline): SizeReport {
  const report = measure(state, key, pipeline)
  pipeline.observe({ type: 'size', id: state.claims?.id ?? '', report })
  return report
}

/** A session that begins anew does not become smaller. */
function receivedLength({ received, carriesReceived }: SessionState): number {
  return carriesReceived ? (received?.length ?? 0) : 0
}

/** Returns the level of the session that was received. */
function levelBefore(
  { received, cookies }: SessionState,
  key: DayKey,
  { cookie, limits, lifetimes, now }: Pipeline,
): SizeUsage['level'] {
  if (received === undefined) return 'ok'
  const { binding } = received.claims
  const context = { request: cookies, beside: [], binding, cookie, limits }
  const value = 'e'.repeat(received.length)
  const maxAge = cookieMaxAge(received.claims, now(), lifetimes)
  const { sizes } = buildResponseCookies(value, key, maxAge, context)
  return measureUsage(sizes, limits).level
}
