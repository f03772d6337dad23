// Reads a store, and reuses answers for a short time. Caches values, never promises: on workerd a
// promise that one request began never settles for others after that request has ended.

import type { Store } from './storage.ts'

/** Reads a store through a cache. */
export interface CachedReader {
  get(key: string): Promise<string | undefined>
  /** Removes a key from the cache. */
  forget(key: string): void
}

interface Answer {
  readonly value: string | undefined
  /** Seconds since 1970. */
  readonly askedAt: number
}

/** Most cached answers, because clients choose how many sessions there are. */
const MAX_ANSWERS = 10_000

/**
 * Returns a reader of this store.
 *
 * @param seconds how long an answer is reused
 * @param now returns seconds since 1970, with their fraction
 */
export function createReader(store: Store, seconds: number, now: () => number): CachedReader {
  const answers = new Map<string, Answer>()
  /** How often an answer was removed. */
  let removals = 0
  return {
    async get(key) {
      const askedAt = now()
      const known = answers.get(key)
      // Compares both directions, so that a clock that was set back does not prolong an answer.
      if (known !== undefined && Math.abs(askedAt - known.askedAt) < seconds) return known.value
      const before = removals
      const value = await store.get(key)
      // Asked before an entry was written, so it may lack it.
      if (removals !== before) return value
      answers.delete(key)
      answers.set(key, { value, askedAt })
      for (const oldest of answers.keys()) {
        if (answers.size <= MAX_ANSWERS) break
        answers.delete(oldest)
      }
      return value
    },
    forget(key) {
      removals++
      answers.delete(key)
    },
  }
}
