// The session of a failed handler, in frameworks that turn the error into a response before an
// adapter sees it.

import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import { prepareUndo } from '../session/state.ts'

/**
 * Discards the changes of a failed handler, so that the answer to its error writes nothing. An
 * unused session stays unused, because otherwise that answer would depend on it.
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
  const undo = prepareUndo(state)
  return () => {
    undo()
    state.committed = false
  }
}
