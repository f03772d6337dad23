// A session on a response of Node: the shared part of the adapters for Node's frameworks.

import { getInternals } from '../internals.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { refuse } from '../validate.ts'
import { attachSession } from './deferred-head.ts'
import type { NodeResponse } from './node-response.ts'
import type { PendingSession } from './pending-session.ts'

/**
 * Makes a response carry the cookies of a session, whichever call ends it.
 *
 * @param fail receives why the cookies could not be made; must not throw
 * @param prepare is called before the cookies are made, each time
 * @throws SessionConfigError if the response is no object
 */
export function attachNodeSession<Data extends object>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  response: NodeResponse,
  fail: (error: unknown) => void,
  prepare?: () => void,
): void {
  if (typeof response !== 'object' || response === null) {
    refuse('response', response, 'a response of Node')
  }
  const pending = pendingSession(sessions, session, fail, prepare)
  if (pending === undefined) return
  takeOver(session)
  attachSession(response, session, pending)
}

/** Records that a response is going to make the session's cookies, even if the handler throws. */
export function takeOver<Data extends object>(session: Session<Data>): void {
  const state = getState(session)
  if (state !== undefined) state.handlers++
}

/**
 * Returns a session in the form that a response needs; `undefined` if it is not a session of this
 * module.
 */
export function pendingSession<Data extends object>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  fail: (error: unknown) => void,
  prepare?: () => void,
): PendingSession | undefined {
  const internals = getInternals(sessions)
  const state = getState(session)
  return (
    state && {
      isAccessed: () => state.accessed,
      makeCookies: () => {
        prepare?.()
        return sessions.setCookies(session)
      },
      registration: () => state.registration,
      isOwnCookie: (name) => internals.isOwnCookie(name),
      reportOverwrite: () => internals.reportOverwrite(),
      setCommitted: (committed) => void (state.committed = committed),
      fail,
    }
  )
}
