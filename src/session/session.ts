// What the application is handed: a dictionary with a life. It makes no token: it records, in a state
// that only the pipeline can read, what was read, what was changed and what is to end.

import { createClaims, endsAt, resealClaims } from '../token/claims.ts'
import type { Claims, Lifetime } from '../token/claims.ts'
import { emptyContents, isEmpty } from './contents.ts'
import type { Contents } from './contents.ts'
import { MAX_LOGOUTS } from '../cookies/request-cookies.ts'
import type { RequestCookies } from '../cookies/request-cookies.ts'
import { isMasked, makeSecret, mask } from './csrf.ts'
import { Dictionary } from './dictionary.ts'
import type { DictionaryAccess, SessionKey } from './dictionary.ts'
import { SessionCommittedError, SessionConfigError } from '../errors.ts'
import type { RejectionReason } from '../errors.ts'
import { ownProperties } from '../validate.ts'

/** Why the cookie that came was not accepted. */
export interface SessionRejection {
  readonly reason: RejectionReason
}

/** What all sessions of one `createSessions` share. */
export interface SessionRuntime {
  readonly lifetime: Lifetime
  /** Seconds. */
  readonly now: () => number
  /** Refuses a value at `set`, where that can be seen there. */
  readonly check: ((key: string, value: unknown, place?: string) => void) | undefined
}

/** What a session carries for the pipeline. */
export interface SessionState {
  readonly jar: RequestCookies
  readonly environment: SessionRuntime
  readonly rejection: SessionRejection | undefined
  /** The session that came, if one was accepted. */
  readonly came: Claims | undefined
  /** The contents' text as the browser has it: as it came, or as it was last written. */
  text: string | undefined
  contents: Contents
  /** The id of the secret it came under; empty if none came. */
  readonly secretId: string
  /** The session as it is now: the one that came, a new one, or none yet. */
  claims: Claims | undefined
  /** The count of logouts that a session begun now is begun under. */
  logouts: number
  /** The test mark came with the request: the browser keeps cookies. */
  tested: boolean
  /** The application has looked at it or changed it. */
  used: boolean
  /** An entry was set or deleted. */
  changed: boolean
  /** An object was handed out: what is inside it may have changed. */
  exposed: boolean
  touched: boolean
  destroyed: boolean
  /** Its cookies have been made, or are being made. */
  committed: boolean
  /** The lines that bring the browser up to date, once somebody has asked for them. */
  writing: readonly string[] | Promise<readonly string[]> | undefined
}

/** A session that came and is valid. */
export interface ValidSession {
  readonly claims: Claims
  /** The contents' text, as it stands in the token. */
  readonly text: string
  readonly contents: Contents
  readonly secretId: string
}

/** Why a session that came is not. `error` is what `revoked` threw. */
export interface RejectedSession {
  readonly reason: RejectionReason
  readonly error?: unknown
}

/** Whether what came is valid: by its own claims, not by what every object may have got elsewhere. */
export function isValid(result: ValidSession | RejectedSession): result is ValidSession {
  return Object.hasOwn(result, 'claims')
}

/**
 * The state of a session as a request brought it, or of an empty one.
 *
 * @param logouts how many the request knows of
 */
export function createState(
  environment: SessionRuntime,
  jar: RequestCookies,
  result: ValidSession | RejectedSession | undefined,
  logouts: number = jar.logouts,
): SessionState {
  const accepted = result !== undefined && isValid(result) ? result : undefined
  const refused = result === undefined || isValid(result) ? undefined : result
  return {
    environment,
    jar,
    rejection: refused && { reason: refused.reason },
    came: accepted?.claims,
    secretId: accepted?.secretId ?? '',
    text: accepted?.text,
    contents: accepted?.contents ?? emptyContents(),
    tested: accepted?.contents.tested ?? false,
    claims: accepted?.claims,
    logouts: Math.max(logouts, accepted?.claims.logouts ?? 0),
    used: false,
    changed: false,
    exposed: false,
    touched: false,
    destroyed: false,
    committed: false,
    writing: undefined,
  }
}

