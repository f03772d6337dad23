// Out: data -> claims -> seal -> chunks -> size -> cookies. What a session has become, as the lines
// of one response. The mirror of incoming.ts.

import { isToken, join } from './cookies/chunks.ts'
import {
  LONGEST_LIFE,
  createClaims,
  resealClaims,
  renewalDue,
  renewalGrowth,
  formatPayload,
} from './token/claims.ts'
import type { Claims } from './token/claims.ts'
import { copyOf, emptyContents, isEmpty, partsOf, writeContents } from './session/contents.ts'
import type { Contents } from './session/contents.ts'
import type { SealCause } from './events.ts'
import { MOST_TOKEN } from './open.ts'
import type { Pipeline } from './open.ts'
import { dayOf } from './token/key-ring.ts'
import type { DayKey } from './token/key-ring.ts'
import { clear, buildSetCookies } from './cookies/set-cookie.ts'
import type { PriorCookies, ResponseCookies } from './cookies/set-cookie.ts'
import { assertFitsSchema } from './session/schema.ts'
import type { SessionSchema } from './session/schema.ts'
import { sealedLength } from './token/jwe.ts'
import { hasCookies, isNew } from './session/session.ts'
import type { SessionState } from './session/session.ts'
import { SessionTooLargeError, createReport, measureUsage, emptyUsage } from './size/report.ts'
import type { SizeReport } from './size/report.ts'

/** Of so many sessions that could not be renewed it is remembered that the observer knows. */
const MOST_UNRENEWED = 1000

/**
 * The lines that bring the browser's cookies up to date; none if there is nothing to tell it, and then
 * at once.
 *
 * @throws SessionDataError, SessionTooLargeError
 */
export function writeLines(
  state: SessionState,
  context: Pipeline,
): readonly string[] | Promise<readonly string[]> {
  if (isEmpty(state.contents)) return endLines(state, context)
  const seen = state.changed || state.exposed
  const text = seen ? writeContents(state.contents, context.serializer) : state.text
  const cause = causeToSeal(state, text, context)
  return cause === undefined || text === undefined ? [] : sealLines(state, text, cause, context)
}

async function sealLines(
  state: SessionState,
  text: string,
  found: SealCause | Promise<SealCause | undefined>,
  context: Pipeline,
): Promise<readonly string[]> {
  const { schema, lifetime, cookie, limits, ring, observe } = context
  // Waits in any case: an observer below may ask for these lines, which must be known to be under way.
  const cause = await found
  if (cause === undefined) return []
  if (schema !== undefined && text !== state.text) await refuseUnfit(state.contents, schema)
  const now = context.now()
  const current = claimsOf(state, now)
  // A new secret changes the key and nothing else: no expiry moves.
  const claims = cause === 'rotated' ? current : resealClaims(current, now, lifetime)
  const key = await ring.sealing('cookie', dayOf(claims.sealedAt), now)
  const token = await key.seal(formatPayload(claims, text))
  const layout = buildSetCookies(
    token,
    claims.expiresAt - now,
    beforeOf(state, claims, context),
    cookie,
    limits,
  )
  if (!isDeliverable(layout, cause, state, key, context)) return []

  observe({ type: 'sealed', id: claims.id, secretId: key.id, cause, bytes: token.length })
  if (state.destroyed) observe({ type: 'destroyed', id: state.came?.id })
  state.claims = claims
  state.text = text
  return layout.lines
}

/**
 * The session as a bare token; the empty string if there is nothing in it.
 *
 * @throws SessionDataError, SessionTooLargeError
 */
export async function writeToken(state: SessionState, context: Pipeline): Promise<string> {
  if (isEmpty(state.contents)) return ''
  const { serializer, schema, lifetime, ring, observe } = context
  const text = writeContents(state.contents, serializer)
  if (schema !== undefined && text !== state.text) await refuseUnfit(state.contents, schema)
  const now = context.now()
  const claims = resealClaims(claimsOf(state, now), now, lifetime)
  const key = await ring.sealing('token', dayOf(claims.sealedAt), now)
  const token = await key.seal(formatPayload(claims, text))
  if (token.length > MOST_TOKEN) throw new SessionTooLargeError(measure(state, key, context))
  observe({ type: 'sealed', id: claims.id, secretId: key.id, cause: 'token', bytes: token.length })
  return token
}

/**
 * What the session would take if it were written now. Serialises each part alone, and the whole a few
 * times: clients choose the keys of many a session, and what a report costs must not grow with their
 * square.
 */
export function measure(state: SessionState, key: DayKey, context: Pipeline): SizeReport {
  const { serializer, lifetime, cookie, limits } = context
  const now = context.now()
  const claims = resealClaims(claimsOf(state, now), now, lifetime)
  const bytesOf = (contents: Contents) =>
    new TextEncoder().encode(formatPayload(claims, writeContents(contents, serializer))).length
  const weightOf = (contents: Contents) => {
    if (isEmpty(contents)) return emptyUsage(state.jar.otherBytes, limits)
    // Only its length matters.
    const token = 'e'.repeat(sealedLength(bytesOf(contents), key))
    const before = beforeOf(state, claims, context)
    return measureUsage(
      buildSetCookies(token, claims.expiresAt - now, before, cookie, limits).load,
      limits,
    )
  }
  const whole = bytesOf(state.contents)
  const nothing = bytesOf(emptyContents())
  const parts = partsOf(state.contents)
  const length = sealedLength(whole, key)
  // Beside others, a comma goes with it.
  const comma = parts.length > 1 ? 1 : 0
  return createReport(parts, {
    length,
    lengthOf: ({ alone }) => length - sealedLength(whole - comma - bytesOf(alone) + nothing, key),
    weigh: (removed) => {
      const contents = copyOf(state.contents)
      for (const part of removed) part.remove(contents)
      return weightOf(contents)
    },
  })
}

