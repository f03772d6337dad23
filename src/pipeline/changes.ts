// What a session has become, compared with what the browser has: whether anything must be written.

import { formatBody, parseBodyText } from '../session/body.ts'
import { isEmpty } from '../session/contents.ts'
import type { SessionState } from '../session/state.ts'
import { createClaims, lifetimeOf, ticketDue } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import type { Pipeline } from './pipeline.ts'

/** A session that holds something has claims, unless `measure` asks what it would be. */
export function currentClaims(
  { claims, stamps, binding }: SessionState,
  { lifetimes, now }: Pipeline,
): Claims {
  return claims ?? createClaims(now(), stamps, '', lifetimes, binding)
}

/** Whether there is nothing to write: no change, no value that may be mutated, no ticket due. */
export function isUpToDate(state: SessionState, pipeline: Pipeline): boolean {
  const { changed, mayBeMutated, touchRequested, written, claims, contents } = state
  if (changed || mayBeMutated || touchRequested || written === undefined) return false
  return written.id === claims?.id && !isEmpty(contents) && !needsTicket(state, pipeline)
}

/** Whether the contents differ from those that the browser has, or is about to get. */
export function hasUnwrittenChange(state: SessionState, pipeline: Pipeline): boolean {
  if (isEmpty(state.contents)) return false
  return changedBody(state, currentClaims(state, pipeline), pipeline) !== undefined
}

/** Whether an empty session is what was received, and not cleared: a schema may leave nothing of one. */
export function isAsReceived(
  { received, written, claims, contents }: SessionState,
  { serializer }: Pipeline,
): boolean {
  if (contents !== received?.contents || claims === undefined) return false
  const isSame = written?.id === claims.id
  return isSame && written.body === formatBody(contents, claims, serializer)
}

/** Returns the body if the browser has another one, or none. */
export function changedBody(
  state: SessionState,
  claims: Claims,
  { serializer }: Pipeline,
): string | undefined {
  const { written, contents, changed, mayBeMutated } = state
  if (written !== undefined && !changed && !mayBeMutated) return undefined
  const body = formatBody(contents, claims, serializer)
  if (written === undefined || written.id !== claims.id) return body
  if (body === written.body) return undefined
  // JSON of ours has one spelling, so a change was one.
  if (changed && serializer === undefined) return body
  // Another writer, or another serializer, may spell the same contents in another way.
  const respelled = formatBody(parseBodyText(written.body, serializer), claims, serializer)
  return body === respelled ? undefined : body
}

/** Whether use of the session should be written down now. */
export function needsTicket(state: SessionState, pipeline: Pipeline): boolean {
  const { claims, usedAt, touchRequested, discarded } = state
  const { lifetimes, now, device } = pipeline
  if (claims === undefined || discarded) return false
  if (claims.binding !== '' && !device?.isRenewable(state, claims)) return false
  if (touchRequested) return now() >= usedAt
  return ticketDue(claims, usedAt, now(), lifetimeOf(claims.lifetime, lifetimes))
}
