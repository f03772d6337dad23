// The head of a Node response, sent with the cookies of its sessions. If making the cookies is
// asynchronous, the head is held back, because `writeHead` and `end` are synchronous: calls that
// are made meanwhile are queued, and replayed in order.

import { SessionError } from '../errors.ts'
import { isThenable, ownProperties } from '../validate.ts'
import { HEAD, closeHead, hasHead, reopenHead } from './head.ts'
import type { Call, CallName, Head } from './head.ts'
import {
  callOriginal,
  emitDrain,
  holdCall,
  makeHeldCalls,
  recordDrainListeners,
} from './held-calls.ts'
import { findFailure, makeCookies } from './pending-session.ts'
import type { MadeCookies, PendingSession } from './pending-session.ts'
import { assertChunk, assertStatus } from './node-arguments.ts'
import { setCookieFields, setHead, snapshotFields, toArray } from './node-fields.ts'
import { callMethod, canCarryCookies, canWait, findMethod } from './node-response.ts'
import type { Method, NodeResponse } from './node-response.ts'
import { replaceWithError } from './replace-with-error.ts'
import { reportAsSent } from './reported-state.ts'

const CALL_NAMES: readonly CallName[] = ['writeHead', 'write', 'end', 'flushHeaders']

/**
 * Makes a response carry the cookies of a session. If no cookie can reach the browser any more, the
 * session becomes read-only.
 */
export function attachSession(response: NodeResponse, key: object, session: PendingSession): void {
  if (!hasHead(response) && !canCarryCookies(response)) {
    session.setCommitted(true)
    return
  }
  const head = hasHead(response) ? response[HEAD] : install(response)
  if (head.sessions.has(key)) return
  head.sessions.set(key, session)
  if (head.phase !== 'open' || response.headersSent) session.setCommitted(true)
}

/**
 * Installs wrappers around the methods that send the head. The wrappers are never removed, because
 * removing them would also remove wrappers that other middleware has installed since.
 */
function install(response: NodeResponse): Head {
  const methods = new Map<CallName, Method>()
  for (const name of CALL_NAMES) {
    const method = findMethod(response, name)
    if (method !== undefined) methods.set(name, method)
  }
  const head: Head = {
    response,
    sessions: new Map(),
    methods,
    fieldsBefore: snapshotFields(response),
    canWait: canWait(response),
    phase: 'open',
    bypassed: [],
    heldCalls: [],
    made: undefined,
    isReplaced: false,
    answerTimer: undefined,
    drainListeners: [],
    hidden: undefined,
  }
  for (const name of methods.keys()) {
    Reflect.set(response, name, (...args: unknown[]) => intercept(head, { name, args }))
  }
  recordDrainListeners(head)
  Object.defineProperty(response, HEAD, ownProperties({ value: head }))
  return head
}

function intercept(head: Head, call: Call): unknown {
  if (head.phase === 'held') return holdCall(head, call)
  if (head.phase === 'sent') return callOriginal(head, call)
  clearTimeout(head.answerTimer)
  const accessed = [...head.sessions.values()].filter((session) => session.isAccessed())
  // Mocks set `headersSent` before they call `end`, and still take header fields.
  const isSent = head.canWait && head.response.headersSent
  return accessed.length === 0 || isSent ? send(head, call) : sendWith(head, accessed, call)
}

/** Sends the head, and marks it as not sent again if Node throws. */
function send(head: Head, call: Call): unknown {
  closeHead(head)
  try {
    return callOriginal(head, call)
  } catch (error) {
    if (!head.response.headersSent) reopenHead(head)
    throw error
  }
}

/**
 * Sends the head with the cookies of the sessions that were accessed: at once, or after they are
 * made.
 */
function sendWith(head: Head, accessed: readonly PendingSession[], given: Call): unknown {
  const { response } = head
  if (given.name === 'flushHeaders' && head.canWait) {
    // As Node does, because compressing middleware that wraps `writeHead` changes what is written next.
    callMethod(response, 'writeHead', response.statusCode)
    if (head.phase !== 'open') return intercept(head, given)
  }
  // Throws before a session is committed, because Node throws for these arguments at once.
  assertChunk(given.name, given.args[0])
  const args = given.name === 'writeHead' ? setHead(response, given.args) : given.args
  assertStatus(response.statusCode)
  const call = { ...given, args }

  const made = makeCookies(accessed)
  if (isThenable(made)) {
    return head.canWait ? hold(head, made, call) : sendWithout(head, accessed, made, call)
  }
  if (findFailure(made) === undefined) {
    carryCookies(head, made)
    return send(head, call)
  }
  // Rethrows on a mock only: its caller reads the response when the call returns. On Node, a
  // failure is not reported within the call that causes it.
  if (head.canWait) return hold(head, Promise.resolve(made), call)
  const result = holdCall(head, call)
  settle(head, made)
  return result
}

/** Holds the head back until the cookies are made. */
function hold(head: Head, making: Promise<readonly MadeCookies[]>, call: Call): unknown {
  const { response } = head
  const { statusCode } = response
  closeHead(head)
  head.phase = 'held'
  reportAsSent(head)
  void making.then((made) => {
    response.statusCode = statusCode
    settle(head, made)
  })
  return holdCall(head, call)
}

/**
 * Sends the head with the cookies that were made, and then replays the calls that were queued
 * behind it.
 */
function settle(head: Head, made: readonly MadeCookies[]): void {
  head.phase = 'sent'
  const failure = findFailure(made)
  // Answers the error without the cookies that still cannot be made.
  if (failure !== undefined && !head.isReplaced) {
    replaceWithError(head, failure.session, failure.reason)
    return
  }
  try {
    carryCookies(head, made)
    // Runs outside this promise, because an exception of a listener is not a failure of the
    // response.
    if (makeHeldCalls(head)) queueMicrotask(() => emitDrain(head))
  } catch (error) {
    const [first] = made
    if (first !== undefined) replaceWithError(head, first.session, error)
  }
}

/**
 * Sends the head of a response that cannot wait for cookies. Reports the lost cookies to each
 * session that has some, unless its handler has set them.
 */
function sendWithout(
  head: Head,
  accessed: readonly PendingSession[],
  making: Promise<readonly MadeCookies[]>,
  call: Call,
): unknown {
  carryCookies(
    head,
    accessed.map((session) => ({ session, outcome: { status: 'fulfilled', value: [] } })),
  )
  void making.then((made) => {
    const sent = toArray(head.response.getHeader('Set-Cookie'))
    for (const { session, outcome } of made) {
      if (outcome.status === 'rejected') session.fail(outcome.reason)
      else if (!outcome.value.every((line) => sent.includes(line))) session.fail(lostCookies())
    }
  })
  return send(head, call)
}

function carryCookies(head: Head, made: readonly MadeCookies[]): void {
  head.made = made
  setCookieFields(head.response, made)
}

function lostCookies(): SessionError {
  return new SessionError(
    'ERR_SESSION_RESPONSE',
    'the response was sent before the cookies of the session were made, and cannot be held back: ' +
      'set the lines of `await sessions.setCookies(session)` on it before it ends',
  )
}
