// The session of a failed handler, in frameworks that turn the error into a response before an
// adapter sees it; and the caching of the answer to a commit that failed.

import { controlsSharedCache, varyOnCookie } from '../http/caching.ts'
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

/** Header fields of the answer to an error, by names in any case. */
export interface AnswerFields {
  keys(): Iterable<string>
  set(name: string, value: string): unknown
  delete(name: string): unknown
}

/**
 * Forbids caches to store the answer to a commit that failed. Frameworks give it the header fields of the
 * page, which may be meant for all visitors: with its cookies, no cache would have stored it.
 */
export function forbidCaching(fields: AnswerFields): void {
  for (const name of Array.from(fields.keys())) {
    const isForAll = controlsSharedCache(name) || name.toLowerCase() === 'cache-control'
    if (isForAll) fields.delete(name)
  }
  fields.set('cache-control', 'no-store')
}

/** Does the same for an answer to which no session is committed. It depends on the session all the same. */
export function forbidCachingOf(headers: Headers): void {
  forbidCaching(headers)
  const vary = varyOnCookie(headers.get('vary'))
  if (vary !== undefined) headers.set('vary', vary)
}
