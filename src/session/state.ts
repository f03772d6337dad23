// What a session records for the pipeline: what was received, what was changed, what is to end. It
// makes no token.

import { NO_COOKIES } from '../cookies/request-cookies.ts'
import type { RequestCookies } from '../cookies/request-cookies.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import { SessionCommittedError } from '../errors.ts'
import type { RejectionReason } from '../errors.ts'
import { encode } from '../token/base64url.ts'
import { createClaims } from '../token/claims.ts'
import type { Claims, Lifetimes } from '../token/claims.ts'
import { createContents, isEmpty } from './contents.ts'
import type { Contents } from './contents.ts'

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
  /** Throws for a value that cannot be stored, where `set` can tell. */
  readonly assertStorable: ((key: string, value: unknown, place?: string) => void) | undefined
  /** Returns the contents of a body anew. */
  readonly restore: (body: string) => Contents
  /** Called with each change of a session whose cookies no adapter is going to make. */
  readonly changed?: (state: SessionState) => void
}

/** A session that was received and is valid. */
export interface ValidSession {
  readonly claims: Claims
  /** When it was last used, in seconds: when it was sealed, or what its ticket says. */
  readonly usedAt: number
  /** The payload behind the times, as the browser has it. */
  readonly body: string
  readonly contents: Contents
  readonly secretId: string
  /** Characters of its token. */
  readonly length: number
}

/** A session that was received and is not valid, and what is known of it if its token is authentic. */
export interface RejectedSession extends Partial<Omit<Claims, 'life' | 'stamps'>> {
  readonly reason: RejectionReason
  /** What the application's own code threw: `revoked`, or a schema. */
  readonly error?: unknown
  /** The secret and the day that a well-formed token names. */
  readonly secretId?: string
  readonly day?: number
  readonly usedAt?: number
  /** The option that refused it. */
  readonly limit?: string
}

/** What the token in a browser holds, and the secret that it was sealed under. */
export interface WrittenSession {
  readonly id: string
  /** The payload behind the times. */
  readonly body: string
  readonly secretId: string
}

/** One session in one request. */
export interface SessionState {
  readonly runtime: SessionRuntime
  /** The cookies of the browser: those of the request, and what was saved into a cookie store since. */
  cookies: RequestCookies
  readonly rejection: SessionRejection | undefined
  /** The session that came with the request, if it was valid. */
  readonly received: ValidSession | undefined
  /** The session as it is now: the one received, a new one, or none yet. */
  claims: Claims | undefined
  contents: Contents
  /** When the session was last used, as the browser will say with its next request. */
  usedAt: number
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
  /** The test cookie came with the request: the browser keeps cookies. */
  testCookieReceived: boolean
  /** The application has looked at the session or changed it. */
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
  /** The request, if it came without the session's cookie. */
  source: object | undefined
}

/** Whether what was received is valid: by its own claims, not by those of a polluted prototype. */
export function isValid(result: ValidSession | RejectedSession): result is ValidSession {
  return Object.hasOwn(result, 'claims')
}

/** Returns the state of a session as a request brought it, or of an empty one. */
export function createState(
  runtime: SessionRuntime,
  result?: ValidSession | RejectedSession,
  cookies: RequestCookies = NO_COOKIES,
): SessionState {
  const received = result !== undefined && isValid(result) ? result : undefined
  const rejected = result === undefined || isValid(result) ? undefined : result
  return {
    runtime,
    cookies,
    rejection: rejected && Object.freeze({ reason: rejected.reason }),
    received,
    ...initialState(received, received?.contents ?? createContents(), cookies),
    accessed: false,
    discarded: false,
    committed: false,
    writing: undefined,
    handlers: 0,
    source: undefined,
  }
}

/** Returns everything that `discard` puts back. */
function initialState(
  received: ValidSession | undefined,
  contents: Contents,
  cookies: RequestCookies,
) {
  return {
    contents,
    claims: received?.claims,
    usedAt: received?.usedAt ?? 0,
    written: received && {
      id: received.claims.id,
      body: received.body,
      secretId: received.secretId,
    },
    stamps: cookies.stamps,
    logoutStamp: undefined,
    previousId: undefined,
    isNew: received === undefined,
    carriesReceived: received !== undefined,
    testCookieReceived: contents.testCookie,
    changed: false,
    mayBeMutated: false,
    touchRequested: false,
  }
}

/** Records that the application looked at the session: the response depends on it from now on. */
export function access(state: SessionState): SessionState {
  state.accessed = true
  return state
}

/**
 * Records a change.
 *
 * @throws SessionCommittedError if the cookies are made
 */
export function change(state: SessionState): SessionState {
  if (state.committed) throw new SessionCommittedError()
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
  const { received, cookies, runtime, written } = change(state)
  const contents = received === undefined ? createContents() : runtime.restore(received.body)
  Object.assign(state, initialState(received, contents, cookies), { written })
  // What was saved into a cookie store before has to be undone there.
  state.changed = written?.id !== received?.claims.id || written?.body !== received?.body
  state.discarded = true
}

/** Begins a new session with these contents. */
export function beginSession(state: SessionState, contents: Contents, lifetime = ''): void {
  state.previousId ??= state.claims?.id
  state.contents = contents
  state.isNew = true
  if (isEmpty(contents)) state.carriesReceived = false
  state.claims = isEmpty(contents) && lifetime === '' ? undefined : beginClaims(state, lifetime)
}

/** Ends the session, and stamps the browser if it has any of its cookies. */
export function endSession(state: SessionState): void {
  change(state)
  state.contents = createContents()
  state.claims = undefined
  state.isNew = true
  state.carriesReceived = false
  state.testCookieReceived = false
  if (state.logoutStamp !== undefined || !hasCookies(state)) return
  state.logoutStamp = createStamp()
  // Its own comes first, because only the first stamps of a session are kept.
  state.stamps = state.logoutStamp + state.stamps
}

/** Whether any part of a token came with the request, valid or not. */
export function hasCookies({ cookies }: SessionState): boolean {
  return cookies.parts.length > 0
}

/** Returns the identity, if there is anything to carry it: contents, or cookies that came. */
export function carriedClaims(state: SessionState): Claims | undefined {
  return access(state).isNew && isEmpty(state.contents) ? undefined : state.claims
}

function beginClaims({ stamps, runtime }: SessionState, lifetime = ''): Claims {
  return createClaims(runtime.now(), stamps, lifetime, runtime.lifetimes)
}

/** Draws a logout stamp: 24 random bits, which only have to differ from a browser's former ones. */
function createStamp(): string {
  return encode(crypto.getRandomValues(new Uint8Array(3)))
}
