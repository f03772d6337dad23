// A plain page for an error that the application does not handle.

import { HEAD, hasHead } from './head.ts'
import { callMethod } from './node-response.ts'
import type { NodeResponse } from './node-response.ts'

/**
 * Logs an error, and answers with a plain page and status 500, as frameworks do. The page carries
 * no session, because changes of a failed request are not kept. A response that is being written is
 * destroyed. Never throws.
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
    // Not a response: middleware that serves a WebSocket passes an empty object.
  }
}

function detachSessions(response: NodeResponse): void {
  if (!hasHead(response)) return
  const { sessions } = response[HEAD]
  for (const session of sessions.values()) session.setCommitted(true)
  sessions.clear()
}
