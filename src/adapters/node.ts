// `sealed-session/node`: the same sessions for `(request, response)`: Node's `http` and `https`, the
// compatibility API of `http2`, Express, Connect and Fastify. Nothing of Node is imported.

import { SessionConfigError, SessionError } from '../errors.ts'
import { ownProperties, describe } from '../validate.ts'
import { attachSession } from './deferred-head.ts'
import type { NodeResponse } from './deferred-head.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import { Session } from '../session/session.ts'
import { peek } from '../create-sessions.ts'
import type { Sessions } from '../create-sessions.ts'

export type { NodeResponse } from './deferred-head.ts'

/** What is needed of a request: `http.IncomingMessage` and `Http2ServerRequest` have it. */
export interface NodeRequest {
  readonly headers: { readonly cookie?: string | undefined }
}

/**
 * A request that has been through the middleware, for an application to apply in a declaration of its
 * own, here for Express:
 *
 *     declare global {
 *       namespace Express {
 *         interface Request extends WithSession<Data> {}
 *       }
 *     }
 *
 * Without one, `sessionOf(request)` is as well typed.
 */
export type WithSession<
  Data extends object = Record<string, unknown>,
  Property extends string = 'session',
> = { readonly [P in Property]: Session<Data> }

/** What `nodeSessions` may be told. */
export interface NodeSessionsOptions<
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
> {
  /** Where the middleware puts the session: a second one needs another name. Default `session`. */
  readonly property?: string | undefined
  /**
   * Told when the cookies of a session got with `open` cannot be made, as the middleware's `next` is:
   * `response` is as new, with status 500, and waits for an answer; or, if it was still being written,
   * is destroyed. Default: `console.error`, and a plain page with status 500.
   */
  readonly onError?: ((error: Error, request: Req, response: Res) => void) | undefined
}

/** What `nodeSessions` makes. Its members may be taken apart: none of them needs `this`. */
export interface NodeSessions<
  Data extends object = Record<string, unknown>,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
> {
  /**
   * The session of a request, whose cookies the response will carry, whoever ends it and however. The
   * same one for the same request. Opened after the head has gone, it can be read and not changed.
   */
  open(request: Req, response: Res): Promise<Session<Data>>
  /**
   * Sets `request.session`, for the handlers that follow; a response to a request whose session none
   * of them looks at is left as it is. `next` is called once it is open, and once more with an error
   * if its cookies cannot be made.
   */
  middleware(request: Req, response: Res, next: (error?: Error) => void): void
  /**
   * The session that the middleware has set, typed without a declaration.
   *
   * @throws SessionConfigError if the middleware has not seen this request
   */
  sessionOf(request: Req): Session<Data>
}

/**
 * Sessions for Node's requests and responses.
 *
 * The cookies are made when the head of the response is about to go (`writeHead`, `write`, `end`,
 * `flushHeaders`, a pipe). It is held back until they are there, and all that is called meanwhile
 * waits behind it, in order; `headersSent` and `writableEnded` say at once what they would say without
 * this. From then on a change of the session is a `SessionCommittedError`. Cookies that others set are
 * kept; `Vary` and `Cache-Control` are set as `commit` sets them.
 *
 * If the cookies cannot be made (`SessionTooLargeError`, `SessionDataError`), nothing of the response
 * goes: a complete one is withdrawn, and `next(error)` or `onError` may give another, which goes with
 * the session's cookies if they can be made then, and without them if not. One that is still being
 * written is destroyed, as Express does with errors that come so late. To learn of it earlier, where
 * it can be caught, `await sessions.setCookies(session)` first: it makes the same cookies.
 *
 * @throws SessionConfigError if an option is wrong
 */
export function nodeSessions<
  Data extends object,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
>(
  sessions: Sessions<Data>,
  options: NodeSessionsOptions<Req, Res> = {},
): NodeSessions<Data, Req, Res> {
  const { property = 'session', onError = answer } = ownProperties(options)
  const known = createObjectSlot<Session<Data>>()
  refuseWrong(property, onError)

  async function open(request: Req, response: Res): Promise<Session<Data>> {
    const session = await sessions.open(request)
    attach(session, response, (error) => onError(error, request, response))
    return session
  }

  function middleware(request: Req, response: Res, next: (error?: Error) => void): void {
    sessions[peek](request).then(
      (session) => {
        attach(session, response, next)
        known.set(request, session)
        // Not to be seen by whoever prints a request: `toJSON` would give its data.
        const value = ownProperties({ value: session, writable: true, configurable: true })
        Object.defineProperty(request, property, value)
        next()
      },
      (error: unknown) => next(errorOf(error)),
    )
  }

  function sessionOf(request: Req): Session<Data> {
    const session = known.get(request)
    if (session !== undefined) return session
    throw new SessionConfigError('request', 'has not been through the middleware of these sessions')
  }

  function attach(session: Session<Data>, response: Res, report: (error: Error) => void): void {
    const state = Session.stateOf(session)
    attachSession(response, sessions, {
      isUsed: () => state.used,
      lines: () => sessions.setCookies(session),
      close: (closed) => void (state.committed = closed),
      fail: (error) => report(errorOf(error)),
    })
  }

  return Object.freeze({ open, middleware, sessionOf })
}

function refuseWrong(property: unknown, onError: unknown): void {
  if (typeof property !== 'string' || property === '') {
    throw new SessionConfigError('property', `is ${describe(property)} and must be a name`)
  }
  if (typeof onError !== 'function') {
    throw new SessionConfigError('onError', `must be a function, not ${describe(onError)}`)
  }
}

/** What frameworks do with an error that nobody handles. */
function answer(error: Error, _request: NodeRequest, response: NodeResponse): void {
  console.error(error)
  if (response.headersSent) return
  response.statusCode = 500
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end('Internal Server Error')
}

/** A serializer or an observer may throw anything. */
function errorOf(error: unknown): Error {
  if (error instanceof Error) return error
  const message = 'the cookies of the session could not be made'
  return new SessionError('ERR_SESSION_RESPONSE', message, { cause: error })
}
