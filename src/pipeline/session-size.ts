// What a session takes, and would take: the size guard's questions about one session.

import { buildResponseCookies } from '../cookies/response-cookies.ts'
import type { CookieSizes } from '../cookies/response-cookies.ts'
import type { RequestCookies } from '../cookies/request-cookies.ts'
import { PARCEL_PLACEHOLDER } from '../overflow-option.ts'
import type { OverflowContext } from '../overflow-option.ts'
import { currentClaims } from './changes.ts'
import type { Pipeline } from './pipeline.ts'
import { formatBody } from '../session/body.ts'
import { copyContents, createContents, isEmpty, movableParts } from '../session/contents.ts'
import type { Contents, MovablePart } from '../session/contents.ts'
import type { SessionState } from '../session/state.ts'
import { emptyUsage, measureUsage } from '../size/measure.ts'
import type { SizeUsage } from '../size/measure.ts'
import { SessionTooLargeError, createReport } from '../size/report.ts'
import type { SizeProbe, SizeReport } from '../size/report.ts'
import { cookieMaxAge, resealClaims } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import { valueLength } from '../token/jwe.ts'
import type { DayKey } from '../token/jwe.ts'
import { formatPayload } from '../token/payload.ts'

/**
 * Returns what the session would take if it were written now. Serialises each part alone, and the whole
 * a few times: clients choose the keys of many a session, so the cost must not grow with their square.
 */
export function measure(state: SessionState, key: DayKey, pipeline: Pipeline): SizeReport {
  const { overflow } = pipeline
  const { cookies } = state
  const now = pipeline.now()
  const claims = resealClaims(currentClaims(state, pipeline), now)
  const plan = overflow?.plan(state.contents, claims, cookies, key, pipeline)
  const contents = plan?.kept ?? state.contents
  const parcel = plan && PARCEL_PLACEHOLDER
  const probe = createProbe(contents, claims, cookies, key, pipeline, parcel)
  return createReport(movableParts(contents), probe, plan?.labels)
}

/**
 * Returns how to measure a session with these contents, and what would be left of it.
 *
 * @param parcel the id of the parcel that the token names, or one of its length
 */
export function createProbe(
  contents: Contents,
  claims: Claims,
  request: RequestCookies,
  key: DayKey,
  { serializer, cookie, limits, lifetimes, now }: OverflowContext,
  parcel?: string,
): SizeProbe<MovablePart> {
  const maxAge = cookieMaxAge(claims, now(), lifetimes)
  const bytesOf = (some: Contents) =>
    new TextEncoder().encode(formatPayload(claims, formatBody(some, claims, serializer, parcel)))
      .length
  const tokenLength = (bytes: number) => valueLength(bytes, key)
  const { binding } = claims
  const context = { request, beside: [], binding, cookie, limits }
  const usageOf = (bytes: number): SizeUsage => {
    // Only the length matters.
    const value = 'e'.repeat(tokenLength(bytes))
    return measureUsage(buildResponseCookies(value, key, maxAge, context).sizes, limits)
  }
  const nothing = bytesOf(createContents())
  const bytes = bytesOf(contents)
  // A part that stands beside others takes a comma.
  const comma = movableParts(contents).length > 1 ? 1 : 0
  const isNothing = isEmpty(contents) && parcel === undefined
  return {
    usage: isNothing ? emptyUsage(request.otherBytes, limits) : usageOf(bytes),
    bytes,
    bytesOf: ({ alone }) => bytesOf(alone) - nothing + comma,
    bytesWithout: (removed) => {
      const left = copyContents(contents)
      for (const part of removed) part.remove(left)
      return bytesOf(left)
    },
    tokenLength,
    usageOf,
  }
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
    // Reported when a session reaches a level, not with every write at that level.
    if (levelBefore(state, key, pipeline) !== level) observeSize(state, key, pipeline)
    return true
  }
  const report = observeSize(state, key, pipeline)
  if (state.logoutStamp !== undefined) return false
  throw new SessionTooLargeError(report)
}

/**
 * Throws what `assertFits` would throw if the session were written now, and reports nothing.
 *
 * @param bytes of its payload
 * @throws SessionTooLargeError
 */
export function assertWouldFit(
  state: SessionState,
  bytes: number,
  key: DayKey,
  pipeline: Pipeline,
): void {
  if (state.logoutStamp !== undefined || valueLength(bytes, key) <= receivedLength(state)) return
  const report = measure(state, key, pipeline)
  if (report.level === 'over') throw new SessionTooLargeError(report)
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

/** Returns the level of the session that was received, if one was. */
function levelBefore(
  { received, cookies }: SessionState,
  key: DayKey,
  { cookie, limits, lifetimes, now }: Pipeline,
): SizeUsage['level'] | undefined {
  if (received === undefined) return undefined
  const { binding } = received.claims
  const context = { request: cookies, beside: [], binding, cookie, limits }
  const value = 'e'.repeat(received.length)
  const maxAge = cookieMaxAge(received.claims, now(), lifetimes)
  const { sizes } = buildResponseCookies(value, key, maxAge, context)
  return measureUsage(sizes, limits).level
}
