// `request.session` of one request, and what an assignment to it does.

import type { SessionInternals } from '../internals.ts'
import { SessionConfigError } from '../errors.ts'
import { reserveClaims } from '../session/early-claims.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { SessionState } from '../session/state.ts'
import type { Sessions } from '../sessions.ts'
import { isRecord, refuse } from '../validate.ts'
import { SessionKeys } from './session-keys.ts'
import type { SessionControl } from './session-members.ts'
import { assertUsableKey, createSessionObject } from './session-properties.ts'
import { assertStorableMember, removeUndefined } from './undefined-members.ts'

/** The session of one request. */
export interface RequestSession {
  readonly sessions: object
  readonly session: object
  /** Returns the value of `request.session`: `null` or `undefined` after the session has ended. */
  read(): object | null | undefined
  /** Ends the session, or begins another one with the members of an object. */
  assign(value: unknown): void
  /** Returns the id of the session; `undefined` after it has ended. */
  id(): string | undefined
  /** Prepares the data for writing. */
  prepare(): void
}

/**
 * Creates what `request.session` reads and writes.
 *
 * @param report receives what a callback throws
 */
export function createRequestSession<Data extends object>(
  sessions: Sessions<Data>,
  { pipeline }: SessionInternals<Data>,
  session: Session<Data>,
  report: (error: unknown) => void,
): RequestSession {
  const state = requireState(session)
  let keys = new SessionKeys(state, pipeline)
  /** Created at the first access: most requests have none. */
  let object: object | undefined
  /** The value of `request.session` after the session has ended. */
  let ended: { readonly as: null | undefined } | undefined

  const control: SessionControl = {
    state,
    pipeline,
    report,
    touch: () => session.touch(),
    discard: () => session.discard(),
    verify: () => sessions.verify(session),
    renew: () => leave(() => session.regenerate()),
    end: () => end(undefined),
  }

  function leave(act: () => void): void {
    keys.leave(act)
    keys = new SessionKeys(state, pipeline)
    object = undefined
    ended = undefined
  }

  function end(as: null | undefined): void {
    leave(() => session.destroy())
    ended = { as }
  }

  function read(): object | null | undefined {
    if (ended !== undefined) return ended.as
    object ??= createSessionObject(control, keys)
    return object
  }

  function assign(value: unknown): void {
    if (value === null || value === undefined) {
      end(null)
      return
    }
    if (!isRecord(value)) {
      refuse('request.session', value, 'null or an object')
    }
    if (value === object && ended === undefined) return
    const entries = Object.entries(value).filter(([, member]) => member !== undefined)
    for (const [key, member] of entries) assertEntry(key, member)
    leave(() => session.regenerate())
    for (const [key, member] of entries) keys.set(key, member)
  }

  function assertEntry(key: string, value: unknown): void {
    assertUsableKey(key)
    if (pipeline.serializer === undefined) assertStorableMember(key, value)
  }

  return {
    sessions,
    session,
    read,
    assign,
    id: () => (ended === undefined ? reserveClaims(state).id : undefined),
    prepare() {
      const isGiven = state.changed || state.mayBeMutated
      if (isGiven && pipeline.serializer === undefined) removeUndefined(state.contents)
    },
  }
}

/** Every session that these sessions have opened has a state. */
function requireState(session: object): SessionState {
  const state = getState(session)
  if (state !== undefined) return state
  throw new SessionConfigError('session', 'must be a session')
}
