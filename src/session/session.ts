// The session that an application is given: a dictionary, and what a session needs beside it.

import { createId } from '../token/claims.ts'
import { assertKey, assertNoArguments, assertNoMore } from './arguments.ts'
import { createContents, isEmpty, pickContents } from './contents.ts'
import { isMasked, makeSecret, mask } from './csrf.ts'
import { Dictionary } from './dictionary.ts'
import { bindToDevice, deviceStatus } from './binding.ts'
import { expiryOf } from './expiry.ts'
import { leaveMessage, peekMessages, takeMessages } from './messages.ts'
import { resolveRegenerateOptions } from './regenerate-options.ts'
import type { RegenerateOptions } from './regenerate-options.ts'
import { accessTo } from './state-access.ts'
import {
  access,
  beginSession,
  carriedClaims,
  change,
  endSession,
  fill,
  resetState,
} from './state.ts'
import type { SessionRejection, SessionState } from './state.ts'

let readState: (session: object) => SessionState | undefined

/**
 * One visitor's session: a dictionary, and beside it what no key can clash with.
 *
 * @example
 * session.regenerate({ keep: ['cart'] })
 * session.set('user', 'ada')
 */
export class Session<Data extends object = Record<string, unknown>> extends Dictionary<Data> {
  readonly #state: SessionState

