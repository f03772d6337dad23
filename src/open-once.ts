// Opens sessions, and remembers which was opened from which request.

import {
  NO_COOKIES,
  collectRequestCookies,
  parseRequestCookies,
} from './cookies/request-cookies.ts'
import type { RequestCookies } from './cookies/request-cookies.ts'
import { isRequest, readCookies } from './cookies/source.ts'
import type { CookieSource, SourceCookies } from './cookies/source.ts'
import { SessionConfigError } from './errors.ts'
import { createObjectSlot } from './http/object-slot.ts'
import { openCookies, openToken } from './open.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { isValid } from './session/opened.ts'
import type { RejectedSession, ValidSession } from './session/opened.ts'
import { Session } from './session/session.ts'
import { createState } from './session/state.ts'
import { andThen, run } from './steps.ts'
import type { Purpose } from './token/key-ring.ts'
import { isThenable, refuse } from './validate.ts'

/** Opens sessions. None of its members counts as use of the session, or returns a promise needlessly. */
export interface Opener<Data extends object> {
  /** Returns the session of a source: the same for the same request. */
  open(source: CookieSource): Session<Data> | Promise<Session<Data>>
  /** Returns the session that was opened from a request before, or `undefined`. */
  remembered(request: unknown): Session<Data> | Promise<Session<Data>> | undefined
  /** Returns the session of a bare token. */
  unseal(token: unknown, purpose: Purpose): Session<Data> | Promise<Session<Data>>
}

/** A session and the header that it was opened from: a server may reuse its request objects. */
interface Opened<Data extends object> {
  readonly header: string | undefined
  readonly session: Session<Data> | Promise<Session<Data>>
}

/** Returns what opens sessions with these options. */
export function createOpener<Data extends object>(pipeline: Pipeline): Opener<Data> {
  const { cookie, runtime, observe, now } = pipeline
  const opened = createObjectSlot<Opened<Data>>()

  function open(source: CookieSource): Session<Data> | Promise<Session<Data>> {
    pipeline.check()
    if (runtime.isAsking) throw new SessionConfigError('revoked', 'must not open a session')
    if (!isRequest(source)) return openSource(readCookies(source))
    const known = opened.get(source)
    // A cookie store has no header, and is read once.
    if (known !== undefined && known.header === undefined) return known.session
    const cookies = readCookies(source)
    const header = typeof cookies === 'string' ? cookies : undefined
    if (known !== undefined && known.header === header) return known.session
    return openRequest(source, cookies, header)
  }

  function openRequest(
    request: object,
    cookies: SourceCookies | Promise<SourceCookies>,
    header: string | undefined,
  ): Session<Data> | Promise<Session<Data>> {
    const remember = (session: Opened<Data>['session']) => opened.set(request, { header, session })
    try {
      const session = openSource(cookies, request, remember)
      if (session instanceof Session) return session
      remember(session)
      return forgetFailure(request, session)
    } catch (error) {
      opened.delete(request)
      throw error
    }
  }

  /** Forgets a session that could not be opened: no client causes that, so the next try may work. */
  async function forgetFailure(
    request: object,
    session: Promise<Session<Data>>,
  ): Promise<Session<Data>> {
    try {
      return await session
    } catch (error) {
      opened.delete(request)
      throw error
    }
  }

  function openSource(
    source: SourceCookies | Promise<SourceCookies>,
    request?: object,
    remember?: (session: Session<Data>) => void,
  ): Session<Data> | Promise<Session<Data>> {
    if (isThenable(source)) return source.then((read) => openSource(read, request, remember))
    const cookies =
      typeof source === 'string'
        ? parseRequestCookies(source, cookie.name)
        : collectRequestCookies(source, cookie.name)
    if (cookies.parts.length === 0) return createSession(undefined, cookies, remember, request)
    return andThen(run(openCookies(cookies, pipeline)), (result) =>
      createSession(result, cookies, remember),
    )
  }

  function unseal(token: unknown, purpose: Purpose): Session<Data> | Promise<Session<Data>> {
    if (token === undefined || token === null || token === '') return createSession(undefined)
    if (typeof token !== 'string') return createSession({ reason: 'malformed' })
    return andThen(run(openToken(token, purpose, pipeline)), (result) => createSession(result))
  }

  function remembered(request: unknown): Session<Data> | Promise<Session<Data>> | undefined {
    if (isRequest(request)) return opened.get(request)?.session
    return refuse('session', request, 'a session or a request that these sessions have opened')
  }

  function createSession(
    result: ValidSession | RejectedSession | undefined,
    cookies: RequestCookies = NO_COOKIES,
    remember?: (session: Session<Data>) => void,
    request?: object,
  ): Session<Data> {
    const state = createState(runtime, result, cookies)
    state.source = request
    const session = new Session<Data>(state)
    // Before the observer is called, which may ask for the session of the same request.
    remember?.(session)
    if (result !== undefined) observeOpening(result)
    return session
  }

  function observeOpening(result: ValidSession | RejectedSession): void {
    if (!isValid(result)) {
      observe({ type: 'rejected', ...result })
      return
    }
    const { claims, secretId } = result
    observe({ type: 'opened', id: claims.id, secretId, age: now() - claims.sealedAt })
  }

  return { open, remembered, unseal }
}
