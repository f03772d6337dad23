// Replaces a response whose cookies cannot be made by the application's answer to that error.

import { reopenHead } from './head.ts'
import type { Head } from './head.ts'
import { restoreFields } from './node-fields.ts'
import type { PendingSession } from './pending-session.ts'
import { callMethod, isMethod } from './node-response.ts'
import { answerPlainly } from './plain-answer.ts'

/**
 * How long an application may take to begin the answer to an error, in milliseconds. If middleware
 * is used as a promise (Koa), `next` has no effect, because that promise is settled.
 */
const ANSWER_TIMEOUT = 5000

/**
 * Withdraws a response, and reports why. A complete response is dropped with all that its handlers
 * have set, and the application may give another. A response that is still being written cannot be
 * replaced: it is destroyed, as if the client had disconnected.
 */
export function replaceWithError(head: Head, session: PendingSession, error: unknown): void {
  const { response, heldCalls } = head
  const isComplete = heldCalls.some(({ name }) => name === 'end')
  head.heldCalls = []
  head.made = undefined
  if (isComplete && !head.isReplaced && (!response.headersSent || !head.canWait)) {
    reset(head, error)
  } else {
    head.phase = 'sent'
    destroy(head)
  }
  for (const callback of heldCalls.flatMap(({ args }) => args.filter(isMethod))) {
    queueMicrotask(() => callback(error))
  }
  session.fail(error)
}

/** Restores a response to the state before its handlers, except for the status. */
function reset(head: Head, error: unknown): void {
  const { response } = head
  reopenHead(head)
  head.isReplaced = true
  restoreFields(response, head.fieldsBefore)
  response.setHeader('Cache-Control', 'no-store')
  response.statusCode = 500
  // HTTP/2 has no reason phrase, so there it is not an own property of the response.
  Reflect.deleteProperty(response, 'statusMessage')
  head.answerTimer = setTimeout(() => {
    const isGone = Reflect.get(response, 'destroyed') === true
    if (head.phase === 'open' && !isGone) answerPlainly(response, error)
  }, ANSWER_TIMEOUT)
  // The timer alone must not keep the process alive.
  callMethod(Object(head.answerTimer), 'unref')
}

function destroy({ response }: Head): void {
  response.statusCode = 500
  callMethod(response, 'destroy')
}
