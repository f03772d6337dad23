// The dictionary's methods, for a session and for each of its scopes. A `DictionaryAccess` says where the
// entries are, and records what is read and changed.

import { SessionConfigError } from '../errors.ts'
import { describeName, ownProperties, refuse } from '../validate.ts'
import { assertKey, assertNoArguments, assertNoMore } from './arguments.ts'
import { MAX_SCOPE_LEVELS, isEmptyScope } from './contents.ts'
import type { Scope } from './contents.ts'

/**
 * The keys of `Data`.
 *
 * @example
 * const key: SessionKey<{ user: string }> = 'user'
 */
export type SessionKey<Data> = keyof Data & string

/**
 * The value under a key, once it is set.
 *
 * @example
 * const user: SessionValue<{ user?: string }, 'user'> = 'ada'
 */
export type SessionValue<Data, K extends SessionKey<Data>> = Exclude<Data[K], undefined>

/**
 * A key with its value.
 *
 * @example
 * const entries: SessionEntry<{ user: string }>[] = session.entries()
 */
export type SessionEntry<Data> = {
  [K in SessionKey<Data>]: [K, SessionValue<Data, K>]
}[SessionKey<Data>]

/** How a dictionary reaches its entries. */
export interface DictionaryAccess {
  /** How many scopes enclose it. */
  readonly level: number
  /** Returns the entries to read. */
  read(): Scope
  /** Throws if the cookies are made. */
  assertOpen(): void
  /** Returns the entries to change. Throws if the cookies are made. */
  change(): Scope
  /** Returns the entries to add to, and begins a session if there is none. */
  fill(): Scope
  /** Throws for a value that cannot be stored. `place` is the beginning of its path. */
  assertStorable(key: string, value: unknown, place?: string): void
  /** Records that a value was handed out, and may be changed in place. */
  expose(value: unknown): void
}

/**
 * Refuses to add properties, with an error that names `set`. It is above the classes' own
 * prototypes, where only names that they do not have are looked up.
 */
const NO_PROPERTIES: object = new Proxy(
  Object.create(Object.prototype),
  ownProperties<ProxyHandler<object>>({
    set(_, name) {
      throw new TypeError(
        `a session has no property ${describeName(String(name))}: write session.set(${describeName(String(name))}, value)`,
      )
    },
  }),
)

/**
 * A dictionary, typed by `Data`. Every key is optional until it is set, and none is reserved. Changing
 * a value in place, after `get` returned it, counts as a change.
 *
 * Every method that changes something throws `SessionCommittedError` once the cookies are made. A key
 * that is not a string, or an argument too many, is a `SessionConfigError`.
 *
 * @example
 * const cart = session.scope<{ items: number }>('cart')
 * cart.set('items', cart.get('items', 0) + 1)
 */
export class Dictionary<Data extends object = Record<string, unknown>> {
  static {
    Object.setPrototypeOf(this.prototype, NO_PROPERTIES)
  }

  readonly #access: DictionaryAccess

  /** @internal */
  constructor(access: DictionaryAccess) {
    this.#access = access
    // A subclass does so itself, after its own private members.
    if (new.target === Dictionary) Object.preventExtensions(this)
  }

  /** Whether neither it nor any scope in it holds an entry. */
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

  /** Returns the value under `key`, or `undefined`: the value itself, not a copy. */
  get<K extends SessionKey<Data>>(key: K): SessionValue<Data, K> | undefined
  /** Returns the value under `key`, or `fallback`, which is not stored. */
  get<K extends SessionKey<Data>, Fallback>(
    key: K,
    fallback: Fallback,
  ): SessionValue<Data, K> | Fallback
  get(key: string, fallback?: unknown): unknown {
    assertKey(key)
    const { data } = this.#access.read()
    if (!data.has(key)) return fallback
    const value = data.get(key)
    this.#access.expose(value)
    return value
  }

