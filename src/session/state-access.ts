// How a dictionary reads and changes the state of its session.

import type { DictionaryAccess } from './dictionary.ts'
import { access, assertOpen, change, fill } from './state.ts'
import type { SessionState } from './state.ts'

/** Returns how a session's own dictionary reaches its entries. */
export function accessTo(state: SessionState): DictionaryAccess {
  return {
    level: 0,
    read: () => access(state).contents,
    assertOpen: () => assertOpen(state),
    change: () => change(state).contents,
    fill: () => fill(state).contents,
    assertStorable: (key, value, place) => state.runtime.assertStorable?.(key, value, place),
    expose: (value) => expose(state, value),
  }
}

/** Records that a value was handed out or taken: an object may be changed in place from now on. */
export function expose(state: SessionState, value: unknown): void {
  state.mayBeMutated ||= typeof value === 'object' && value !== null
}
