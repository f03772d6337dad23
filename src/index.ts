// The public names, and nothing else.

export type { CookieOptions } from './cookies/cookie-options.ts'
export type { CookieSink, SetCookieFunction } from './cookies/cookie-store.ts'
export type { CookieAttributes } from './cookies/set-cookie.ts'
export type { CookieSource, CookieStoreSource } from './cookies/source.ts'
export { createSessions } from './create-sessions.ts'
export type { SessionSerializer } from './data/serialize.ts'
export {
  SessionCommittedError,
  SessionConfigError,
  SessionDataError,
  SessionError,
} from './errors.ts'
export type { RejectionReason, SessionErrorCode } from './errors.ts'
export type { DeviceBinding } from './device-option.ts'
export type { DeviceRefusal, SealCause, SessionEvent, WarningCause } from './events.ts'
export type { LifetimeOptions } from './lifetime-options.ts'
export type { SessionOverflow } from './overflow-option.ts'
export type { SecretsOption, SecretsProvider, SessionOptions } from './options.ts'
export type {
  Dictionary as SessionDictionary,
  SessionEntry,
  SessionKey,
  SessionValue,
} from './session/dictionary.ts'
export type { RegenerateOptions } from './session/regenerate-options.ts'
export type { SessionSchema, SessionSchemaResult } from './session/schema.ts'
export type { Session } from './session/session.ts'
export type { SessionRejection } from './session/state.ts'
export type { SessionHandler, Sessions } from './sessions.ts'
export type { LimitsOption, SizeLimits } from './size/limits.ts'
export type { SizeLevel } from './size/measure.ts'
export type { LimitsPreset } from './size/presets.ts'
export { SessionTooLargeError } from './size/report.ts'
export type { SizeReport } from './size/report.ts'
export type { SecretEntry, SecretSet, Secrets } from './token/secrets.ts'
