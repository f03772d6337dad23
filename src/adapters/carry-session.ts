// A session of these sessions as a Node response carries it.

import type { SessionInternals } from '../create-sessions.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { attachSession } from './deferred-head.ts'
import type { NodeResponse } from './node-response.ts'

/**
 * Makes a response carry the cookies of a session.
 *
 * @param fail reports why they could not be made
 * @param prepare is called before they are made, each time
 */
export function carrySession<Data extends object>(
  sessions: Sessions<Data>,
  internals: SessionInternals<Data>,
  session: Session<Data>,
  response: NodeResponse,
  fail: (error: unknown) => void,
  prepare: () => void = () => {},
): void {
  const state = getState(session)
  if (state === undefined) return
  attachSession(response, session, {
    isAccessed: () => state.accessed,
    makeCookies: () => {
      prepare()
      return sessions.setCookies(session)
    },
    isOwnCookie: (name) => internals.isOwnCookie(name),
    reportOverwrite: () => internals.reportOverwrite(),
    setCommitted: (committed) => void (state.committed = committed),
    fail,
  })
}
