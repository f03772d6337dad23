// The dictionary that the application is handed. It keeps no time and makes no token: it records, in
// a state that only the pipeline can read, what was read, what was changed and what is to end.

import { begin, endsAt, renew } from './claims.ts'
import type { Claims, Lifetime } from './claims.ts'
import { MAX_LOGOUTS } from './cookies.ts'
import type { Jar } from './cookies.ts'
import { SessionCommittedError, SessionConfigError } from './errors.ts'
import type { RejectionReason } from './errors.ts'

/** Why the cookie that came was not accepted. */
export interface Rejection {
  readonly reason: RejectionReason
}

/** What all sessions of one `createSessions` share. */
export interface Environment {
  readonly lifetime: Lifetime
  /** Seconds. */
  readonly now: () => number
  /** Refuses a value at `set`, where that can be seen there. */
  readonly check: ((key: string, value: unknown) => void) | undefined
}

/** What a session carries for the pipeline. */
export interface State {
  readonly jar: Jar
  readonly environment: Environment
  readonly rejection: Rejection | undefined
  /** The session that came, if one was accepted. */
  readonly came: Claims | undefined
  /** The data's text as the browser has it: as it came, or as it was last written. */
  text: string | undefined
  data: Map<string, unknown>
  /** The id of the secret it came under; empty if none came. */
  readonly secretId: string
  /** The session as it is now: the one that came, a new one, or none yet. */
  claims: Claims | undefined
  /** The count of logouts that a session begun now is begun under. */
  logouts: number
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
}

/** The keys of `Data`. */
export type Key<Data> = keyof Data & string

/** The value under a key, once it is set. */
export type Value<Data, K extends Key<Data>> = Exclude<Data[K], undefined>

/** A key with its value. */
export type Entry<Data> = { [K in Key<Data>]: [K, Value<Data, K>] }[Key<Data>]

/** A session that came and is valid. */
export interface Accepted {
  readonly claims: Claims
  /** The data's text, as it stands in the token. */
  readonly text: string
  readonly data: Map<string, unknown>
  readonly secretId: string
}

/** Why a session that came is not. `error` is what `revoked` threw. */
export interface Refused {
  readonly reason: RejectionReason
  readonly error?: unknown
}

/** The state of a session as a request brought it, or of an empty one. */
export function stateOf(
  environment: Environment,
  jar: Jar,
  result: Accepted | Refused | undefined,
): State {
  const accepted = result !== undefined && 'claims' in result ? result : undefined
  return {
    environment,
    jar,
    rejection: result !== undefined && 'reason' in result ? { reason: result.reason } : undefined,
    came: accepted?.claims,
    secretId: accepted?.secretId ?? '',
    text: accepted?.text,
    data: accepted?.data ?? new Map(),
    claims: accepted?.claims,
    logouts: Math.max(jar.logouts, accepted?.claims.logouts ?? 0),
    used: false,
    changed: false,
    exposed: false,
    touched: false,
    destroyed: false,
    committed: false,
  }
}

/** Whether any of the session's cookies came with the request, good or bad. */
export function hasCookies({ jar }: State): boolean {
  return jar.parts.some((values) => values.length > 0)
}

/** Whether the session in this state began in this request. */
export function isNew({ came, claims }: State): boolean {
  return came === undefined || claims?.id !== came.id
}

/**
 * One visitor's session: a dictionary, typed by `Data`. Every key is optional until it is set, and
 * none is reserved. Changing a value that `get` returned, in place, counts as a change.
 *
 * Every method that changes something throws `SessionCommittedError` once the cookies are made.
 */
export class Session<Data extends object = Record<string, unknown>> {
  readonly #state: State

  /** @internal Sessions come from `open`, `unseal` and `wrap`. */
  constructor(state: State) {
    this.#state = state
  }

  /** @internal For the pipeline. The class itself is no public name, so nobody else gets here. */
  static stateOf<Data extends object>(session: Session<Data>): State {
    return session.#state
  }

  /**
   * 128 random bits in 22 characters: the same over every renewal, new after `regenerate`, and
   * `undefined` while there is no session to carry it.
   */
  get id(): string | undefined {
    return this.#carried()?.id
  }

  /** When the session began. Its absolute end is `maxAge` later, and nothing moves it. */
  get startedAt(): Date | undefined {
    const claims = this.#carried()
    return claims && dateOf(claims.startedAt)
  }

  /**
   * When the session ends if it is not used again. Of a session that came and is only read, this is
   * the end its cookies have; of one that is new, changed or touched, the end they are about to get.
   */
  get expiresAt(): Date | undefined {
    const claims = this.#carried()
    const { changed, touched, committed } = this.#state
    const { lifetime, now } = this.#state.environment
    if (claims === undefined) return undefined
    const rewritten = !committed && (changed || touched || this.isNew)
    return dateOf(endsAt(rewritten ? renew(claims, now(), lifetime) : claims, lifetime))
  }

