// Calls of the application's store. They may throw, never settle, or return another value than the
// one that was set.

import { SessionConfigError, SessionError } from '../errors.ts'
import { describe, describeKind, hasMethod } from '../validate.ts'

/**
 * Storage of parcels and revocations: an `unstorage` storage, or an object with these three
 * methods. Each may return a promise.
 *
 * @example
 * import { createStorage } from 'unstorage'
 * import redisDriver from 'unstorage/drivers/redis'
 * const storage: OverflowStorage = createStorage({ driver: redisDriver({ url: process.env.REDIS_URL }) })
 */
export interface OverflowStorage {
  /** Returns what was set under the key; `null` or `undefined` if there is nothing. */
  getItem(key: string): unknown
  /** Stores a string for `ttl` seconds, a whole number. A store without expiry may ignore it. */
  setItem(key: string, value: string, options: { ttl: number }): unknown
  /** Removes what was set under the key, if anything. */
  removeItem(key: string): unknown
}

/** A store whose calls always settle. */
export interface Store {
  /** Returns the string under a key; `undefined` if there is none. */
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, ttl: number): Promise<void>
  remove(key: string): Promise<void>
}

/** Two seconds: more than a working store takes, and short enough for a person to wait. */
export const DEFAULT_TIMEOUT = 2

/** A minute: after that, the servers in front have given up. */
export const MAX_TIMEOUT = 60

/**
 * Returns the store with a time limit. Each member rejects with `ERR_SESSION_STORE` if the store
 * throws, rejects, or does not settle in time.
 *
 * @param timeout seconds
 */
export function limitStore(storage: OverflowStorage, timeout: number): Store {
  return {
    async get(key) {
      const found = await waitFor('getItem', () => storage.getItem(key), timeout)
      if (found === undefined || found === null) return undefined
      if (typeof found === 'string') return found
      throw createStoreError(
        `getItem returned ${describeKind(found)} and must return the string that was set`,
      )
    },
    async set(key, value, ttl) {
      await waitFor('setItem', () => storage.setItem(key, value, { ttl }), timeout)
    },
    async remove(key) {
      await waitFor('removeItem', () => storage.removeItem(key), timeout)
    },
  }
}

/**
 * Throws unless `storage` has the three methods.
 *
 * @throws SessionConfigError
 */
export function assertStorage(storage: unknown): asserts storage is OverflowStorage {
  const isStorage = ['getItem', 'setItem', 'removeItem'].every((name) => hasMethod(storage, name))
  if (isStorage) return
  throw new SessionConfigError(
    'storage',
    `is ${describe(storage)} and must have getItem, setItem and removeItem, as an unstorage storage has`,
  )
}

/** Calls the store. Throws SessionError `ERR_SESSION_STORE` if that fails, or does not settle in time. */
async function waitFor(name: string, call: () => unknown, timeout: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = createStoreError(`${name} was not over in ${timeout} seconds`)
    timer = setTimeout(() => {
      // Waits one more turn: after a pause of the process, timers run before answers that have
      // arrived.
      timer = setTimeout(() => reject(error), 0)
    }, timeout * 1000)
  })
  try {
    return await Promise.race([startCall(name, call), late])
  } finally {
    clearTimeout(timer)
  }
}

async function startCall(name: string, call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (cause) {
    throw createStoreError(`${name} failed`, { cause })
  }
}

function createStoreError(problem: string, options?: ErrorOptions): SessionError {
  return new SessionError('ERR_SESSION_STORE', `the session store: ${problem}`, options)
}
