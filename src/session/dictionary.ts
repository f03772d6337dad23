// The dictionary's own methods, for a session and for each of its scopes. Where its entries are, and
// what reading or changing them means, it is told.

import type { Scope } from './contents.ts'
import { MAX_SCOPE_LEVELS, isEmptyScope } from './contents.ts'
import { SessionConfigError } from '../errors.ts'

/** The keys of `Data`. */
export type SessionKey<Data> = keyof Data & string

/** The value under a key, once it is set. */
export type SessionValue<Data, K extends SessionKey<Data>> = Exclude<Data[K], undefined>

/** A key with its value. */
export type SessionEntry<Data> = {
  [K in SessionKey<Data>]: [K, SessionValue<Data, K>]
}[SessionKey<Data>]

/** A dictionary's way to its entries. */
export interface DictionaryAccess {
  /** How many scopes it stands in. */
  readonly level: number
  /** The entries, to look at. */
  read(): Scope
  /** The entries, to change. Throws if it is too late. */
  change(): Scope
  /** The entries, to add to: there is a session from now on. */
  fill(): Scope
  /** Refuses a value that cannot be stored. `place` is what its path begins with. */
  check(key: string, value: unknown, place?: string): void
  /** Remembers that what is inside a value may change without a method being called. */
  expose(value: unknown): void
}

/**
 * A dictionary, typed by `Data`. Every key is optional until it is set, and none is reserved. Changing
 * a value that `get` returned, in place, counts as a change.
 *
 * Every method that changes something throws `SessionCommittedError` once the cookies are made.
 */
export class Dictionary<Data extends object = Record<string, unknown>> {
  readonly #access: DictionaryAccess

  /** @internal Dictionaries come from a session. */
  constructor(access: DictionaryAccess) {
    this.#access = access
  }

  /** Whether nothing is in it, nor in any scope of it. */
  get isEmpty(): boolean {
    return isEmptyScope(this.#access.read())
  }

  /** How many keys are set. */
  get size(): number {
    return this.#access.read().data.size
  }

  get [Symbol.toStringTag](): string {
    return 'Dictionary'
  }

  /** The value under `key`, or `undefined`. The value itself, not a copy. */
  get<K extends SessionKey<Data>>(key: K): SessionValue<Data, K> | undefined
  /** The value under `key`, or `fallback`, which is not stored. */
  get<K extends SessionKey<Data>, Fallback>(
    key: K,
    fallback: Fallback,
  ): SessionValue<Data, K> | Fallback
  get(key: string, fallback?: unknown): unknown {
    const { data } = this.#access.read()
    if (!data.has(key)) return fallback
    const value = data.get(key)
    this.#access.expose(value)
    return value
  }

  /**
   * Stores `value` under `key`.
   *
   * @throws SessionDataError if strict JSON would change or lose the value
   */
  set<K extends SessionKey<Data>>(key: K, value: SessionValue<Data, K>): void {
    const access = this.#access
    access.change()
    if (typeof key !== 'string') {
      throw new SessionConfigError('key', `must be a string, not ${typeof key}`)
    }
    access.check(key, value)
    access.fill().data.set(key, value)
    access.expose(value)
  }

  has(key: SessionKey<Data>): boolean {
    return this.#access.read().data.has(key)
  }

  /** Removes `key`; says whether it was there. */
  delete(key: SessionKey<Data>): boolean {
    return this.#access.change().data.delete(key)
  }

  /** Removes every key, and every scope of it with theirs. */
  clear(): void {
    const { data, scopes } = this.#access.change()
    data.clear()
    scopes.clear()
  }

  /** The keys, in the order in which they were first set. */
  keys(): SessionKey<Data>[]
  keys(): string[] {
    return [...this.#access.read().data.keys()]
  }

  /** Keys and values, in the order in which the keys were first set. */
  entries(): SessionEntry<Data>[]
  entries(): [string, unknown][] {
    const { data } = this.#access.read()
    this.#access.expose(data)
    return [...data]
  }

  [Symbol.iterator](): Iterator<SessionEntry<Data>> {
    return this.entries()[Symbol.iterator]()
  }

  /** The data, and nothing but the data, as a plain object. Scopes have their own. */
  toJSON(): Partial<Data>
  toJSON(): object {
    return Object.fromEntries(this.entries())
  }

  /**
   * The dictionary of one package or feature: its keys meet no others, and it can be cleared alone. An
   * empty one takes no bytes. Scopes have scopes of their own.
   */
  scope<Inner extends object = Record<string, unknown>>(name: string): Dictionary<Inner> {
    if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
      throw new SessionConfigError('scope', 'must be named by a text that is not empty')
    }
    if (this.#access.level === MAX_SCOPE_LEVELS) {
      throw new SessionConfigError('scope', `stands in ${MAX_SCOPE_LEVELS} others: nest fewer`)
    }
    return new Dictionary<Inner>(within(this.#access, name))
  }
}

/** The way to a scope, by its name: after `regenerate` or `destroy` it leads to the new session's. */
function within(outer: DictionaryAccess, name: string): DictionaryAccess {
  return {
    level: outer.level + 1,
    read: () => outer.read().scopes.get(name) ?? { data: new Map(), scopes: new Map() },
    change: () => inner(outer.change(), name),
    fill: () => inner(outer.fill(), name),
    check: (key, value, place = '') => outer.check(key, value, `scope(${name}).${place}`),
    expose: (value) => outer.expose(value),
  }
}

function inner({ scopes }: Scope, name: string): Scope {
  const scope = scopes.get(name) ?? { data: new Map(), scopes: new Map() }
  scopes.set(name, scope)
  return scope
}
