// Reads of a store whose answers are used again for a moment. Values are kept, never promises: on workerd
// a promise that one request began never settles for the others once that request has ended.

import type { Store } from './storage.ts'

/** Reads of a store that remembers. */
export interface CachedReader {
  get(key: string): Promise<string | undefined>
  /** Asks the store at the next read. */
  forget(key: string): void
}

interface Answer {
  readonly value: string | undefined
  /** Seconds since 1970. */
  readonly askedAt: number
}

/** Clients choose how many sessions there are. */
const MAX_ANSWERS = 10_000

/**
 * Returns a reader of this store.
 *
 * @param seconds for how long an answer is used again
 * @param now returns seconds since 1970, with their fraction
 */
export function createReader(store: Store, seconds: number, now: () => number): CachedReader {
  const answers = new Map<string, Answer>()
  return {
    async get(key) {
      const askedAt = now()
      const known = answers.get(key)
      // A clock that was put back makes no answer last.
      if (known !== undefined && Math.abs(askedAt - known.askedAt) < seconds) return known.value
      const value = await store.get(key)
      answers.delete(key)
      answers.set(key, { value, askedAt })
      for (const oldest of answers.keys()) {
        if (answers.size <= MAX_ANSWERS) break
        answers.delete(oldest)
      }
      return value
    },
    forget(key) {
      answers.delete(key)
    },
  }
}
