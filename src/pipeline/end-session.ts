// What a response sets when there is no session any more: deletions, and the stamp of a logout.

import { deviceName, stampName, ticketName } from '../cookies/cookie-names.ts'
import { partDeletions } from '../cookies/response-cookies.ts'
import { NO_WRITES, deletion } from '../cookies/set-cookie.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import { createContents } from '../session/contents.ts'
import { hasCookies } from '../session/state.ts'
import type { SessionState } from '../session/state.ts'
import { longestMaxAge } from '../token/claims.ts'
import type { Pipeline } from './pipeline.ts'

/**
 * An empty session takes no cookies. Those of a session that was emptied or ended are deleted, and those
 * that a logout has ended; any other refused cookie is left alone, because what is wrong may be a
 * server's fault that passes.
 */
export function endCookies(state: SessionState, pipeline: Pipeline): readonly CookieWrite[] {
  const { cookie } = pipeline
  if (!hasCookies(state)) return NO_WRITES
  if (state.logoutStamp !== undefined) {
    observeLogout(state, pipeline)
    return [...partDeletions(state.cookies, cookie), ...logoutMarks(state, pipeline)]
  }
  // The browser proves itself once the ticket of its last proof is gone.
  if (state.lapsed !== '') return [deletion(deviceName(cookie.name, state.lapsed))]
  const isEmptied = state.written !== undefined && state.changed
  if (!isEmptied && state.rejection?.reason !== 'destroyed') return NO_WRITES
  state.written = undefined
  return [...partDeletions(state.cookies, cookie), ...ticketDeletion(state, pipeline)]
}

/** Ends a session without the message that does not fit: a logout must not fail for lack of room. */
export function endWithoutGoodbye(state: SessionState, pipeline: Pipeline): readonly CookieWrite[] {
  state.contents = createContents()
  state.claims = undefined
  return endCookies(state, pipeline)
}

/** Returns what a logout sets beside the token: the deletion of the ticket, and its stamp. */
export function logoutMarks(state: SessionState, pipeline: Pipeline): readonly CookieWrite[] {
  const { cookie, lifetimes } = pipeline
  if (state.logoutStamp === undefined) return NO_WRITES
  // A session from before the logout can come back for as long as one can live.
  const maxAge = longestMaxAge(lifetimes)
  return [
    ...ticketDeletion(state, pipeline),
    { name: stampName(cookie.name), value: state.logoutStamp, maxAge },
  ]
}

function ticketDeletion(
  { cookies, received }: SessionState,
  { cookie, device }: Pipeline,
): CookieWrite[] {
  if (device !== undefined) return device.deletions(cookies, received?.claims.binding, false)
  return cookies.tickets.length === 0 ? [] : [deletion(ticketName(cookie.name))]
}

export function observeLogout(
  { logoutStamp, received }: SessionState,
  { observe }: Pipeline,
): void {
  if (logoutStamp !== undefined) observe({ type: 'destroyed', id: received?.claims.id })
}