  static {
    // Not a static member, because `session.constructor` would lead to it.
    readState = (session) => (#state in session ? session.#state : undefined)
  }

  /** @internal */
  constructor(state: SessionState) {
    super(accessTo(state))
    this.#state = state
    Object.preventExtensions(this)
  }

  /**
   * 128 random bits in 22 characters (NIST SP 800-63B-4 section 5.1 asks for 64): the same until
   * `regenerate` or `renewId`, and `undefined` while there is no session to carry it.
   */
  get id(): string | undefined {
    return carriedClaims(this.#state)?.id
  }

  /** When the session began, in whole seconds. Its absolute end is `maxAge` later, and no use moves it. */
  get startedAt(): Date | undefined {
    return dateOf(carriedClaims(this.#state)?.startedAt)
  }

  /**
   * When the session ends if it is not used again. Of a session that was received and is only read,
   * this is the end that the browser's cookies give it; of one that is new, changed or touched, the end
   * that it is about to get.
   */
  get expiresAt(): Date | undefined {
    return dateOf(expiryOf(this.#state))
  }

  /** Whether this session began in this request: none was received, or none that was accepted. */
  get isNew(): boolean {
    return access(this.#state).isNew
  }

  /** Whether it holds nothing at all. Then it takes no cookie, or loses the one it had. */
  override get isEmpty(): boolean {
    return isEmpty(access(this.#state).contents)
  }

  /** Why the cookie that was received was not accepted; `undefined` if it was, or if none was received. */
  get rejection(): SessionRejection | undefined {
    return access(this.#state).rejection
  }

  /**
   * Whether the session is bound to a device: `none` if it is not, `unproven` if the browser was asked and
   * has not answered, `proven` if it has shown that it holds the key.
   */
  get device(): 'none' | 'unproven' | 'proven' {
    return deviceStatus(this.#state)
  }

  override get [Symbol.toStringTag](): string {
    return 'Session'
  }

  /**
   * Removes everything: keys, scopes, messages, the CSRF secret and the test cookie. If nothing is set
   * again, the cookies are deleted.
   */
  override clear(): void
  override clear(...unexpected: readonly unknown[]): void {
    assertNoArguments('clear', unexpected)
    change(this.#state).contents = createContents()
  }

  /** Takes the messages left under `key`, in their order: in this request or a later one, once. */
  flash<Message = string>(key: string): Message[]
  /**
   * Leaves a message for the next reading, usually on the page after a redirect. At most 20 messages
   * are kept; the oldest are dropped.
   *
   * @throws SessionDataError if strict JSON would change or lose the message
   */
  flash(key: string, message: unknown): void
  flash(key: string, ...given: readonly unknown[]): unknown {
    assertKey(key)
    assertNoMore('flash(key, message)', given.slice(1))
    const state = this.#state
    return given.length === 0 ? takeMessages(state, key) : leaveMessage(state, key, given[0])
  }

  /** Returns the messages left under `key`, and leaves them where they are. */
  peekFlash<Message = string>(key: string): Message[]
  peekFlash(key: string): unknown[] {
    assertKey(key)
    return peekMessages(this.#state, key)
  }

  /**
   * Returns a token for a form or a header, to be checked with `verifyCsrfToken`: another string of
   * 43 characters at each call, for a secret of 128 bits. The first call draws the session's secret,
   * and so begins a session.
   */
  csrfToken(): string {
    const { csrf } = access(this.#state).contents
    if (csrf !== undefined) return mask(csrf)
    const secret = makeSecret()
    fill(this.#state).contents.csrf = secret
    return mask(secret)
  }

  /** Whether `token` came from `csrfToken` of this session. `false` for anything else, of any type. */
  verifyCsrfToken(token: unknown): boolean {
    const { csrf } = access(this.#state).contents
    return csrf !== undefined && isMasked(token, csrf)
  }

  /** Asks with the next request whether the browser keeps cookies. */
  setTestCookie(): void {
    fill(this.#state).contents.testCookie = true
  }

  /** Whether the test cookie of an earlier request was received with this one. */
  testCookieWorked(): boolean {
    return access(this.#state).testCookieReceived
  }

  /** Removes the test cookie, once its answer is known. */
  deleteTestCookie(): void {
    const state = change(this.#state)
    state.contents.testCookie = false
    state.testCookieReceived = false
  }

  /**
   * Begins a new session: a new id, new times, a new CSRF secret. Keeps the keys named in `keep` and
   * the scopes named in `scopes`, and nothing else. Call it at login.
   *
   * A copy of the old cookie keeps the old rights until it ends: to take rights away, use `revoked`.
   *
   * @throws SessionConfigError if an argument is wrong, or no lifetime of that name is configured
   */
  regenerate(options?: RegenerateOptions<Data>): void
  regenerate(given: unknown = {}): void {
    const state = change(this.#state)
    const known = [...state.runtime.lifetimes.named.keys()]
    const { keep, scopes, lifetime } = resolveRegenerateOptions(given, known)
    beginSession(state, pickContents(state.contents, keep, scopes), lifetime)
  }

  /**
   * Gives the same session a new id: its data, its start and its end stay. Call it when rights change
   * and the session must not live longer for it.
   */
  renewId(): void
  renewId(...unexpected: readonly unknown[]): void {
    assertNoArguments('renewId', unexpected)
    const state = change(this.#state)
    if (state.claims === undefined) return
    state.previousId ??= state.claims.id
    state.claims = { ...state.claims, id: createId() }
  }

  /**
   * Binds the session to this browser's device: the response asks the browser for a key, and from the
   * browser's answer on, only proofs of that key keep the session. Browsers that know nothing of it go on
   * as before. Call it at login, after `regenerate`. An empty session is not bound.
   *
   * @throws SessionConfigError without the option `device`
   */
  bindToDevice(): void
  bindToDevice(...unexpected: readonly unknown[]): void {
    assertNoArguments('bindToDevice', unexpected)
    bindToDevice(this.#state)
  }

  /**
   * Ends the session, its data and its cookies, in requests that are still in flight too. A write after
   * it begins a new session, for a goodbye message, which is dropped if it does not fit.
   */
  destroy(): void
  destroy(...unexpected: readonly unknown[]): void {
    assertNoArguments('destroy', unexpected)
    endSession(this.#state)
  }

  /**
   * Forgets every change made in this request: the session is as it was received, and nothing of it is
   * written. For error pages. A logout that was saved into a cookie store stays.
   */
  discard(): void
  discard(...unexpected: readonly unknown[]): void {
    assertNoArguments('discard', unexpected)
    resetState(this.#state)
  }

  /** Counts this request as a use, whatever `touchInterval` says. */
  touch(): void
  touch(...unexpected: readonly unknown[]): void {
    assertNoArguments('touch', unexpected)
    const state = this.#state
    const { changed } = state
    change(state).touchRequested = true
    state.changed = changed
  }
}

/** Returns what a session records; `undefined` if it is not a session of this module. */
export function getState(session: unknown): SessionState | undefined {
  return typeof session === 'object' && session !== null ? readState(session) : undefined
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}
