// `sealed-session/node`: the same sessions for `(request, response)`: Node's `http` and `https`,
// the compatibility API of `http2`, Express, Connect and Fastify. Imports nothing of Node.

import { getInternals } from '../internals.ts'
import type { Sessions } from '../sessions.ts'
import { SessionConfigError } from '../errors.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import type { Session } from '../session/session.ts'
import { ownProperties, refuse } from '../validate.ts'
import { answerNodeDevice } from './node-device.ts'
import type { NodeResponse } from './node-response.ts'
import { attachNodeSession } from './node-session.ts'
import { answerPlainly } from './plain-answer.ts'
import { reportError } from './report-error.ts'
import { createRequestProperty } from './request-property.ts'

export type { NodeResponse } from './node-response.ts'

/**
 * The members of a request that are used; `http.IncomingMessage` and `Http2ServerRequest` have
 * them.
 *
 * @example
 * const request: NodeRequest = { headers: { cookie: 'theme=dark' } }
 */
export interface NodeRequest {
  readonly headers: { readonly cookie?: string | undefined }
}

/**
 * Type of a request that has passed the middleware, for an application's own declaration. Without a
 * declaration, `sessionOf(request)` returns the same type.
 *
 * @example
 * declare global {
 *   namespace Express {
 *     interface Request extends WithSession<Data> {}
 *   }
 * }
 */
export type WithSession<
  Data extends object = Record<string, unknown>,
  Property extends string = 'session',
> = { readonly [P in Property]: Session<Data> }

/**
 * The options of `nodeSessions`.
 *
 * @example
 * const options: NodeSessionsOptions = { property: 'cart' }
 */
export interface NodeSessionsOptions<
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
> {
  /**
   * The property of a request under which the middleware puts the session. Default `session`; a second
   * middleware needs another one.
   */
  readonly property?: string | undefined
  /**
   * Called if the cookies of a session got with `open` cannot be made. `response` is as it was when
   * the session was opened, with status 500, and waits for an answer; or it is destroyed, if it was
   * still being written. Default: `console.error`, and a plain page with status 500.
   */
  readonly onError?: ((error: Error, request: Req, response: Res) => unknown) | undefined
}

/**
 * What `nodeSessions` returns. Its members use no `this`, so they can be destructured.
 *
 * @example
 * const { open, middleware, sessionOf } = nodeSessions(sessions)
 */
export interface NodeSessions<
  Data extends object = Record<string, unknown>,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
> {
  /**
   * Returns the session of a request. The response will carry its cookies, whichever call ends it.
   * The same request gives the same session. A session that is opened after the head was sent is
   * read-only. Rejects as `open` of the sessions does.
   */
  open(request: Req, response: Res): Promise<Session<Data>>
  /**
   * Sets `request.session` for the handlers that follow. If none of them accesses the session, the
   * response is not changed. `next` is called when the session is open, or with an error if it cannot
   * be opened, and again with an error if its cookies cannot be made.
   *
   * @throws SessionConfigError if `next` is not a function
   */
  middleware(request: Req, response: Res, next: (error?: Error) => unknown): void
  /**
   * Returns the session that the middleware has set, typed without a declaration.
   *
   * @throws SessionConfigError if the request has not passed the middleware, or its session could not
   * be opened
   */
  sessionOf(request: Req): Session<Data>
  /**
   * Answers a request to the path of the option `device`, and returns whether it was one. For use
   * with `open`; the middleware calls it itself.
   */
  device(request: Req, response: Res): Promise<boolean>
}

/**
 * Creates sessions for Node's requests and responses.
 *
 * The cookies are made when the head of the response is about to be sent (`writeHead`, `write`,
 * `end`, `flushHeaders`, a pipe). If making them is asynchronous, the head is held back, and all
 * later calls are queued behind it, in order; meanwhile `headersSent` and `writableEnded` have the
 * values that they would have without sessions. Later changes of the session throw
 * `SessionCommittedError`. Cookies that others set are kept; `Vary` and `Cache-Control` are set as
 * `commit` sets them.
 *
 * If the cookies cannot be made (`SessionTooLargeError`, `SessionDataError`), nothing of the
 * response is sent. A complete response is withdrawn with all header fields that were set since the
 * session was opened, except those that describe no content (`Vary`, CORS, security policies);
 * `next(error)` or `onError` may give another response, which carries the cookies if they can be
 * made then. If that takes more than five seconds to begin, or throws, a plain page with status 500
 * is sent. A response that was still being written is destroyed. To catch the error earlier, use
 * `await sessions.setCookies(session)`: it makes the same cookies.
 *
 * @throws SessionConfigError if an option is wrong
 * @example
 * const { middleware } = nodeSessions(sessions)
 * app.use(middleware)
 * app.get('/', ({ session }, response) => response.send(session.get('user')))
 */
export function nodeSessions<
  Data extends object,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
>(
  sessions: Sessions<Data>,
  options: NodeSessionsOptions<Req, Res> = {},
): NodeSessions<Data, Req, Res> {
  const internals = getInternals(sessions)
  const { property = 'session', onError = logAndAnswer } = ownProperties(options)
  const opened = createObjectSlot<Session<Data>>()
  assertOptions(property, onError)
  const defineSession = createRequestProperty(property)

  async function open(request: Req, response: Res): Promise<Session<Data>> {
    const session = await sessions.open(request)
    attachNodeSession(sessions, session, response, (thrown) =>
      reportError((error) => onError(error, request, response), thrown, response),
    )
    return session
  }

  function middleware(request: Req, response: Res, next: (error?: Error) => unknown): void {
    if (typeof next !== 'function') {
      refuse('next', next, 'a function')
    }
    void run(request, response, next)
  }

  /** Opens the session, and runs the handlers. Reports what they throw or reject with. */
  async function run(request: Req, response: Res, next: (error?: Error) => unknown): Promise<void> {
    const fail = (error: unknown) => reportError(next, error, response)
    try {
      if (internals.answerDevice !== undefined && (await device(request, response))) return
      const session = await internals.open(request)
      attachNodeSession(sessions, session, response, fail)
      opened.set(request, session)
      defineSession(request, session)
      await next()
    } catch (error) {
      fail(error)
    }
  }

  async function device(request: Req, response: Res): Promise<boolean> {
    return answerNodeDevice(internals, request, response)
  }

  function sessionOf(request: Req): Session<Data> {
    const session = opened.get(request)
    if (session !== undefined) return session
    throw new SessionConfigError(
      'request',
      'has not been through the middleware of these sessions, or could not be opened',
    )
  }

  return Object.freeze({ open, middleware, sessionOf, device })
}

function assertOptions(property: unknown, onError: unknown): void {
  if (typeof property !== 'string' || property === '') {
    refuse('property', property, 'a name')
  }
  if (typeof onError !== 'function') {
    refuse('onError', onError, 'a function')
  }
}

function logAndAnswer(error: Error, _request: NodeRequest, response: NodeResponse): void {
  answerPlainly(response, error)
}
