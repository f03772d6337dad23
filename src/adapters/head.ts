// The state of a response's head while sessions may add cookies to it.

import type { MadeCookies, PendingSession } from './pending-session.ts'
import type { FieldSnapshot, Method, NodeResponse } from './node-response.ts'

/** The methods by which the head of a response is sent. */
export type CallName = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/** A call of one of them. */
export interface Call {
  readonly name: CallName
  readonly args: readonly unknown[]
}

/** The head of one response. */
export interface Head {
  readonly response: NodeResponse
  readonly sessions: Map<object, PendingSession>
  /** The methods that were there: Node's, or those that other middleware put around them. */
  readonly methods: ReadonlyMap<CallName, Method>
  /** The fields that were there before the handlers. */
  readonly fieldsBefore: FieldSnapshot
  /** Whether the response can be held back until cookies are made that take time. */
  readonly canWait: boolean
  phase: 'open' | 'held' | 'sent'
  /** The sessions that were not accessed before the head was sent. */
  bypassed: readonly PendingSession[]
  /** The calls that were made while the head was held back. */
  heldCalls: readonly Call[]
  /** The cookies that the head carries, once they are made. */
  made: readonly MadeCookies[] | undefined
  /** The response was replaced by an error already. */
  isReplaced: boolean
  /** Answers a replaced response that the application does not answer. */
  answerTimer: ReturnType<typeof setTimeout> | undefined
  /** Listeners for `drain` that an `on` of other middleware may have taken. */
  readonly drainListeners: Method[]
  /** Has the members that `reportAsSent` hides, once it has. */
  hidden: object | undefined
}

/**
 * The property under which a response has its head. A `WeakMap` of heads costs the garbage collector
 * several times more. Each copy of this module has a symbol of its own.
 */
export const HEAD: unique symbol = Symbol('head')

/** A response with a head. */
export interface ResponseWithHead extends NodeResponse {
  readonly [HEAD]: Head
}

export function hasHead(response: NodeResponse): response is ResponseWithHead {
  return HEAD in response
}

/** Records that the head is sent. Sessions that were not accessed can be read from now on. */
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
