// The state of a response's head while sessions may add cookies to it.

import type { MadeCookies, PendingSession } from './pending-session.ts'
import type { FieldSnapshot, Method, NodeResponse } from './node-response.ts'

/** The methods by which the head of a response is sent. */
export type CallName = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/** A call of one of these methods. */
export interface Call {
  readonly name: CallName
  readonly args: readonly unknown[]
}

/** The head of one response. */
export interface Head {
  readonly response: NodeResponse
  readonly sessions: Map<object, PendingSession>
  /** The original methods: Node's, or the wrappers of other middleware. */
  readonly methods: ReadonlyMap<CallName, Method>
  /** The fields that were set before the handlers ran. */
  readonly fieldsBefore: FieldSnapshot
  /** Whether the response can be held back until asynchronous cookies are made. */
  readonly canWait: boolean
  phase: 'open' | 'held' | 'sent'
  /** The sessions that were not accessed before the head was sent. */
  bypassed: readonly PendingSession[]
  /** The calls that were made while the head was held back. */
  heldCalls: readonly Call[]
  /** The cookies that the head carries, once they are made. */
  made: readonly MadeCookies[] | undefined
  /** Whether the response was already replaced by an error. */
  isReplaced: boolean
  /** Timer that answers a replaced response if the application does not. */
  answerTimer: ReturnType<typeof setTimeout> | undefined
  /** Listeners for `drain` that the `on` of other middleware may have moved. */
  readonly drainListeners: Method[]
  /** The members that `reportAsSent` hides; `undefined` before it is called. */
  hidden: object | undefined
}

/**
 * Property of a response for its head. A `WeakMap` costs the garbage collector several times more.
 * Each copy of this module has its own symbol.
 */
export const HEAD: unique symbol = Symbol('head')

/** A response with a head. */
export interface ResponseWithHead extends NodeResponse {
  readonly [HEAD]: Head
}

export function hasHead(response: NodeResponse): response is ResponseWithHead {
  return HEAD in response
}

/** Records that the head is sent. Sessions that were not accessed become read-only. */
export function closeHead(head: Head): void {
  head.phase = 'sent'
  head.bypassed = [...head.sessions.values()].filter((session) => !session.isAccessed())
  for (const session of head.bypassed) session.setCommitted(true)
}

/** Records that the head was not sent after all. */
export function reopenHead(head: Head): void {
  head.phase = 'open'
  for (const session of head.bypassed) session.setCommitted(false)
}
