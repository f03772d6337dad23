// The public names, and nothing else.

export type { CookieOptions } from './attributes.ts'
export type { CookieSource } from './cookies.ts'
export type { Dictionary, Entry, Key, Value } from './dictionary.ts'
export {
  SessionCommittedError,
  SessionConfigError,
  SessionDataError,
  SessionError,
} from './errors.ts'
export type { RejectionReason, SessionErrorCode } from './errors.ts'
export type { SealCause, SessionEvent } from './events.ts'
export type { Limits, LimitsOption, Preset } from './limits.ts'
export type { SecretsOption, SecretsProvider, SessionOptions } from './options.ts'
export type { Schema, SchemaResult } from './schema.ts'
export type { SecretEntry, SecretSet, Secrets } from './secrets.ts'
export type { Serializer } from './serialize.ts'
export type { Rejection, Session } from './session.ts'
export { createSessions } from './sessions.ts'
export type { SessionHandler, Sessions } from './sessions.ts'
export { SessionTooLargeError } from './size.ts'
export type { SizeLevel, SizeReport } from './size.ts'
