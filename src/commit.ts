// Writes a session: contents -> times -> payload -> key -> value -> cookies -> size. Returns the
// cookies that one response sets. The mirror of open.ts.

import { deviceName, ticketName } from './cookies/cookie-names.ts'
import { buildResponseCookies } from './cookies/response-cookies.ts'
import { NO_WRITES } from './cookies/set-cookie.ts'
import type { CookieWrite } from './cookies/set-cookie.ts'
import type { SealCause } from './events.ts'
import { MAX_TOKEN } from './open.ts'
import { changedBody, currentClaims, isAsReceived, needsTicket } from './pipeline/changes.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import {
  endCookies,
  endWithoutGoodbye,
  logoutMarks,
  observeLogout,
} from './pipeline/end-session.ts'
import { recheck } from './pipeline/recheck.ts'
import type { PackedSession, SessionOverflow } from './overflow-option.ts'
import { formatBody } from './session/body.ts'
import { isEmpty } from './session/contents.ts'
import type { SessionState } from './session/state.ts'
import { andThen, wait } from './steps.ts'
import type { Steps } from './steps.ts'
import { assertFits, measure } from './pipeline/session-size.ts'
import { assertWritable } from './pipeline/writable.ts'
import { SessionTooLargeError } from './size/report.ts'
import { cookieMaxAge, longestMaxAge, resealClaims } from './token/claims.ts'
import type { Claims } from './token/claims.ts'
import { dayOf } from './token/day.ts'
import { formatToken, formatValue } from './token/jwe.ts'
import type { DayKey } from './token/jwe.ts'
import type { Purpose } from './token/key-ring.ts'
import { formatPayload } from './token/payload.ts'
import { formatBoundTicket, formatTicket } from './token/ticket.ts'
import { isThenable } from './validate.ts'

/**
 * Returns the cookies that bring the browser up to date. Only a change writes data; use writes a
 * ticket at most.
 *
 * @throws SessionDataError, SessionTooLargeError; SessionError `ERR_SESSION_STORE`
 */
export function commitCookies(
  state: SessionState,
  pipeline: Pipeline,
): Steps<readonly CookieWrite[]> {
  const { overflow } = pipeline
  return state.logoutStamp === undefined || overflow === undefined
    ? buildCookies(state, pipeline)
    : endMoved(state, overflow, pipeline)
}

/** Returns the cookies of a logout, and removes what the session had in the store. */
function* endMoved(
  state: SessionState,
  overflow: SessionOverflow,
  pipeline: Pipeline,
): Steps<readonly CookieWrite[]> {
  // Read first, because the steps replace `written`.
  const { received, written } = state
  const writes = yield* buildCookies(state, pipeline)
  yield* wait(overflow.remove([received?.parcel, written?.parcel]))
  return writes
}

function* buildCookies(state: SessionState, pipeline: Pipeline): Steps<readonly CookieWrite[]> {
  if (isEmpty(state.contents) && !isAsReceived(state, pipeline)) return endCookies(state, pipeline)
  const claims = currentClaims(state, pipeline)
  const body = changedBody(state, claims, pipeline)
  if (body !== undefined) return yield* sessionCookies(state, claims, body, pipeline)
  return needsTicket(state, pipeline) ? yield* ticketCookies(state, claims, pipeline) : NO_WRITES
}

/** Returns the cookies of a changed session: its token in parts, and the stamp of a logout. */
function* sessionCookies(
  state: SessionState,
  begun: Claims,
  body: string,
  pipeline: Pipeline,
): Steps<readonly CookieWrite[]> {
  const { ring, cookie, limits, lifetimes, overflow } = pipeline
  const cause: SealCause = state.isNew ? 'new' : 'changed'
  const refused = isRefused(state, pipeline)
  if (isThenable(refused) ? yield* wait(refused) : refused) {
    state.written = state.written && { ...state.written, id: begun.id, body, parcel: undefined }
    return NO_WRITES
  }
  const checking = assertWritable(state.contents, pipeline)
  if (checking !== undefined) yield* wait(checking)
  const now = pipeline.now()
  const claims = resealClaims(begun, now)
  const sealing = ring.sealing('cookie', dayOf(claims.sealedAt), now)
  const key = isThenable(sealing) ? yield* wait(sealing) : sealing
  let packed: PackedSession | undefined
  try {
    packed = overflow && (yield* wait(overflow.pack(body, claims, state, key, pipeline)))
  } catch (error) {
    if (state.logoutStamp === undefined) throw error
    return endWithoutGoodbye(state, pipeline)
  }
  const sealed = key.seal(formatPayload(claims, packed?.body ?? body))
  const value = formatValue(key, isThenable(sealed) ? yield* wait(sealed) : sealed)
  const maxAge = cookieMaxAge(claims, now, lifetimes)
  let beside = logoutMarks(state, pipeline)
  let asked: string | undefined
  if (state.asksDevice) {
    beside = [...beside, ...(yield* bindingCookies(state, claims, now, pipeline))]
    asked = pipeline.device && (yield* wait(pipeline.device.askFor(claims.binding)))
  } else if (state.isNew && pipeline.device?.isRenewable(state, claims)) {
    // A bound session that begins anew outlives the ticket that it has.
    beside = [...beside, (yield* sealTicket(claims, now, pipeline)).write]
  }
  const { binding } = claims
  const context = { request: state.cookies, beside, binding, cookie, limits }
  const { writes, sizes } = buildResponseCookies(value, key, maxAge, context)
  const lines = asked === undefined ? sizes.lines : [...sizes.lines, asked.length]
  if (!assertFits({ ...sizes, lines }, state, key, pipeline)) {
    return endWithoutGoodbye(state, pipeline)
  }

  observeSealed(cause, value, claims, key, state, pipeline, packed?.labels)
  observeLogout(state, pipeline)
  state.claims = claims
  state.usedAt = claims.sealedAt
  state.written = { id: claims.id, body, secretId: key.id, parcel: packed?.parcel }
  state.registration = asked ?? state.registration
  state.asksDevice = false
  return writes
}

