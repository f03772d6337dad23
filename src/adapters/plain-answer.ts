// The last answer: a page for an error that the application does not handle.

import { HEAD, hasHead } from './head.ts'
import { callMethod } from './node-response.ts'
import type { NodeResponse } from './node-response.ts'

/**
 * Logs an error, and answers with a plain page and status 500, as frameworks do. The page carries no
 * session, because what a failed request has changed is not to be kept. A response that is being
 * written is cut. Never throws.
 */
export function answerPlainly(response: NodeResponse, error: unknown): void {
  console.error(error)
  try {
    if (Reflect.get(response, 'writableEnded') === true) return
    if (response.headersSent) {
      callMethod(response, 'destroy')
      return
    }
    detachSessions(response)
    response.statusCode = 500
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
    response.end('Internal Server Error')
  } catch {
    // It takes no answer: where middleware serves a WebSocket, an empty object stands for a response.
  }
}

function detachSessions(response: NodeResponse): void {
  if (!hasHead(response)) return
  const { sessions } = response[HEAD]
  for (const session of sessions.values()) session.setCommitted(true)
  sessions.clear()
}
