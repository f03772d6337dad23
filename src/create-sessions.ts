// `createSessions`: the members an application calls, over the pipeline of incoming.ts and
// outgoing.ts, and the promises about calling them: once a request, once a commit.

import { copyOf, isEmpty, writeContents } from './session/contents.ts'
import { cookieHeader, parseRequestCookies } from './cookies/request-cookies.ts'
import type { CookieSource, RequestCookies } from './cookies/request-cookies.ts'
import { SessionCommittedError, SessionConfigError } from './errors.ts'
import { openCookies, openToken } from './open.ts'
import type { SessionEvent } from './events.ts'
import { ownProperties } from './validate.ts'
import { createKeyRing, dayOf } from './token/key-ring.ts'
import type { KeyRing } from './token/key-ring.ts'
import { createObjectSlot } from './http/object-slot.ts'
import { resolveOptions } from './options.ts'
import type { SessionOptions, ResolvedOptions } from './options.ts'
import { measure, writeLines, writeToken } from './commit.ts'
import { createProvidedKeyRing } from './token/secrets-provider.ts'
import { attachCookies } from './http/response.ts'
import { nodeKeys } from './token/jwe-node.ts'
import { makeJoseKey } from './token/jwe.ts'
import { assertStorable } from './data/serialize.ts'
import { Session, isValid, createState } from './session/session.ts'
import type {
  ValidSession,
  SessionRuntime,
  RejectedSession,
  SessionState,
} from './session/session.ts'
import type { SizeReport } from './size/report.ts'

/** A fetch-style handler that is given the session beside the request. */
export type SessionHandler<Data extends object, Rest extends readonly unknown[]> = (
  request: Request,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * The name under which the adapters for other transports open a session that nobody has looked at
 * yet. No public name leads here.
 */
export const peek: unique symbol = Symbol('peek')

/** What `createSessions` makes. Its members may be taken apart: none of them needs `this`. */
export interface Sessions<Data extends object = Record<string, unknown>> {
  /**
   * The session of a request, or an empty one. The same object for the same `Request`, however often
   * it is asked for. Never rejects because of what a client sent: see `session.rejection`.
   *
   * @param source a `Request`, `Headers`, a `Cookie` header, `null`, a Node request or a Lambda event
   * @throws SessionConfigError if `source` is none of these
   */
  open(source: CookieSource): Promise<Session<Data>>
  /**
   * The response with what has to be written: nothing if nothing changed. May be repeated, with
   * another response too, and gives the same cookies. With a request, commits the session that was
   * opened from it, if one was.
   *
   * @throws SessionTooLargeError if the session does not fit `limits`; no header is set
   * @throws SessionDataError if a value cannot be stored; no header is set
   * @throws SessionCommittedError if a value was changed in place after an earlier commit
   * @throws SessionError `ERR_SESSION_RESPONSE` if the response cannot carry cookies
   */
  commit(sessionOrRequest: Session<Data> | Request, response: Response): Promise<Response>
  /** The `Set-Cookie` lines of a commit, for transports without `Response`. Throws as it does. */
  setCookies(session: Session<Data>): Promise<string[]>
  /**
   * A fetch handler around one that is also given the session. Commits what it returns, and a
   * `Response` that it throws likewise; any other error goes on untouched. A session that the handler
   * does not look at costs the response nothing.
   */
  wrap<Rest extends readonly unknown[]>(
    handler: SessionHandler<Data, Rest>,
  ): (request: Request, ...rest: Rest) => Promise<Response>
  /**
   * The session as a bare token, for clients that keep no cookies: the empty string if it is empty.
   * No such token is accepted as a cookie, and no cookie as a token. Throws as `commit` does.
   */
  seal(session: Session<Data>): Promise<string>
  /** The session of a bare token; an empty one without. Never rejects because of the token. */
  unseal(token: string | null | undefined): Promise<Session<Data>>
  /** What the session would take if it were written now, against the limits. Writes nothing. */
  measure(session: Session<Data>): Promise<SizeReport>
  /** @internal `open`, without counting as use. */
  readonly [peek]: (source: CookieSource) => Promise<Session<Data>>
}

const NO_COOKIES: RequestCookies = { parts: [], logouts: 0, otherBytes: 0 }

/**
 * Sessions that live in cookies, and nowhere else.
 *
 * @throws SessionConfigError if an option is wrong, naming it and what to write instead
 */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionOptions<Data>,
): Sessions<Data> {
  const settings = resolveOptions(options)
  const { revoked } = ownProperties(options)
  const { cookie, lifetime, serializer, observe, now } = settings
  const ring = ringOf(settings)
  const environment = {
    lifetime,
    now,
    check: serializer === undefined ? assertStorable : undefined,
  }
  const askRevoked = revoked && vetoBy(revoked, environment)
  const context = { ...settings, ring, askRevoked, unrenewed: new Set<string>() }
  const opened = createObjectSlot<Promise<Session<Data>>>()

  async function open(source: CookieSource): Promise<Session<Data>> {
    const session = await openOnce(source)
    stateBehind(session).used = true
    return session
  }

  function openOnce(source: CookieSource): Promise<Session<Data>> {
    // Headers are a value that may be refilled; a request, whatever its kind, is asked once.
    if (typeof source !== 'object' || source === null || source instanceof Headers) {
      return openHeader(cookieHeader(source))
    }
    const known = opened.get(source)
    if (known !== undefined) return known
    const opening = openHeader(cookieHeader(source), source)
    opened.set(source, opening)
    return opening
  }

  async function openHeader(header: string, source?: object): Promise<Session<Data>> {
    const jar = parseRequestCookies(header, cookie.name)
    try {
      const { result, logouts } = await openCookies(jar, context)
      return sessionOf(jar, result, logouts)
    } catch (error) {
      // What failed was no client's doing, and may work the next time.
      if (source !== undefined) opened.delete(source)
      throw error
    }
  }

  async function unseal(token: string | null | undefined): Promise<Session<Data>> {
    const result = token ? await openToken(token, 'token', 0, context) : undefined
    return sessionOf(NO_COOKIES, result)
  }

  async function setCookies(session: Session<Data>): Promise<string[]> {
    return [...(await linesOf(stateBehind(session)))]
  }

  async function seal(session: Session<Data>): Promise<string> {
    return writeToken(stateBehind(session), context)
  }

  async function measureSession(session: Session<Data>): Promise<SizeReport> {
    const key = await ring.sealing('cookie', dayOf(now()), now())
    return measure(stateBehind(session), key, context)
  }

  async function commit(
    sessionOrRequest: Session<Data> | Request,
    response: Response,
  ): Promise<Response> {
    const isRequest = !(sessionOrRequest instanceof Session) && 'headers' in sessionOrRequest
    const session = isRequest ? await opened.get(sessionOrRequest) : sessionOrRequest
    if (session === undefined) return response
    const state = stateBehind(session)
    const lines = await linesOf(state)
    return state.used ? attachCookies(response, lines) : response
  }

  function wrap<Rest extends readonly unknown[]>(
    handler: SessionHandler<Data, Rest>,
  ): (request: Request, ...rest: Rest) => Promise<Response> {
    return async (request, ...rest) => {
      const session = await openOnce(request)
      let response: Response
      try {
        response = await handler(request, session, ...rest)
      } catch (thrown) {
        if (!(thrown instanceof Response)) throw thrown
        response = thrown
      }
      return await commit(session, response)
    }
  }

  /** The lines of a session's response, made once. */
  async function linesOf(state: SessionState): Promise<readonly string[]> {
    if (!state.used) return []
    if (state.writing !== undefined) {
      const lines = await state.writing
      refuseLateChange(state)
      return lines
    }
    state.committed = true
    try {
      state.writing = writeLines(state, context)
      return await state.writing
    } catch (error) {
      // Nothing went out: the application may make the session smaller and try again.
      state.writing = undefined
      state.committed = false
      throw error
    }
  }

  /** Only what was changed in place can have got past the session's own methods. */
  function refuseLateChange({ exposed, contents, text }: SessionState): void {
    // An empty session holds nothing that could have been changed, and has no text.
    if (!exposed || isEmpty(contents)) return
    if (writeContents(contents, serializer) !== text) throw new SessionCommittedError()
  }

  function sessionOf(
    jar: RequestCookies,
    result: ValidSession | RejectedSession | undefined,
    logouts?: number,
  ): Session<Data> {
    if (result !== undefined) observe(eventOf(result, now()))
    return new Session<Data>(createState(environment, jar, result, logouts))
  }

  function stateBehind(session: Session<Data>): SessionState {
    const state = session instanceof Session ? Session.stateOf(session) : undefined
    if (state?.environment === environment) return state
    throw new SessionConfigError('session', 'must be one that these sessions have opened')
  }

  return Object.freeze({
    open,
    commit,
    setCookies,
    wrap,
    seal,
    unseal,
    measure: measureSession,
    [peek]: openOnce,
  })
}

