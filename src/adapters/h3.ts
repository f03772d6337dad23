// `sealed-session/h3`: a middleware for h3 2 and Nitro 3, and a handler for h3 1, Nitro 2 and Nuxt.
// Imports nothing of h3.

import { SessionConfigError } from '../errors.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import { getInternals } from '../internals.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { discardChanges, forbidCachingOf } from './failed-handler.ts'
import { isFailure, restrictFields, runHandlers, toAnswer } from './h3-answer.ts'
import type { H3Answer, H3PreparedResponse } from './h3-answer.ts'

export { defineSessionHandler } from './h3-handler.ts'
export type { H3HandlerEvent, H3SessionHandler } from './h3-handler.ts'

/**
 * The members of an event of h3 2 that the middleware uses.
 *
 * @example
 * const path = (event: H3SessionEvent): string => new URL(event.req.url).pathname
 */
export interface H3SessionEvent {
  readonly req: Request
  readonly res: H3PreparedResponse
  readonly context: object
}

/**
 * A middleware of h3 2.
 *
 * @example
 * const middleware: H3SessionMiddleware = h3Session(sessions)
 */
export type H3SessionMiddleware = (event: H3SessionEvent, next: () => unknown) => Promise<unknown>

/** Carries the answer out of a wrapped handler, which can return only a `Response`. */
interface AnswerSlot {
  answer: H3Answer | undefined
}

/**
 * Returns a middleware of h3 2 and Nitro 3 that opens the session of each request as
 * `event.context.session`, and commits it to what the handlers return. If they throw, their changes
 * are discarded. The error of a session that does not fit goes to `onError`.
 *
 * @throws SessionConfigError if `sessions` is not what `createSessions` has returned
 * @example
 * const app = new H3()
 * app.use(h3Session(sessions))
 * app.get('/', ({ context }) => `Hello ${context.session.get('user', 'you')}`)
 */
export function h3Session<Data extends object>(sessions: Sessions<Data>): H3SessionMiddleware {
  getInternals(sessions)
  /** The sessions of the contexts whose handlers are running. */
  const running = createObjectSlot<Session<Data>>()
  const run = sessions.wrap<Request, [H3SessionEvent, () => unknown, AnswerSlot]>(
    async (_, session, event, next, slot) => {
      const { context } = event
      assertOwnContext(running.get(context), session)
      running.set(context, session)
      Reflect.set(context, 'session', session)
      const outcome = await runHandlers(next)
      running.delete(context)
      if (isFailure(outcome, event.res)) discardChanges(session)
      slot.answer = toAnswer(outcome, event.res)
      return slot.answer.carrier
    },
  )
  return async (event, next) => {
    const slot: AnswerSlot = { answer: undefined }
    // Handlers of h3 replace `event.req`, to validate or to limit the body.
    const { req } = event
    let committed: Response
    try {
      committed = await run(req, event, next, slot)
    } catch (error) {
      const { errHeaders } = event.res
      if (errHeaders !== undefined) forbidCachingOf(errHeaders)
      throw error
    }
    const { answer } = slot
    if (answer === undefined) return committed
    if (answer.isOverlaid) await restrictPrepared(sessions, req, event.res)
    return answer.complete(committed)
  }
}

/**
 * Throws if another request has the same context, because its handlers would get this session. `fetch` of
 * h3 takes a context, and an application may give the same object to every request.
 */
function assertOwnContext(known: object | undefined, session: object): void {
  // The middleware may run twice for one request.
  if (known === undefined || known === session) return
  throw new SessionConfigError('event.context', 'is that of another request: create one for each')
}

/**
 * Restricts the header fields that h3 merges into the response: its `Cache-Control` would replace
 * that of the commit.
 */
async function restrictPrepared<Data extends object>(
  sessions: Sessions<Data>,
  request: Request,
  { headers }: H3PreparedResponse,
): Promise<void> {
  const prepared = new Response(null, { headers })
  const committed = await sessions.commit(request, prepared)
  if (committed !== prepared) restrictFields(headers, committed.headers)
}