/** Returns the ticket of a session that was used and not changed. */
function* ticketCookies(
  state: SessionState,
  claims: Claims,
  pipeline: Pipeline,
): Steps<readonly CookieWrite[]> {
  const refused = isRefused(state, pipeline)
  if (isThenable(refused) ? yield* wait(refused) : refused) return NO_WRITES
  const now = pipeline.now()
  const { key, write } = yield* sealTicket(claims, now, pipeline)
  observeSealed('renewed', write.value, claims, key, state, pipeline)
  state.usedAt = now
  return [write]
}

/** Returns the ticket of a new binding, and the deletions of the tickets of former ones. */
function* bindingCookies(
  { cookies, received, logoutStamp }: SessionState,
  claims: Claims,
  now: number,
  pipeline: Pipeline,
): Steps<readonly CookieWrite[]> {
  const { write } = yield* sealTicket(claims, now, pipeline)
  // A logout has deleted all tickets. A write in flight may restore the received session.
  const former =
    logoutStamp === undefined && pipeline.device?.deletions(cookies, received?.claims.binding, true)
  return [write, ...(former || [])]
}

/** Seals a ticket. That of a bound session says that its device has not proven itself. */
function* sealTicket(
  claims: Claims,
  now: number,
  { ring, cookie, lifetimes }: Pipeline,
): Steps<{ readonly key: DayKey; readonly write: CookieWrite }> {
  const { id, binding } = claims
  const sealing = ring.sealing('ticket', dayOf(now), now)
  const key = isThenable(sealing) ? yield* wait(sealing) : sealing
  const isBound = binding !== ''
  const text = isBound
    ? formatBoundTicket({ binding, usedAt: now, isProven: false })
    : formatTicket(id, now)
  const sealed = key.seal(text)
  const value = formatValue(key, isThenable(sealed) ? yield* wait(sealed) : sealed)
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
  const { serializer, ring } = pipeline
  if (isEmpty(state.contents) || (await isRefused(state, pipeline))) return ''
  await assertWritable(state.contents, pipeline)
  const now = pipeline.now()
  const claims = resealClaims(currentClaims(state, pipeline), now)
  const key = await ring.sealing(purpose, dayOf(claims.sealedAt), now)
  const body = formatBody(state.contents, claims, serializer)
  const token = formatToken(key, await key.seal(formatPayload(claims, body)))
  if (token.length > MAX_TOKEN) throw new SessionTooLargeError(measure(state, key, pipeline))
  observeSealed('token', token, claims, key, state, pipeline)
  return token
}

/** Whether the session was revoked, or its secret removed, while the request ran. */
function isRefused(state: SessionState, pipeline: Pipeline): boolean | Promise<boolean> {
  const { received } = state
  if (received === undefined || !state.carriesReceived) return false
  return andThen(recheck(received, pipeline), (rejected) => {
    if (rejected !== undefined) pipeline.observe({ type: 'rejected', ...rejected })
    return rejected !== undefined
  })
}

function observeSealed(
  cause: SealCause,
  sealed: string,
  { id }: Claims,
  { id: secretId }: DayKey,
  { previousId: previous }: SessionState,
  { observe }: Pipeline,
  moved?: readonly string[],
): void {
  const event = { type: 'sealed' as const, id, secretId, cause, bytes: sealed.length }
  if (previous === undefined && moved === undefined) return observe(event)
  observe({ ...event, ...(previous && { previous }), ...(moved && { moved }) })
}
