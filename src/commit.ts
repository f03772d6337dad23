// Out: contents -> times -> payload -> key -> value -> cookies -> size. What a session has become, as the
// cookies that one response sets. The mirror of open.ts.

import { deviceName, ticketName } from './cookies/cookie-names.ts'
import { buildResponseCookies } from './cookies/response-cookies.ts'
import type { ResponseContext } from './cookies/response-cookies.ts'
import { NO_WRITES } from './cookies/set-cookie.ts'
import type { CookieWrite } from './cookies/set-cookie.ts'
import type { SealCause } from './events.ts'
import { MAX_TOKEN } from './open.ts'
import {
  changedBody,
  currentClaims,
  isAsReceived,
  isRenewable,
  needsTicket,
} from './pipeline/changes.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import {
  endCookies,
  endWithoutGoodbye,
  logoutMarks,
  observeLogout,
} from './pipeline/end-session.ts'
import { recheck } from './pipeline/recheck.ts'
import type { PackedSession } from './overflow-option.ts'
import { formatBody } from './session/body.ts'
import { isEmpty } from './session/contents.ts'
import type { SessionState } from './session/state.ts'
import { assertFits, measure } from './pipeline/session-size.ts'
import { assertWritable } from './pipeline/writable.ts'
import { SessionTooLargeError } from './size/report.ts'
import {
  absoluteEnd,
  cookieMaxAge,
  lifetimeOf,
  longestMaxAge,
  resealClaims,
} from './token/claims.ts'
import type { Claims } from './token/claims.ts'
import { dayOf } from './token/day.ts'
import { formatToken, formatValue } from './token/jwe.ts'
import type { DayKey } from './token/jwe.ts'
import type { Purpose } from './token/key-ring.ts'
import { formatPayload } from './token/payload.ts'
import { formatBoundTicket, formatTicket } from './token/ticket.ts'

/**
 * Returns the cookies that bring the browser up to date. Data is written by changes alone; a session
 * that was only used gets a ticket, and most responses nothing.
 *
 * @throws SessionDataError, SessionTooLargeError; SessionError `ERR_SESSION_STORE`
 */
export async function commitCookies(
  state: SessionState,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  const { received, written, logoutStamp } = state
  const { overflow } = pipeline
  if (logoutStamp === undefined || overflow === undefined) return buildCookies(state, pipeline)
  const writes = await buildCookies(state, pipeline)
  await overflow.remove([received?.parcel, written?.parcel])
  return writes
}

async function buildCookies(
  state: SessionState,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  if (isEmpty(state.contents) && !isAsReceived(state, pipeline)) {
    // In the next microtask, because an observer of the logout that asks for its cookies must get these.
    return Promise.resolve().then(() => endCookies(state, pipeline))
  }
  const claims = currentClaims(state, pipeline)
  const body = changedBody(state, claims, pipeline)
  if (body !== undefined) return sessionCookies(state, claims, body, pipeline)
  return needsTicket(state, pipeline) ? ticketCookies(state, claims, pipeline) : NO_WRITES
}

/** The token, its parts, and what a logout before it leaves. */
async function sessionCookies(
  state: SessionState,
  begun: Claims,
  body: string,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  const { ring, cookie, limits, lifetimes, overflow, observe } = pipeline
  const cause: SealCause = state.isNew ? 'new' : 'changed'
  if (await isRefused(state, pipeline)) {
    state.written = state.written && { ...state.written, id: begun.id, body, parcel: undefined }
    return NO_WRITES
  }
  await assertWritable(state.contents, pipeline)
  const now = pipeline.now()
  const claims = resealClaims(begun, now)
  const key = await ring.sealing('cookie', dayOf(claims.sealedAt), now)
  let packed: PackedSession | undefined
  try {
    packed = await overflow?.pack(body, claims, state, key, pipeline)
  } catch (error) {
    if (state.logoutStamp === undefined) throw error
    return endWithoutGoodbye(state, pipeline)
  }
  const value = formatValue(key, await key.seal(formatPayload(claims, packed?.body ?? body)))
  const maxAge = cookieMaxAge(claims, now, lifetimes)
  const context: ResponseContext = {
    request: state.cookies,
    beside: [
      ...logoutMarks(state, pipeline),
      ...(await bindingCookies(state, claims, now, pipeline)),
    ],
    binding: claims.binding,
    cookie,
    limits,
  }
  const { writes, sizes } = buildResponseCookies(value, key, maxAge, context)
  const asked = state.asksDevice ? await pipeline.device?.askFor(claims.binding) : undefined
  const lines = asked === undefined ? sizes.lines : [...sizes.lines, asked.length]
  if (!assertFits({ ...sizes, lines }, state, key, pipeline)) {
    return endWithoutGoodbye(state, pipeline)
  }

  const moved = packed && { moved: packed.labels }
  const event = { ...sealedEvent(state, claims, key), ...moved }
  observe({ type: 'sealed', ...event, cause, bytes: value.length })
  observeLogout(state, pipeline)
  state.claims = claims
  state.usedAt = Math.min(
    claims.sealedAt,
    absoluteEnd(claims, lifetimeOf(claims.lifetime, lifetimes)),
  )
  state.written = { id: claims.id, body, secretId: key.id, parcel: packed?.parcel }
  state.registration = asked ?? state.registration
  state.asksDevice = false
  return writes
}

