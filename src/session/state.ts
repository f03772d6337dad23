// What a session records for the pipeline: what was received, what was changed, what is to end. It
// makes no token.

import { NO_COOKIES } from '../cookies/request-cookies.ts'
import type { RequestCookies } from '../cookies/request-cookies.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import { SessionCommittedError } from '../errors.ts'
import type { RejectionReason } from '../errors.ts'
import { createClaims, createStamp } from '../token/claims.ts'
import type { Claims, Lifetimes } from '../token/claims.ts'
import { createContents, isEmpty } from './contents.ts'
import type { Contents } from './contents.ts'
import { isValid, lapsedBinding } from './opened.ts'
import type { RejectedSession, ValidSession } from './opened.ts'
import type { Parcel } from './parcel.ts'

/**
 * Why the cookie or token that was received was not accepted.
 *
 * @example
 * if (session.rejection?.reason === 'expired') return Response.redirect(LOGIN)
 */
export interface SessionRejection {
  readonly reason: RejectionReason
}

/** What all sessions of one `createSessions` share. */
export interface SessionRuntime {
  readonly lifetimes: Lifetimes
  /** Returns whole seconds since 1970. */
  readonly now: () => number
  /** Whether sessions can be bound to a device: the option `device` is set. */
  readonly isBindable: boolean
  /** Whether `revoked` is being called, which would wait for itself if it opened the same request. */
  isAsking: boolean
  /** Throws for a value that cannot be stored, where `set` can tell. */
  readonly assertStorable: ((key: string, value: unknown, place?: string) => void) | undefined
  /** Returns the contents of a body anew. */
  readonly restore: (body: string) => Contents
  /** Called with each change of a session whose cookies no adapter is going to make. */
  readonly changed?: (state: SessionState) => void
  /** Called when a session is first read after its response, which does not say that it was. */
  readonly readLate?: () => void
}

/** What the token in a browser holds, and the secret that it was sealed under. */
export interface WrittenSession {
  readonly id: string
  /** The payload behind the times. */
  readonly body: string
  readonly secretId: string
  readonly parcel: Parcel | undefined
}

/** One session in one request. */
export interface SessionState {
  readonly runtime: SessionRuntime
  /** The cookies of the browser: those of the request, and what was saved into a cookie store since. */
  cookies: RequestCookies
  readonly rejection: SessionRejection | undefined
  /** The received session, if it was valid. */
  readonly received: ValidSession | undefined
  /** The binding whose ended ticket has to go, so that the browser proves itself; empty for none. */
  readonly lapsed: string
  /** The session as it is now: the one received, a new one, or none yet. */
  claims: Claims | undefined
  contents: Contents
  /** When the session was last used, as the browser will say with its next request. */
  usedAt: number
  /** What the session is bound to, and what begins after it in this request; empty for nothing. */
  binding: string
  /** When the device has proven itself; `undefined` if it has not. */
  provenAt: number | undefined
  /** The session was bound in this request, and the browser has to be asked for a key. */
  asksDevice: boolean
  /** The header field that asks, once the cookies are made. */
  registration: string | undefined
  /** What the browser has, or is about to get. */
  written: WrittenSession | undefined
  /** The logout stamps that a session which begins now is begun under. */
  stamps: string
  /** The stamp of a logout in this request. */
  logoutStamp: string | undefined
  /** The id before `regenerate` or `renewId`. */
  previousId: string | undefined
  /** The session began in this request. */
  isNew: boolean
  /** Some of what was received is still in the session: its identity or its data. */
  carriesReceived: boolean
  /** The test cookie was received: the browser keeps cookies. */
  testCookieReceived: boolean
  /** The application has read the session or changed it. */
  accessed: boolean
  /** An entry was set or deleted. */
  changed: boolean
  /** An object was handed out, and may be changed in place. */
  mayBeMutated: boolean
  touchRequested: boolean
  discarded: boolean
  /** The cookies have been made, or are being made. */
  committed: boolean
  /** The cookies, once they were asked for. */
  writing: readonly CookieWrite[] | Promise<readonly CookieWrite[]> | undefined
  /** How many wrapped handlers and responses are going to make its cookies. */
  handlers: number
  /** The request, if it had no cookie of the session. */
  source: object | undefined
}

