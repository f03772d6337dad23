// The store that all servers of a history share: it can be down, lose a parcel, and return one for another.

import type { OverflowStorage } from 'sealed-session/overflow'
import type { StoreEvent } from './steps.ts'

interface Parcel {
  readonly value: string
  /** Seconds since 1970. */
  readonly endsAt: number
}

/** A store, and its faults in a history. */
export interface ParcelStore extends OverflowStorage {
  readonly isDown: boolean
  /** How many parcels servers have removed. */
  readonly removals: number
  /** A number that differs after each change of its contents or behaviour. */
  readonly version: number
  /** Returns the value under a key, even if it is unavailable. */
  peek(key: string): Parcel | undefined
  /** Returns the value that was stored under a key, even if it has lost it. */
  given(key: string): Parcel | undefined
  happen(event: StoreEvent, nth: number): void
  reset(): void
}

export function createParcelStore(now: () => number): ParcelStore {
  const parcels = new Map<string, Parcel>()
  const all = new Map<string, Parcel>()
  let isDown = false
  let version = 0
  let removals = 0

  function assertUp(): void {
    if (isDown) throw new Error('the store is down')
  }

  function peek(key: string): Parcel | undefined {
    const found = parcels.get(key)
    return found !== undefined && found.endsAt > now() ? found : undefined
  }

  function swap(nth: number): void {
    const keys = [...parcels.keys()]
    const [one = '', other = ''] = [keys.at(-1), keys[nth % Math.max(keys.length, 1)]]
    const [first, second] = [parcels.get(one), parcels.get(other)]
    if (first === undefined || second === undefined) return
    parcels.set(one, second)
    parcels.set(other, first)
  }

  return {
    get isDown() {
      return isDown
    },
    get removals() {
      return removals
    },
    get version() {
      return version
    },
    peek,
    given: (key) => all.get(key),
    async getItem(key) {
      assertUp()
      return peek(key)?.value
    },
    async setItem(key, value, { ttl }) {
      assertUp()
      version++
      const parcel = { value, endsAt: now() + ttl }
      parcels.set(key, parcel)
      all.set(key, parcel)
    },
    async removeItem(key) {
      assertUp()
      version++
      removals++
      parcels.delete(key)
    },
    happen(event, nth) {
      version++
      if (event === 'down' || event === 'up') isDown = event === 'down'
      else if (event === 'swap') swap(nth)
      else parcels.delete([...parcels.keys()].at(nth < 0 ? -1 : nth % parcels.size) ?? '')
    },
    reset() {
      parcels.clear()
      all.clear()
      isDown = false
      version = 0
    },
  }
}