  /**
   * Stores `value` under `key`: the value itself, not a copy.
   *
   * @throws SessionDataError if strict JSON would change or lose the value
   * @throws SessionCommittedError if the cookies are made
   */
  set<K extends SessionKey<Data>>(key: K, value: SessionValue<Data, K>): void
  set(key: string, value: unknown, ...unexpected: readonly unknown[]): void {
    const access = this.#access
    access.change()
    assertKey(key)
    assertNoMore('set(key, value)', unexpected)
    access.assertStorable(key, value)
    access.fill().data.set(key, value)
    access.expose(value)
  }

  /** Whether `key` is set. */
  has(key: SessionKey<Data>): boolean {
    assertKey(key)
    return this.#access.read().data.has(key)
  }

  /** Removes `key`. Returns whether it was set. */
  delete(key: SessionKey<Data>): boolean
  delete(key: string, ...unexpected: readonly unknown[]): boolean {
    assertKey(key)
    assertNoMore('delete(key)', unexpected)
    const access = this.#access
    // What changes nothing must write nothing, even where another writer spelled the session.
    if (access.read().data.has(key)) return access.change().data.delete(key)
    access.assertOpen()
    return false
  }

  /** Removes every key, and every scope with its keys. */
  clear(): void
  clear(...unexpected: readonly unknown[]): void {
    assertNoArguments('clear', unexpected)
    const { data, scopes } = this.#access.change()
    data.clear()
    scopes.clear()
  }

  /**
   * Returns the keys in the order in which they were first set. In the next request it is the order of
   * a JSON object: those that look like array indices come first, in ascending order.
   */
  keys(): SessionKey<Data>[]
  keys(): string[] {
    return [...this.#access.read().data.keys()]
  }

  /** Returns keys and values, in the order of `keys`. */
  entries(): SessionEntry<Data>[]
  entries(): [string, unknown][] {
    const { data } = this.#access.read()
    this.#access.expose(data)
    return [...data]
  }

  /** Iterates over keys and values. */
  [Symbol.iterator](): Iterator<SessionEntry<Data>> {
    return this.entries()[Symbol.iterator]()
  }

  /** Returns the data, and nothing but the data, as a plain object. Scopes have their own. */
  toJSON(): Partial<Data>
  toJSON(): object {
    return Object.fromEntries(this.entries())
  }

  /**
   * Returns the dictionary of one package or feature: its keys do not clash with others, and it can be
   * cleared alone. An empty one takes no bytes. Scopes have scopes, up to 16 levels.
   *
   * @throws SessionConfigError if the name is empty, or the scope nests too deeply
   */
  scope<Inner extends object = Record<string, unknown>>(name: string): Dictionary<Inner> {
    if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
      refuse('scope', name, "a name, as in 'cart'")
    }
    if (this.#access.level === MAX_SCOPE_LEVELS) {
      throw new SessionConfigError('scope', `is in ${MAX_SCOPE_LEVELS} others already: nest fewer`)
    }
    return new Dictionary<Inner>(accessToScope(this.#access, name))
  }
}

/** Reaches a scope by its name: after `regenerate` or `destroy`, that of the new session. */
function accessToScope(outer: DictionaryAccess, name: string): DictionaryAccess {
  return {
    level: outer.level + 1,
    read: () => outer.read().scopes.get(name) ?? { data: new Map(), scopes: new Map() },
    assertOpen: () => outer.assertOpen(),
    change: () => innerScope(outer.change(), name),
    fill: () => innerScope(outer.fill(), name),
    assertStorable: (key, value, place = '') =>
      outer.assertStorable(key, value, `scope(${name}).${place}`),
    expose: (value) => outer.expose(value),
  }
}

function innerScope({ scopes }: Scope, name: string): Scope {
  const scope = scopes.get(name) ?? { data: new Map(), scopes: new Map() }
  scopes.set(name, scope)
  return scope
}