/** Returns the state of a session as a request brought it, or of an empty one. */
export function createState(
  runtime: SessionRuntime,
  result?: ValidSession | RejectedSession,
  cookies: RequestCookies = NO_COOKIES,
): SessionState {
  const received = result !== undefined && isValid(result) ? result : undefined
  const rejected = result === undefined || isValid(result) ? undefined : result
  const contents = received?.contents ?? createContents()
  // One literal, because V8 copies what is spread into an object member by member.
  return {
    runtime,
    cookies,
    rejection: rejected && Object.freeze({ reason: rejected.reason }),
    received,
    lapsed: lapsedBinding(rejected),
    claims: received?.claims,
    contents,
    usedAt: received?.usedAt ?? 0,
    binding: received?.claims.binding ?? '',
    provenAt: received?.provenAt,
    asksDevice: false,
    registration: undefined,
    written: received && {
      id: received.claims.id,
      body: received.body,
      secretId: received.secretId,
      parcel: received.parcel,
    },
    stamps: cookies.stamps,
    logoutStamp: undefined,
    previousId: undefined,
    isNew: received === undefined,
    carriesReceived: received !== undefined,
    testCookieReceived: contents.testCookie,
    accessed: false,
    changed: false,
    mayBeMutated: false,
    touchRequested: false,
    discarded: false,
    committed: false,
    writing: undefined,
    handlers: 0,
    source: undefined,
  }
}

/** Records that the application read the session: the response depends on it from now on. */
export function access(state: SessionState): SessionState {
  if (state.committed && !state.accessed) state.runtime.readLate?.()
  state.accessed = true
  return state
}

/** @throws SessionCommittedError if the cookies are made */
export function assertOpen({ committed }: SessionState): void {
  if (committed) throw new SessionCommittedError()
}

/**
 * Records a change.
 *
 * @throws SessionCommittedError if the cookies are made
 */
export function change(state: SessionState): SessionState {
  assertOpen(state)
  state.changed = true
  // What was saved into a cookie store is out of date now.
  state.writing = undefined
  state.discarded = false
  if (state.handlers === 0) state.runtime.changed?.(state)
  return access(state)
}

/** Records a change that leaves something to carry, so that there is a session from now on. */
export function fill(state: SessionState): SessionState {
  change(state).claims ??= beginClaims(state)
  return state
}

/** Forgets everything of this request, and parses the contents anew: values may have been mutated. */
export function resetState(state: SessionState): void {
  const { received, cookies, runtime, rejection, lapsed, written, handlers, source } = change(state)
  // A logout that was saved holds: no browser with its stamp gets the session back.
  const last = cookies.stamps.startsWith(state.logoutStamp ?? ' ') ? undefined : received
  const anew = last && { ...last, contents: runtime.restore(last.body) }
  // What was saved into a cookie store before has to be undone there.
  const changed = written?.id !== received?.claims.id || written?.body !== received?.body
  const kept = { received, rejection, lapsed, written, handlers, source }
  Object.assign(state, createState(runtime, anew, cookies), kept, {
    changed,
    accessed: true,
    discarded: true,
  })
}

/** Returns a function that forgets the cookies which are made from now on: the browser does not get them. */
export function prepareUndo(state: SessionState): () => void {
  const { written, usedAt, asksDevice } = state
  return () => void Object.assign(state, { written, usedAt, asksDevice })
}

/** Begins a new session with these contents. */
export function beginSession(state: SessionState, contents: Contents, lifetime = ''): void {
  state.previousId ??= state.claims?.id
  state.contents = contents
  state.isNew = true
  if (isEmpty(contents)) state.carriesReceived = false
  state.claims = isEmpty(contents) && lifetime === '' ? undefined : beginClaims(state, lifetime)
}

const UNBOUND = Object.freeze({ binding: '', provenAt: undefined, asksDevice: false })

/** Ends the session, and stamps the browser if it has any of its cookies. */
export function endSession(state: SessionState): void {
  change(state)
  state.contents = createContents()
  state.claims = undefined
  state.isNew = true
  state.carriesReceived = false
  state.testCookieReceived = false
  Object.assign(state, UNBOUND)
  if (state.logoutStamp !== undefined || !hasCookies(state)) return
  state.logoutStamp = createStamp()
  // Its own comes first, because only the first stamps of a session are kept.
  state.stamps = state.logoutStamp + state.stamps
}

/** Whether any part of a token was received, valid or not. */
export function hasCookies({ cookies }: SessionState): boolean {
  return cookies.parts.length > 0
}

/** Returns the identity, if there is anything to carry it: contents, or received cookies. */
export function carriedClaims(state: SessionState): Claims | undefined {
  return access(state).isNew && isEmpty(state.contents) ? undefined : state.claims
}

function beginClaims({ stamps, binding, runtime }: SessionState, lifetime = ''): Claims {
  return createClaims(runtime.now(), stamps, lifetime, runtime.lifetimes, binding)
}
