// `createSessions`: the members an application calls, over the pipeline of incoming.ts and
// outgoing.ts, and the promises about calling them: once a request, once a commit.

import { copyOf, isEmpty, writeContents } from './contents.ts'
import { cookieHeader, readCookies } from './cookies.ts'
import type { CookieSource, Jar } from './cookies.ts'
import { SessionCommittedError, SessionConfigError } from './errors.ts'
import { acceptJar, acceptToken } from './incoming.ts'
import type { SessionEvent } from './events.ts'
import { ownOf } from './guards.ts'
import { createRing, dayOf } from './keys.ts'
import type { Ring } from './keys.ts'
import { createMemo } from './memo.ts'
import { resolve } from './options.ts'
import type { SessionOptions, Settings } from './options.ts'
import { measure, writeLines, writeToken } from './outgoing.ts'
import { createProvidedRing } from './provider.ts'
import { carry } from './response.ts'
import { nodeKeys } from './seal-node.ts'
import { makeJoseKey } from './seal.ts'
import { checkEntry } from './serialize.ts'
import { Session, isAccepted, stateOf } from './session.ts'
import type { Accepted, Environment, Refused, State } from './session.ts'
import type { SizeReport } from './size.ts'

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

const NO_COOKIES: Jar = { parts: [], logouts: 0, otherBytes: 0 }

/**
 * Sessions that live in cookies, and nowhere else.
 *
 * @throws SessionConfigError if an option is wrong, naming it and what to write instead
 */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionOptions<Data>,
): Sessions<Data> {
  const settings = resolve(options)
  const { revoked } = ownOf(options)
  const { cookie, lifetime, serializer, observe, now } = settings
  const ring = ringOf(settings)
  const environment = { lifetime, now, check: serializer === undefined ? checkEntry : undefined }
  const askRevoked = revoked && vetoBy(revoked, environment)
  const context = { ...settings, ring, askRevoked, unrenewed: new Set<string>() }
  const opened = createMemo<Promise<Session<Data>>>()

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
    const jar = readCookies(header, cookie.name)
    try {
      const { result, logouts } = await acceptJar(jar, context)
      return sessionOf(jar, result, logouts)
    } catch (error) {
      // What failed was no client's doing, and may work the next time.
      if (source !== undefined) opened.delete(source)
      throw error
    }
  }

  async function unseal(token: string | null | undefined): Promise<Session<Data>> {
    const result = token ? await acceptToken(token, 'token', 0, context) : undefined
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
    return state.used ? carry(response, lines) : response
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
  async function linesOf(state: State): Promise<readonly string[]> {
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
  function refuseLateChange({ exposed, contents, text }: State): void {
    // An empty session holds nothing that could have been changed, and has no text.
    if (!exposed || isEmpty(contents)) return
    if (writeContents(contents, serializer) !== text) throw new SessionCommittedError()
  }

  function sessionOf(
    jar: Jar,
    result: Accepted | Refused | undefined,
    logouts?: number,
  ): Session<Data> {
    if (result !== undefined) observe(eventOf(result, now()))
    return new Session<Data>(stateOf(environment, jar, result, logouts))
  }

  function stateBehind(session: Session<Data>): State {
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
}: Settings): Ring {
  const { name } = cookie
  const makeKey = nodeKeys() ?? makeJoseKey
  if (typeof secrets !== 'function') return createRing(secrets, name, lifetime.maxAge, makeKey)
  const given = { name, lifetime: lifetime.maxAge, makeKey, refresh, now, observe }
  return createProvidedRing(secrets, given)
}

/** Asks `revoked`. Fails closed: a session that cannot be asked about is revoked. */
function vetoBy<Data extends object>(
  revoked: NonNullable<SessionOptions<Data>['revoked']>,
  environment: Environment,
): (accepted: Accepted) => Promise<Refused | undefined> {
  return async (accepted) => {
    try {
      // A session of its own: looking at it is not the handler's use, nor is changing it.
      const copy = stateOf(environment, NO_COOKIES, {
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

function eventOf(result: Accepted | Refused, now: number): SessionEvent {
  if (!isAccepted(result)) return { type: 'rejected', ...result }
  const { claims, secretId } = result
  return { type: 'opened', id: claims.id, secretId, age: now - claims.sealedAt }
}
