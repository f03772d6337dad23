// What `createSessions` returns, as the application sees it.

import type { CookieSink } from './cookies/cookie-store.ts'
import type { CookieSource } from './cookies/source.ts'
import type { SessionRejection } from './session/state.ts'
import type { Session } from './session/session.ts'
import type { SizeReport } from './size/report.ts'

/**
 * A fetch-style handler that is given the session beside the request.
 *
 * @example
 * const hello: SessionHandler<{ user: string }> = (request, session) =>
 *   new Response(`Hello ${session.get('user', 'you')}`)
 */
export type SessionHandler<
  Data extends object = Record<string, unknown>,
  Rest extends readonly unknown[] = [],
  Req extends Request = Request,
> = (request: Req, session: Session<Data>, ...rest: Rest) => Response | Promise<Response>

/**
 * Returned by `createSessions`. Its members need no `this`, so they may be taken apart.
 *
 * @example
 * const { wrap, open, commit } = createSessions({ secrets: process.env.SESSION_SECRETS })
 */
export interface Sessions<Data extends object = Record<string, unknown>> {
  /**
   * Returns the session of a request, or an empty one: the same object for the same request or cookie
   * store, however often it is called. Never rejects because of what a client sent: see
   * `session.rejection`.
   *
   * @param source a `Request`, `Headers`, a `Cookie` header, a cookie store, `null`, a Node request or
   * a Lambda event
   * @throws SessionConfigError if `source` is none of these, or if the `secrets` function fails and there
   * are no good secrets
   * @throws SessionError `ERR_SESSION_STORE` if the store of `overflow` fails
   */
  open(source: CookieSource): Promise<Session<Data>>
  /**
   * Returns the response with what has to be written: the given one if nothing has to be, else a new
   * one with the same body. May be repeated, with another response too, and gives the same cookies.
   * Given a request, commits the session that was opened from it, if one was.
   *
   * @throws SessionTooLargeError if the session does not fit `limits`; nothing is written
   * @throws SessionDataError if a value cannot be stored; nothing is written
   * @throws SessionCommittedError if a value was changed in place after an earlier commit
   * @throws SessionConfigError if an argument is wrong
   * @throws SessionError `ERR_SESSION_RESPONSE` if the response cannot carry cookies;
   * `ERR_SESSION_STORE` if the store of `overflow` fails, and nothing is written
   */
  commit(sessionOrRequest: Session<Data> | Request, response: Response): Promise<Response>
  /** Returns the `Set-Cookie` lines of a commit, for transports without `Response`. Throws as it does. */
  setCookies(session: Session<Data>): Promise<string[]>
  /**
   * Writes the cookies of a commit into a cookie store, or with a function. May be repeated after
   * further changes. Where the store cannot be written, a session that was only read is left as it is.
   *
   * @throws SessionConfigError if `store` cannot receive cookies; what the store throws, if the session was
   * changed; and as `commit` does
   */
  save(session: Session<Data>, store: CookieSink): Promise<void>
  /**
   * Returns a fetch handler around one that is also given the session. Commits what it returns, and a
   * `Response` that it throws; any other error is passed on, and nothing is written. A handler that
   * does not use the session leaves the response as it is.
   *
   * @throws SessionConfigError if `handler` is not a function. The returned function rejects as `open` and
   * `commit` do
   */
  wrap<Req extends Request = Request, Rest extends readonly unknown[] = []>(
    handler: SessionHandler<Data, Rest, Req>,
  ): (request: Req, ...rest: Rest) => Promise<Response>
  /**
   * Returns the session as a bare token, for clients that keep no cookies: the empty string if it is
   * empty. No such token is accepted as a cookie, and no cookie as a token. It has no ticket: use does not
   * move its end, and `idleTimeout` counts from the call.
   *
   * @param purpose what the token is for, in 1 to 256 characters: it opens for the same purpose alone.
   * Default: none
   * @throws SessionTooLargeError if it has more than 65 536 characters, those of 16 full cookies
   * @throws SessionDataError if a value cannot be stored
   * @throws SessionConfigError if an argument is wrong
   */
  seal(session: Session<Data>, purpose?: string): Promise<string>
  /**
   * Returns the session of a bare token; an empty one without. Never rejects because of the token.
   *
   * @param purpose what the token was sealed for
   * @throws SessionConfigError if `purpose` is not a string of 1 to 256 characters
   */
  unseal(token: string | null | undefined, purpose?: string): Promise<Session<Data>>
  /**
   * Asks again whether an open session is still valid: its times, its secret, `validAfter` and
   * `revoked`, and the proof of its device. For WebSockets and other long connections. Returns why not, or
   * `undefined`.
   *
   * @throws SessionConfigError if `session` is not one of these sessions
   */
  verify(session: Session<Data>): Promise<SessionRejection | undefined>
  /**
   * Answers the requests by which a browser registers its device and proves it, at the path of the option
   * `device`; `undefined` for every other request, and without the option. `wrap` and the adapters do
   * this themselves.
   */
  device(request: Request): Promise<Response | undefined>
  /**
   * Returns what the session would take if it were written now, beside the limits, in bytes. Writes nothing.
   *
   * @throws SessionDataError if a value cannot be stored
   * @throws SessionConfigError if `session` is not one of these sessions
   */
  measure(session: Session<Data>): Promise<SizeReport>
}