/** The ticket alone, whatever the session weighs. */
async function ticketCookies(
  state: SessionState,
  claims: Claims,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  if (await isRefused(state, pipeline)) return NO_WRITES
  const now = pipeline.now()
  const { key, write } = await sealTicket(claims, now, pipeline)
  pipeline.observe({
    type: 'sealed',
    ...sealedEvent(state, claims, key),
    cause: 'renewed',
    bytes: write.value.length,
  })
  state.usedAt = now
  return [write]
}

/**
 * A session that is bound is valid only with a ticket that says so; former bindings lose theirs. One that
 * begins anew outlives the ticket that it has.
 */
async function bindingCookies(
  state: SessionState,
  claims: Claims,
  now: number,
  pipeline: Pipeline,
): Promise<readonly CookieWrite[]> {
  const { cookies, received, logoutStamp, asksDevice, isNew } = state
  if (!asksDevice && !(isNew && claims.binding !== '' && isRenewable(state, claims, pipeline))) {
    return NO_WRITES
  }
  const { write } = await sealTicket(claims, now, pipeline)
  if (!asksDevice) return [write]
  // A logout has deleted all tickets. A write in flight may bring back the session that came.
  const former =
    logoutStamp === undefined && pipeline.device?.deletions(cookies, received?.claims.binding, true)
  return [write, ...(former || [])]
}

/** Of a bound session, this is the ticket of a device that has not proven itself. */
async function sealTicket(
  claims: Claims,
  now: number,
  { ring, cookie, lifetimes }: Pipeline,
): Promise<{ readonly key: DayKey; readonly write: CookieWrite }> {
  const { id, binding } = claims
  const key = await ring.sealing('ticket', dayOf(now), now)
  const isBound = binding !== ''
  const text = isBound
    ? formatBoundTicket({ binding, usedAt: now, isProven: false })
    : formatTicket(id, now)
  const value = formatValue(key, await key.seal(text))
  const name = isBound ? deviceName(cookie.name, binding) : ticketName(cookie.name)
  // A bound session may be given another lifetime, and keeps its ticket.
  const maxAge = isBound ? longestMaxAge(lifetimes) : cookieMaxAge(claims, now, lifetimes)
  return { key, write: { name, value, maxAge } }
}

/**
 * Returns the session as a bare token; the empty string if there is nothing in it.
 *
 * @throws SessionDataError, SessionTooLargeError
 */
export async function sealToken(
  state: SessionState,
  purpose: Purpose,
  pipeline: Pipeline,
): Promise<string> {
  const { serializer, ring, observe } = pipeline
  if (isEmpty(state.contents) || (await isRefused(state, pipeline))) return ''
  await assertWritable(state.contents, pipeline)
  const now = pipeline.now()
  const claims = resealClaims(currentClaims(state, pipeline), now)
  const key = await ring.sealing(purpose, dayOf(claims.sealedAt), now)
  const body = formatBody(state.contents, claims, serializer)
  const token = formatToken(key, await key.seal(formatPayload(claims, body)))
  if (token.length > MAX_TOKEN) throw new SessionTooLargeError(measure(state, key, pipeline))
  observe({
    type: 'sealed',
    ...sealedEvent(state, claims, key),
    cause: 'token',
    bytes: token.length,
  })
  return token
}

/** A slow request must not carry over what was revoked while it ran. */
async function isRefused(state: SessionState, pipeline: Pipeline): Promise<boolean> {
  const { received } = state
  if (received === undefined || !state.carriesReceived) return false
  const refused = await recheck(received, pipeline)
  if (refused === undefined) return false
  pipeline.observe({ type: 'rejected', ...refused })
  return true
}

function sealedEvent(
  { previousId }: SessionState,
  { id }: Claims,
  key: DayKey,
): { readonly id: string; readonly secretId: string; readonly previous?: string } {
  const previous = previousId === undefined ? {} : { previous: previousId }
  return { id, secretId: key.id, ...previous }
}
