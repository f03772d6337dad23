// The public names, and nothing else.

export type { CookieOptions } from './cookies/cookie-options.ts'
export type { CookieSource } from './cookies/request-cookies.ts'
export type { Dictionary, SessionEntry, SessionKey, SessionValue } from './session/dictionary.ts'
export {
  SessionCommittedError,
  SessionConfigError,
  SessionDataError,
  SessionError,
} from './errors.ts'
export type { RejectionReason, SessionErrorCode } from './errors.ts'
export type { SealCause, SessionEvent } from './events.ts'
export type { SizeLimits, LimitsOption, LimitsPreset } from './size/limits.ts'
export type { SecretsOption, SecretsProvider, SessionOptions } from './options.ts'
export type { SessionSchema, SessionSchemaResult } from './session/schema.ts'
export type { SecretEntry, SecretSet, Secrets } from './token/secrets.ts'
export type { SessionSerializer } from './data/serialize.ts'
export type { SessionRejection, Session } from './session/session.ts'
export { createSessions } from './create-sessions.ts'
export type { SessionHandler, Sessions } from './create-sessions.ts'
export { SessionTooLargeError } from './size/report.ts'
export type { SizeLevel, SizeReport } from './size/report.ts'