/** No data is no misfit: there may still be a message or a CSRF secret. */
async function refuseUnfit({ data }: Contents, schema: SessionSchema<object>): Promise<void> {
  if (data.size > 0) await assertFitsSchema(data, schema)
}

/** An empty session takes no cookies: those that came are deleted. */
async function endLines(state: SessionState, context: Pipeline): Promise<readonly string[]> {
  // Not before it is known that these lines are under way: an observer may ask for them.
  await Promise.resolve()
  if (!hasCookies(state)) return []
  if (state.destroyed) context.observe({ type: 'destroyed', id: state.came?.id })
  return clear(beforeOf(state, state.came, context), context.cookie)
}

/** Why there is something to seal, if there is: known at once unless somebody has to be asked. */
function causeToSeal(
  state: SessionState,
  text: string | undefined,
  context: Pipeline,
): SealCause | undefined | Promise<SealCause | undefined> {
  const { came } = state
  if (came === undefined || isNew(state)) return 'new'
  if (text === undefined || text !== state.text) return 'changed'
  if (state.touched) return 'renewed'
  const now = context.now()
  if (renewalDue(came, now, context.lifetime)) return causeToRenew(state, came, text, context)
  return context.rotate === 'lazy' ? undefined : causeToMove(state, now, context)
}

/** A slow request must not renew what was revoked while it ran. */
async function causeToRenew(
  { contents, secretId }: SessionState,
  claims: Claims,
  text: string,
  { askRevoked }: Pipeline,
): Promise<SealCause | undefined> {
  const refused = await askRevoked?.({ claims, text, contents, secretId })
  return refused === undefined ? 'renewed' : undefined
}

async function causeToMove(
  { secretId }: SessionState,
  now: number,
  { ring }: Pipeline,
): Promise<SealCause | undefined> {
  const newest = await ring.sealing('cookie', dayOf(now), now)
  return newest.id === secretId ? undefined : 'rotated'
}

/**
 * Whether the lines may go out. A write that may not throws, with nothing written; a renewal that may
 * not is left undone, since the request that caused it changed nothing.
 */
function isDeliverable(
  { load }: ResponseCookies,
  cause: SealCause,
  state: SessionState,
  key: DayKey,
  context: Pipeline,
): boolean {
  const { level } = measureUsage(load, context.limits)
  if (level === 'ok') return true
  // Told when a session comes to a level, not on every request that finds it there.
  if (level === 'warn') {
    if (levelBefore(state, context) !== 'warn') tellSize(state, key, context)
    return true
  }
  if (cause === 'rotated' || (cause === 'renewed' && !state.touched)) {
    if (isFirst(state.claims?.id, context)) tellSize(state, key, context)
    return false
  }
  throw new SessionTooLargeError(tellSize(state, key, context))
}

function tellSize(state: SessionState, key: DayKey, context: Pipeline): SizeReport {
  const report = measure(state, key, context)
  context.observe({ type: 'size', id: state.claims?.id ?? '', report })
  return report
}

/** Whether a session is met for the first time among the last ones that could not be renewed. */
function isFirst(id = '', { unrenewed }: Pipeline): boolean {
  if (unrenewed.has(id)) return false
  const [oldest] = unrenewed
  if (oldest !== undefined && unrenewed.size >= MOST_UNRENEWED) unrenewed.delete(oldest)
  unrenewed.add(id)
  return true
}

/** How the session that came stood. */
function levelBefore(state: SessionState, context: Pipeline): SizeReport['level'] {
  const [joined] = join(state.jar.parts)
  if (joined === undefined || !isToken(joined)) return 'ok'
  const { lifetime, cookie, limits } = context
  const before = beforeOf(state, state.came, context)
  return measureUsage(
    buildSetCookies(joined.token, lifetime.maxAge, before, cookie, limits).load,
    limits,
  ).level
}

function beforeOf(
  { jar, destroyed, logouts }: SessionState,
  claims: Claims | undefined,
  { lifetime }: Pipeline,
): PriorCookies {
  // A session from before the logout can come back for as long as one can live.
  const markAge = Math.min(lifetime.maxAge + lifetime.clockTolerance, LONGEST_LIFE)
  const growth = claims === undefined ? 0 : renewalGrowth(claims)
  return { jar, logout: destroyed ? logouts : undefined, markAge, growth }
}

/** A session that has data has claims, unless its data came by `measure` asking what if. */
function claimsOf({ claims, logouts, environment }: SessionState, now: number): Claims {
  return claims ?? createClaims(now, logouts, environment.lifetime)
}
