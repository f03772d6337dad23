// A store that keeps its entries for the requested time, counts its calls, and can be made to fail.

import type { OverflowStorage } from 'sealed-session/overflow'

type Method = keyof OverflowStorage

export interface FaultyStore extends OverflowStorage {
  /** Its contents, with their end in seconds. */
  readonly items: Map<string, { readonly value: string; readonly endsAt: number }>
  /** The methods that were called, in their order. */
  readonly calls: Method[]
  /** Replacements for the methods. */
  readonly faults: Partial<Record<Method, (key: string) => unknown>>
  /** Returns the keys of the parcels in it. */
  parcels(): string[]
  /** Returns how often each method was called since the last count: `1 getItem`. */
  count(): string
}

/** Returns a store with a clock of its own. */
export function createFaultyStore(now: () => number): FaultyStore {
  const items: FaultyStore['items'] = new Map()
  const calls: Method[] = []
  const faults: FaultyStore['faults'] = {}

  function call(name: Method, key: string, work: () => unknown): unknown {
    calls.push(name)
    return (faults[name] ?? work)(key)
  }

  return {
    items,
    calls,
    faults,
    getItem: (key) =>
      call('getItem', key, async () => {
        const found = items.get(key)
        return found !== undefined && found.endsAt > now() ? found.value : null
      }),
    setItem: (key, value, { ttl }) =>
      call('setItem', key, async () => void items.set(key, { value, endsAt: now() + ttl })),
    removeItem: (key) => call('removeItem', key, async () => void items.delete(key)),
    parcels: () => [...items.keys()].filter((key) => key.startsWith('parcel:')),
    count() {
      const counts = new Map<Method, number>()
      for (const name of calls.splice(0)) counts.set(name, (counts.get(name) ?? 0) + 1)
      return Array.from(counts, ([name, times]) => `${times} ${name}`).join(', ')
    },
  }
}
