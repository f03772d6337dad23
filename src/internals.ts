// What the adapters for other transports need of sessions beside their public members.

import type { CookieSource } from './cookies/source.ts'
import type { DeviceSupport } from './device-option.ts'
import { SessionConfigError } from './errors.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { Session } from './session/session.ts'
import type { Sessions } from './sessions.ts'

/** What the adapters for other transports need beside the public members. */
export interface SessionInternals<Data extends object> {
  /** Opens a session without counting that as use. */
  open(source: CookieSource): Session<Data> | Promise<Session<Data>>
  /** Whether a cookie is one of these sessions. */
  isOwnCookie(name: string): boolean
  /** Observes that a response carried cookies which another open of the same session had written. */
  reportOverwrite(): void
  /** Answers requests to the path of the option `device`; `undefined` without one. */
  readonly answerDevice: DeviceSupport['answer'] | undefined
  readonly pipeline: Pipeline
}

const internals = new WeakMap<object, unknown>()

/** Records what the adapters need of sessions. */
export function setInternals<Data extends object>(
  sessions: Sessions<Data>,
  value: SessionInternals<Data>,
): void {
  internals.set(sessions, value)
}

/**
 * Returns what the adapters need of sessions.
 *
 * @throws SessionConfigError if `createSessions` of this module has not returned them
 */
export function getInternals<Data extends object>(
  sessions: Sessions<Data>,
): SessionInternals<Data> {
  const found: unknown = typeof sessions === 'object' ? internals.get(sessions) : undefined
  if (isInternals<Data>(found)) return found
  throw new SessionConfigError('sessions', 'must be what createSessions has returned')
}

function isInternals<Data extends object>(value: unknown): value is SessionInternals<Data> {
  return value !== undefined
}