  /** Whether this session began in this request: none came, or none that was accepted. */
  get isNew(): boolean {
    return isNew(this.#use())
  }

  /** Whether nothing is in it. An empty session takes no cookie; one that became empty loses its. */
  get isEmpty(): boolean {
    return this.size === 0
  }

  /** How many keys are set. */
  get size(): number {
    return this.#use().data.size
  }

  /** Why the cookie that came was not accepted; `undefined` if it was, or if none came. */
  get rejection(): Rejection | undefined {
    return this.#use().rejection
  }

  get [Symbol.toStringTag](): string {
    return 'Session'
  }

  /** The value under `key`, or `undefined`. The value itself, not a copy. */
  get<K extends Key<Data>>(key: K): Value<Data, K> | undefined
  /** The value under `key`, or `fallback`, which is not stored. */
  get<K extends Key<Data>, Fallback>(key: K, fallback: Fallback): Value<Data, K> | Fallback
  get(key: string, fallback?: unknown): unknown {
    const { data } = this.#use()
    if (!data.has(key)) return fallback
    return this.#expose(data.get(key))
  }

  /**
   * Stores `value` under `key`.
   *
   * @throws SessionDataError if strict JSON would change or lose the value
   */
  set<K extends Key<Data>>(key: K, value: Value<Data, K>): void {
    const state = this.#change()
    if (typeof key !== 'string') {
      throw new SessionConfigError('key', `must be a string, not ${typeof key}`)
    }
    state.environment.check?.(key, value)
    state.data.set(key, value)
    state.exposed ||= typeof value === 'object'
    state.claims ??= this.#begin()
  }

  has(key: Key<Data>): boolean {
    return this.#use().data.has(key)
  }

  /** Removes `key`; says whether it was there. */
  delete(key: Key<Data>): boolean {
    return this.#change().data.delete(key)
  }

  /** Removes every key. Unless something is set again, the session's cookies are deleted. */
  clear(): void {
    this.#change().data.clear()
  }

  /** The keys, in the order in which they were first set. */
  keys(): Key<Data>[]
  keys(): string[] {
    return [...this.#use().data.keys()]
  }

  /** Keys and values, in the order in which the keys were first set. */
  entries(): Entry<Data>[]
  entries(): [string, unknown][] {
    return [...this.#expose(this.#use().data)]
  }

  [Symbol.iterator](): Iterator<Entry<Data>> {
    return this.entries()[Symbol.iterator]()
  }

  /** The data, and nothing but the data, as a plain object. */
  toJSON(): Partial<Data>
  toJSON(): object {
    return Object.fromEntries(this.#expose(this.#use().data))
  }

  /**
   * Begins a new session: a new id and new times. Call it whenever somebody's rights change, above
   * all at login. Keeps the keys named in `keep`, and no others.
   */
  regenerate({ keep = [] }: { readonly keep?: readonly Key<Data>[] } = {}): void {
    const state = this.#change()
    const kept: readonly string[] = keep
    state.data = new Map([...state.data].filter(([key]) => kept.includes(key)))
    state.claims = state.data.size > 0 ? this.#begin() : undefined
  }

  /**
   * Ends the session, its data and its cookies, for every request that is still in flight too. A
   * write after it begins a new session, for a goodbye message.
   */
  destroy(): void {
    const state = this.#change()
    state.data = new Map()
    state.claims = undefined
    if (state.destroyed || !hasCookies(state)) return
    state.destroyed = true
    state.logouts = Math.min(state.logouts + 1, MAX_LOGOUTS)
  }

  /** Renews the session at the next commit, whatever `touchInterval` says. */
  touch(): void {
    this.#change().touched = true
  }

  #use(): State {
    this.#state.used = true
    return this.#state
  }

  #change(): State {
    const state = this.#use()
    if (state.committed) throw new SessionCommittedError()
    state.changed = true
    return state
  }

  /** Remembers that what is inside an object may change without a method being called. */
  #expose<T>(value: T): T {
    this.#state.exposed ||= typeof value === 'object' && value !== null
    return value
  }

  #begin(): Claims {
    const { logouts, environment } = this.#state
    return begin(environment.now(), logouts, environment.lifetime)
  }

  /** The identity, if there is anything to carry it: entries now, or a cookie that came. */
  #carried(): Claims | undefined {
    const state = this.#use()
    return state.data.size > 0 || !isNew(state) ? state.claims : undefined
  }
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000)
}
