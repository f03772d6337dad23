// How a dictionary reads and changes the state of its session.

import type { Scope } from './contents.ts'
import type { DictionaryAccess } from './dictionary.ts'
import { access, assertOpen, change, fill } from './state.ts'
import type { SessionState } from './state.ts'

/** How a session's own dictionary reaches its entries. A class: six closures took more than the session. */
class StateAccess implements DictionaryAccess {
  readonly level = 0
  readonly #state: SessionState

  constructor(state: SessionState) {
    this.#state = state
  }

  read(): Scope {
    return access(this.#state).contents
  }

  assertOpen(): void {
    assertOpen(this.#state)
  }

  change(): Scope {
    return change(this.#state).contents
  }

  fill(): Scope {
    return fill(this.#state).contents
  }

  assertStorable(key: string, value: unknown, place?: string): void {
    this.#state.runtime.assertStorable?.(key, value, place)
  }

  expose(value: unknown): void {
    expose(this.#state, value)
  }
}

/** Returns how a session's own dictionary reaches its entries. */
export function accessTo(state: SessionState): DictionaryAccess {
  return new StateAccess(state)
}

/** Records that a value was handed out or taken: an object may be changed in place from now on. */
export function expose(state: SessionState, value: unknown): void {
  state.mayBeMutated ||= typeof value === 'object' && value !== null
}
