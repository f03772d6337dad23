// `createSessions`: the members that an application calls, over the pipeline of open.ts and commit.ts.

import { sealToken } from './commit.ts'
import { commitOnce, isLoss, saveCookies } from './commit-once.ts'
import { roleOf } from './cookies/cookie-names.ts'
import { assertCookieSink } from './cookies/cookie-store.ts'
import type { CookieSink } from './cookies/cookie-store.ts'
import { formatSetCookies } from './cookies/set-cookie.ts'
import type { CookieWrite } from './cookies/set-cookie.ts'
import type { CookieSource } from './cookies/source.ts'
import { SessionConfigError, SessionError } from './errors.ts'
import { attachCookies, isResponse } from './http/response.ts'
import type { SessionOptions } from './options.ts'
import { setInternals } from './internals.ts'
import { createOpener } from './open-once.ts'
import type { Opener } from './open-once.ts'
import { createPipeline } from './pipeline/pipeline.ts'
import { recheckNow } from './pipeline/recheck.ts'
import { measure } from './pipeline/session-size.ts'
import { Session, getState } from './session/session.ts'
import { access, carriedClaims } from './session/state.ts'
import type { SessionRejection, SessionState } from './session/state.ts'
import type { SessionHandler, Sessions } from './sessions.ts'
import type { SizeReport } from './size/report.ts'
import { dayOf } from './token/day.ts'
import type { Purpose } from './token/key-ring.ts'
import { describe, isThenable, refuse } from './validate.ts'

/** Node derives no key from a context of more than 1 024 bytes; the cookie's name takes up to 64. */
const MAX_PURPOSE = 256

/**
 * Creates sessions that live in cookies, and nowhere else. All options are checked here, once.
 *
 * @throws SessionConfigError if an option is wrong, naming it and what to write instead
 * @example
 * const sessions = createSessions<{ visits: number }>({ secrets: process.env.SESSION_SECRETS })
 * export default {
 *   fetch: sessions.wrap((request, session) => {
 *     session.set('visits', session.get('visits', 0) + 1)
 *     return Response.json({ visits: session.get('visits') })
 *   }),
 * }
 */
