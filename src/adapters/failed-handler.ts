// What becomes of a session whose handler has failed, where a framework makes a response of the error
// before an adapter sees it.

import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'

/**
 * Forgets what a failed handler has changed, so that the answer to its error writes nothing. A session
 * that was not used stays unused, because that answer would depend on it otherwise.
 */
export function discardChanges<Data extends object>(session: Session<Data>): void {
  const state = getState(session)
  if (state?.accessed === true && !state.committed) session.discard()
}

/**
 * Returns a function that takes back the cookies which are made from now on, because no response carries
 * them. It opens the session to changes again.
 */
export function prepareWithdrawal<Data extends object>(session: Session<Data>): () => void {
  const state = getState(session)
  if (state === undefined) return () => {}
  const { written, usedAt, asksDevice } = state
  return () => {
    Object.assign(state, { written, usedAt, asksDevice, committed: false })
  }
}
