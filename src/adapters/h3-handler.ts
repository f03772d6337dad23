// A handler of h3 1, Nitro 2 and Nuxt with a session. Its response is Node's, or a mock if Nitro
// runs without Node or calls its own routes.

import { SessionError } from '../errors.ts'
import { getInternals } from '../internals.ts'
import { cookieName } from '../http/own-cookies.ts'
import { isResponse } from '../http/response.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { refuse } from '../validate.ts'
import { discardChanges, forbidCaching } from './failed-handler.ts'
import type { NodeRequest } from './node.ts'
import { nodeFields, setCookieFields, toArray } from './node-fields.ts'
import { canWait } from './node-response.ts'
import type { NodeResponse } from './node-response.ts'
import { attachNodeSession, pendingSession, takeOver } from './node-session.ts'
import { answerPlainly } from './plain-answer.ts'

/**
 * The members of an event of h3 1 that the handler uses.
 *
 * @example
 * const method = ({ node }: H3HandlerEvent): unknown => node.req.headers.cookie
 */
export interface H3HandlerEvent {
  readonly node: { readonly req: NodeRequest; readonly res: NodeResponse }
  readonly handled: boolean
}

/**
 * A handler of h3 1 that opens and commits a session.
 *
 * @example
 * const handler: H3SessionHandler<H3Event, string> = defineSessionHandler(sessions, () => 'hello')
 */
export interface H3SessionHandler<Event, Result> {
  (event: Event): Promise<Result>
  /** Marks the function as a handler of h3. */
  readonly __is_handler__?: true
}

/**
 * Returns a handler of h3 1, Nitro 2 or Nuxt that also receives the session, and commits it to what
 * it returns or sends. If it throws, its changes are discarded. The error of a session that does
 * not fit is thrown to h3. Handlers and middleware of one request share the session.
 *
 * In a cached handler of Nitro, use of the session is SessionError `ERR_SESSION_RESPONSE`.
 *
 * @throws SessionConfigError if an argument is wrong
 * @example
 * export default defineSessionHandler(sessions, (event: H3Event, session) => {
 *   return `Hello ${session.get('user', 'you')}`
 * })
 */
export function defineSessionHandler<Data extends object, Event extends H3HandlerEvent, Result>(
  sessions: Sessions<Data>,
  handler: (event: Event, session: Session<Data>) => Result,
): H3SessionHandler<Event, Awaited<Result>> {
  const internals = getInternals(sessions)
  assertHandlerFunction(handler)

  async function handle(event: Event): Promise<Awaited<Result>> {
    const { req, res } = event.node
    const session = await internals.open(req)
    takeOver(session)
    let isRunning = true
    const isCached = hasOverrides(res)
    if (canWait(res) && !isCached) {
      // A handler may send the response itself. While it runs, a failure is thrown to h3 instead.
      attachNodeSession(sessions, session, res, (error) => {
        if (!isRunning) answerPlainly(res, error)
      })
    }
    try {
      const result = await handler(event, session)
      if (result instanceof Error) throw result
      if (isCached && getState(session)?.accessed === true) throw sharedResult()
      return await commitResult(sessions, session, event, result).catch((error: unknown) => {
        if (!res.headersSent) forbidCaching(nodeFields(res))
        throw error
      })
    } catch (error) {
      discardChanges(session)
      if (!canWait(res)) {
        // Cookies that a middleware before this handler has set.
        removeOwnCookies(sessions, res)
        setFields(sessions, session, res, [])
      }
      // A response that is held back is withdrawn first, because h3 would take it for sent.
      if (event.handled) await new Promise((done) => setTimeout(done))
      throw error
    } finally {
      isRunning = false
    }
  }

  return Object.assign(handle, { __is_handler__: true as const })
}

/**
 * Commits the session to what a handler has returned, or to the response that h3 builds from it.
 */
async function commitResult<Data extends object, Result>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  { node: { res }, handled }: H3HandlerEvent,
  result: Result,
): Promise<Result> {
  const isMock = !canWait(res)
  const isPassedOn = result === undefined && !handled
  // The next handler may change the session, and the head waits for that.
  if (isPassedOn && !isMock) return result
  if (isResponse(result)) {
    // h3 adds the lines of a response to those of the mock.
    if (isMock) removeOwnCookies(sessions, res)
    return commitResponse(sessions, session, result)
  }
  const lines = await sessions.setCookies(session)
  if (isMock) setFields(sessions, session, res, lines)
  if (isPassedOn) allowChanges(session)
  return result
}

/** Commits a session to a response. Returns the caller's own type. */
function commitResponse<Data extends object, Result extends Response>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  response: Result,
): Promise<Result>
function commitResponse<Data extends object>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  response: Response,
): Promise<Response> {
  return sessions.commit(session, response)
}

/** Sets the fields of a mock, which is read after the handlers have run, even if it was ended. */
function setFields<Data extends object>(
  sessions: Sessions<Data>,
  session: Session<Data>,
  response: NodeResponse,
  lines: readonly string[],
): void {
  const pending = pendingSession(sessions, session, () => {})
  if (pending === undefined || !pending.isAccessed()) return
  setCookieFields(response, [{ session: pending, outcome: { status: 'fulfilled', value: lines } }])
}

/** Removes what an earlier handler of the request has set. */
function removeOwnCookies<Data extends object>(
  sessions: Sessions<Data>,
  response: NodeResponse,
): void {
  const internals = getInternals(sessions)
  const lines = toArray(response.getHeader('Set-Cookie'))
  const others = lines.filter((line) => !internals.isOwnCookie(cookieName(line)))
  response.removeHeader('Set-Cookie')
  if (others.length > 0) response.setHeader('Set-Cookie', others)
}

/**
 * Reopens a session for changes after its cookies were made: the next handler sets the fields
 * again.
 */
function allowChanges<Data extends object>(session: Session<Data>): void {
  const state = getState(session)
  if (state !== undefined) state.committed = false
}

/**
 * Whether a response is the one that `defineCachedEventHandler` of Nitro passes: a proxy whose methods
 * are not those of its class.
 */
function hasOverrides(response: NodeResponse): boolean {
  if (Object.hasOwn(response, 'getHeader')) return false
  const prototype: unknown = Object.getPrototypeOf(response)
  return Reflect.get(Object(prototype), 'getHeader') !== response.getHeader
}

function sharedResult(): SessionError {
  return new SessionError('ERR_SESSION_RESPONSE', 'a cached handler must not use the session')
}

function assertHandlerFunction(handler: unknown): void {
  if (typeof handler === 'function') return
  refuse('handler', handler, 'a function (event, session) => result')
}