// @__NO_SIDE_EFFECTS__
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionOptions<Data>,
): Sessions<Data> {
  const pipeline = createPipeline(options)
  const { cookie, observe, now, ring } = pipeline
  const opener: Opener<Data> = createOpener(pipeline)

  async function open(source: CookieSource): Promise<Session<Data>> {
    const opening = opener.open(source)
    const session = opening instanceof Session ? opening : await opening
    access(requireState(session))
    return session
  }

  async function setCookies(session: Session<Data>): Promise<string[]> {
    return formatSetCookies(await commitOnce(requireState(session), pipeline), cookie)
  }

  async function save(session: Session<Data>, store: CookieSink): Promise<void> {
    const state = requireState(session)
    assertCookieSink(store)
    await saveCookies(state, store, pipeline)
  }

  async function seal(session: Session<Data>, purpose?: string): Promise<string> {
    return sealToken(access(requireState(session)), tokenPurpose(purpose), pipeline)
  }

  async function unseal(
    token: string | null | undefined,
    purpose?: string,
  ): Promise<Session<Data>> {
    return opener.unseal(token, tokenPurpose(purpose))
  }

  async function verify(session: Session<Data>): Promise<SessionRejection | undefined> {
    const state = requireState(session)
    // What came was refused; what began since is checked like any other session.
    const claims = carriedClaims(state)
    if (claims === undefined) return state.rejection
    const refused = await recheckNow(state, claims, pipeline)
    if (refused === undefined) return undefined
    observe({ type: 'rejected', ...refused })
    return { reason: refused.reason }
  }

  async function measureSession(session: Session<Data>): Promise<SizeReport> {
    const state = access(requireState(session))
    return measure(state, await ring.sealing('cookie', dayOf(now()), now()), pipeline)
  }

  async function commit(
    sessionOrRequest: Session<Data> | Request,
    response: Response,
  ): Promise<Response> {
    assertCommitArguments(sessionOrRequest, response)
    const session =
      getState(sessionOrRequest) === undefined
        ? await opener.remembered(sessionOrRequest)
        : sessionOrRequest
    if (session === undefined) return response
    const state = requireState(session)
    return attach(state, await commitOnce(state, pipeline), response)
  }

  function attach(
    state: SessionState,
    writes: readonly CookieWrite[],
    response: Response,
  ): Response {
    if (!state.accessed) return response
    const lines = formatSetCookies(writes, cookie)
    try {
      return attachCookies(response, lines, isOwnCookie, reportOverwrite, state.registration)
    } catch (error) {
      // A WebSocket must open whether or not a ticket is due.
      if (isLoss(writes, state, pipeline)) throw error
      return attachCookies(response, [], isOwnCookie)
    }
  }

  function wrap<Req extends Request = Request, Rest extends readonly unknown[] = []>(
    handler: SessionHandler<Data, Rest, Req>,
  ): (request: Req, ...rest: Rest) => Promise<Response> {
    assertHandler(handler)
    return async (request, ...rest) => {
      const answering = pipeline.device?.respond(request)
      if (answering !== undefined) return answering
      const opening = opener.open(request)
      const session = opening instanceof Session ? opening : await opening
      const state = requireState(session)
      state.handlers++
      try {
        // Awaits promises alone: most sessions are written without one, and many handlers are synchronous.
        const running = runHandler(handler, request, session, rest)
        const response = isThenable(running) ? await settledResponse(running) : running
        const writing = commitOnce(state, pipeline)
        return attach(state, isThenable(writing) ? await writing : writing, response)
      } finally {
        state.handlers--
        // What a stream that is still running would change could not be written any more.
        if (!state.accessed && state.handlers === 0) state.committed = true
      }
    }
  }

  async function device(request: Request): Promise<Response | undefined> {
    return pipeline.device?.respond(request)
  }

  function requireState(session: unknown): SessionState {
    const state = getState(session)
    if (state?.runtime === pipeline.runtime) return state
    throw new SessionConfigError(
      'session',
      `is ${state === undefined ? describe(session) : 'of other sessions'} and must be a session that these sessions have opened`,
    )
  }

  function reportOverwrite(): void {
    observe({ type: 'warning', cause: 'overwritten' })
  }

  function isOwnCookie(name: string): boolean {
    return roleOf(name, cookie.name) !== undefined
  }

  const sessions = Object.freeze({
    open,
    commit,
    setCookies,
    save,
    wrap,
    seal,
    unseal,
    verify,
    measure: measureSession,
    device,
  })
  const openUnused = (source: CookieSource) => opener.open(source)
  const answerDevice = pipeline.device?.answer
  setInternals(sessions, { open: openUnused, isOwnCookie, reportOverwrite, answerDevice, pipeline })
  return sessions
}

/** Runs a handler. A `Response` that it throws counts as one that it returns. */
function runHandler<Data extends object, Rest extends readonly unknown[], Req extends Request>(
  handler: SessionHandler<Data, Rest, Req>,
  request: Req,
  session: Session<Data>,
  rest: Rest,
): Response | Promise<Response> {
  try {
    return handler(request, session, ...rest)
  } catch (thrown) {
    return thrownResponse(thrown)
  }
}

async function settledResponse(running: Promise<Response>): Promise<Response> {
  try {
    return await running
  } catch (thrown) {
    return thrownResponse(thrown)
  }
}

function thrownResponse(thrown: unknown): Response {
  if (isResponse(thrown)) return thrown
  throw thrown
}

function assertHandler(handler: unknown): void {
  if (typeof handler === 'function') return
  refuse('handler', handler, 'a function (request, session) => Response')
}

function assertCommitArguments(sessionOrRequest: unknown, response: unknown): void {
  if (isResponse(sessionOrRequest)) {
    throw new SessionConfigError('commit', 'was given a Response: write commit(session, response)')
  }
  if (isResponse(response)) return
  throw new SessionError(
    'ERR_SESSION_RESPONSE',
    `commit was given ${describe(response)} and needs a Response: write commit(session, response)`,
  )
}

/**
 * Returns the purpose of a bare token.
 *
 * @throws SessionConfigError if the application's text is none
 */
function tokenPurpose(text: unknown): Purpose {
  if (text === undefined) return 'token'
  const fits = typeof text === 'string' && text !== '' && text.length <= MAX_PURPOSE
  if (fits && text.isWellFormed()) return `token ${text}`
  return refuse('purpose', text, `a string of 1 to ${MAX_PURPOSE} characters`)
}
