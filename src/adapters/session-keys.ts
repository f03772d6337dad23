// Where the keys of an Express session are stored: in the session, or after its end in a copy of
// its data.

import { SessionConfigError } from '../errors.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { reserveClaims } from '../session/early-claims.ts'
import { expose } from '../session/state-access.ts'
import { access, change, fill } from '../session/state.ts'
import type { SessionState } from '../session/state.ts'
import { assertStorableMember } from './undefined-members.ts'

/** The keys of one object. */
export class SessionKeys {
  readonly #state: SessionState
  readonly #pipeline: Pipeline
  #kept: { readonly id: string; readonly data: ReadonlyMap<string, unknown> } | undefined

  constructor(state: SessionState, pipeline: Pipeline) {
    this.#state = state
    this.#pipeline = pipeline
  }

  /** The id of the session after it has ended. */
  get keptId(): string | undefined {
    return this.#kept?.id
  }

  read(): ReadonlyMap<string, unknown> {
    return this.#kept?.data ?? access(this.#state).contents.data
  }

  get(key: string): unknown {
    const value = this.read().get(key)
    if (this.#kept === undefined) expose(this.#state, value)
    return value
  }

  /**
   * Stores a value, or removes the key if the value is `undefined`.
   *
   * @throws SessionDataError, SessionCommittedError
   */
  set(key: string, value: unknown): void {
    if (value === undefined) {
      this.delete(key)
      return
    }
    this.#change()
    if (this.#pipeline.serializer === undefined) assertStorableMember(key, value)
    fill(this.#state).contents.data.set(key, value)
    expose(this.#state, value)
  }

  /** @throws SessionCommittedError */
  delete(key: string): void {
    if (this.read().has(key)) this.#change().contents.data.delete(key)
  }

  /**
   * Runs an action that begins or ends the session. Afterwards this object keeps the session's
   * former data.
   */
  leave(act: () => void): void {
    const { data } = access(this.#state).contents
    const kept = { id: reserveClaims(this.#state).id, data: new Map(data) }
    act()
    this.#kept ??= kept
  }

  #change(): SessionState {
    if (this.#kept === undefined) return change(this.#state)
    throw new SessionConfigError(
      'session',
      'has ended, and what is written to its object is lost: write to request.session',
    )
  }
}