function ringOf({
  secrets,
  secretsRefresh: refresh,
  cookie,
  lifetime,
  now,
  observe,
}: ResolvedOptions): KeyRing {
  const { name } = cookie
  const makeKey = nodeKeys() ?? makeJoseKey
  if (typeof secrets !== 'function') return createKeyRing(secrets, name, lifetime.maxAge, makeKey)
  const given = { name, lifetime: lifetime.maxAge, makeKey, refresh, now, observe }
  return createProvidedKeyRing(secrets, given)
}

/** Asks `revoked`. Fails closed: a session that cannot be asked about is revoked. */
function vetoBy<Data extends object>(
  revoked: NonNullable<SessionOptions<Data>['revoked']>,
  environment: SessionRuntime,
): (accepted: ValidSession) => Promise<RejectedSession | undefined> {
  return async (accepted) => {
    try {
      // A session of its own: looking at it is not the handler's use, nor is changing it.
      const copy = createState(environment, NO_COOKIES, {
        ...accepted,
        contents: copyOf(accepted.contents),
      })
      const answer: unknown = await revoked(new Session<Data>(copy))
      return answer === false ? undefined : { reason: 'revoked' }
    } catch (error) {
      return { reason: 'revoked', error }
    }
  }
}

function eventOf(result: ValidSession | RejectedSession, now: number): SessionEvent {
  if (!isValid(result)) return { type: 'rejected', ...result }
  const { claims, secretId } = result
  return { type: 'opened', id: claims.id, secretId, age: now - claims.sealedAt }
}