/** Whether any of the session's cookies came with the request, good or bad. */
export function hasCookies({ jar }: SessionState): boolean {
  return jar.parts.length > 0
}

/** Whether the session in this state began in this request. */
export function isNew({ came, claims }: SessionState): boolean {
  return came === undefined || claims?.id !== came.id
}

/**
 * One visitor's session: a dictionary, and what a session needs beside it. None of that is among the
 * data, so no key is reserved.
 */
export class Session<Data extends object = Record<string, unknown>> extends Dictionary<Data> {
  readonly #state: SessionState

  /** @internal Sessions come from `open`, `unseal` and `wrap`. */
  constructor(state: SessionState) {
    super(accessTo(state))
    this.#state = state
  }

  /** @internal For the pipeline. The class itself is no public name, so nobody else gets here. */
  static stateOf<Data extends object>(session: Session<Data>): SessionState {
    return session.#state
  }

  /**
   * 128 random bits in 22 characters: the same over every renewal, new after `regenerate`, and
   * `undefined` while there is no session to carry it.
   */
  get id(): string | undefined {
    return carried(this.#state)?.id
  }

  /** When the session began. Its absolute end is `maxAge` later, and nothing moves it. */
  get startedAt(): Date | undefined {
    const claims = carried(this.#state)
    return claims && dateOf(claims.startedAt)
  }

  /**
   * When the session ends if it is not used again. Of a session that came and is only read, this is
   * the end its cookies have; of one that is new, changed or touched, the end they are about to get.
   */
  get expiresAt(): Date | undefined {
    const claims = carried(this.#state)
    if (claims === undefined) return undefined
    const { changed, touched, committed, environment } = this.#state
    const { lifetime, now } = environment
    const rewritten = !committed && (changed || touched || this.isNew)
    return dateOf(endsAt(rewritten ? resealClaims(claims, now(), lifetime) : claims, lifetime))
  }

  /** Whether this session began in this request: none came, or none that was accepted. */
  get isNew(): boolean {
    return isNew(use(this.#state))
  }

  /** Whether it holds nothing at all. Then it takes no cookie, or loses the one it had. */
  override get isEmpty(): boolean {
    return isEmpty(use(this.#state).contents)
  }

  /** Why the cookie that came was not accepted; `undefined` if it was, or if none came. */
  get rejection(): SessionRejection | undefined {
    return use(this.#state).rejection
  }

  override get [Symbol.toStringTag](): string {
    return 'Session'
  }

  /**
   * Removes everything: keys, scopes, messages, the CSRF secret and the test mark. If nothing is set
   * again, the cookies go.
   */
  override clear(): void {
    change(this.#state).contents = emptyContents()
  }

  /**
   * Takes the message left under `key`: once, in this request or a later one. Several that were left
   * under one key come as a list, in their order.
   */
  flash<Message = string>(key: string): Message | Message[] | undefined
  /**
   * Leaves a message for whoever takes it next, usually the page after a redirect.
   *
   * @throws SessionDataError if strict JSON would change or lose the message
   */
  flash(key: string, message: unknown): void
  flash(key: string, ...messages: readonly unknown[]): unknown {
    return messages.length === 0 ? this.#takeFlash(key) : this.#leaveFlash(key, messages)
  }

  /**
   * A token to put into a form or a header, to be checked with `verifyCsrfToken`. Its text is another
   * at each call. The first call makes the session's secret, and so a session.
   */
  csrfToken(): string {
    const { csrf } = use(this.#state).contents
    if (csrf !== undefined) return mask(csrf)
    const secret = makeSecret()
    fill(this.#state).contents.csrf = secret
    return mask(secret)
  }

  /** Whether `token` came from `csrfToken` of this session. `false` for anything else, of any type. */
  verifyCsrfToken(token: unknown): boolean {
    const { csrf } = use(this.#state).contents
    return csrf !== undefined && isMasked(token, csrf)
  }

  /** Leaves a mark in the session, to learn with the next request whether the browser kept it. */
  setTestCookie(): void {
    fill(this.#state).contents.tested = true
  }

  /** Whether the mark of an earlier `setTestCookie` came back with this request. */
  testCookieWorked(): boolean {
    return use(this.#state).tested
  }

  /** Removes the mark, once its answer is known. */
  deleteTestCookie(): void {
    const state = change(this.#state)
    state.contents.tested = false
    state.tested = false
  }

  /**
   * Begins a new session: a new id, new times, a new CSRF secret. Call it whenever somebody's rights
   * change, above all at login. Keeps the keys named in `keep` and the scopes named in `scopes`, and
   * nothing else.
   */
  regenerate(
    given: {
      readonly keep?: readonly SessionKey<Data>[]
      readonly scopes?: readonly string[]
    } = {},
  ): void {
    const { keep = [], scopes = [] } = ownProperties(given)
    const state = change(this.#state)
    const { contents } = state
    const kept: readonly string[] = keep
    state.contents = emptyContents(only(contents.data, kept))
    for (const [name, scope] of only(contents.scopes, scopes))
      state.contents.scopes.set(name, scope)
    state.claims = isEmpty(state.contents) ? undefined : beginIn(state)
  }

  /**
   * Ends the session, its data and its cookies, for every request that is still in flight too. A
   * write after it begins a new session, for a goodbye message.
   */
  destroy(): void {
    const state = change(this.#state)
    state.contents = emptyContents()
    state.claims = undefined
    state.tested = false
    if (state.destroyed || !hasCookies(state)) return
    state.destroyed = true
    state.logouts = Math.min(state.logouts + 1, MAX_LOGOUTS)
  }

  /** Renews the session at the next commit, whatever `touchInterval` says. */
  touch(): void {
    change(this.#state).touched = true
  }

  #takeFlash(key: string): unknown {
    const messages = use(this.#state).contents.flash.get(key)
    if (messages === undefined) return undefined
    change(this.#state).contents.flash.delete(key)
    return messages.length === 1 ? messages[0] : messages
  }

  #leaveFlash(key: string, messages: readonly unknown[]): void {
    const state = change(this.#state)
    if (typeof key !== 'string') {
      throw new SessionConfigError('key', `must be a string, not ${typeof key}`)
    }
    const all = [...(state.contents.flash.get(key) ?? []), ...messages]
    state.environment.check?.(key, all, 'flash.')
    fill(state).contents.flash.set(key, all)
    // What is inside a message may still change.
    state.exposed = true
  }
}

/** A session's way to its own entries. */
function accessTo(state: SessionState): DictionaryAccess {
  return {
    level: 0,
    read: () => use(state).contents,
    change: () => change(state).contents,
    fill: () => fill(state).contents,
    check: (key, value, place) => state.environment.check?.(key, value, place),
    expose: (value) => {
      state.exposed ||= typeof value === 'object' && value !== null
    },
  }
}

function use(state: SessionState): SessionState {
  state.used = true
  return state
}

function change(state: SessionState): SessionState {
  if (state.committed) throw new SessionCommittedError()
  state.changed = true
  return use(state)
}

/** A change that leaves something to carry, so that there is a session from now on. */
function fill(state: SessionState): SessionState {
  change(state).claims ??= beginIn(state)
  return state
}

function beginIn({ logouts, environment }: SessionState): Claims {
  return createClaims(environment.now(), logouts, environment.lifetime)
}

/** The identity, if there is anything to carry it: something in the session, or a cookie that came. */
function carried(state: SessionState): Claims | undefined {
  return isNew(use(state)) && isEmpty(state.contents) ? undefined : state.claims
}

function only<T>(map: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  return new Map([...map].filter(([name]) => names.includes(name)))
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000)
}
