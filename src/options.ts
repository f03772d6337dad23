// What an application may configure: the types, their documentation, every default, and the one place
// where each is checked. What leaves here is frozen and needs no further look.

import { resolveCookie } from './attributes.ts'
import type { CookieOptions, CookieSettings } from './attributes.ts'
import { LONGEST_LIFE } from './claims.ts'
import type { Lifetime } from './claims.ts'
import { SessionConfigError } from './errors.ts'
import type { SessionEvent } from './events.ts'
import { isRecord, isWhole, refuseStrangers, show } from './guards.ts'
import { resolveLimits } from './limits.ts'
import type { Limits, LimitsOption } from './limits.ts'
import type { Schema } from './schema.ts'
import type { Serializer } from './serialize.ts'
import { parseSecrets } from './secrets.ts'
import type { Session } from './session.ts'

/** What `createSessions` takes. Times are in seconds. */
export interface SessionOptions<Data extends object = Record<string, unknown>> {
  /**
   * Newest first: the first one seals, all open. One string with commas between several secrets (so
   * one environment variable rotates), or a list of strings. Each is taken as its UTF-8 text, of at
   * least 32 bytes; weak, repeated and published ones are refused.
   */
  readonly secrets: string | readonly string[] | undefined
  /** Default: `{ name: '__Host-session', path: '/', secure: true, sameSite: 'lax' }`. */
  readonly cookie?: CookieOptions | undefined
  /** The absolute lifetime, from the session's start. Default 604 800 (7 days); at most 400 days. */
  readonly maxAge?: number | undefined
  /** Ends a session that is not used for so long; `false` for never. Default 86 400 (1 day). */
  readonly idleTimeout?: number | false | undefined
  /**
   * A session that is only read is sealed again at most this often. Default: a tenth of
   * `idleTimeout`. Must be shorter than it.
   */
  readonly touchInterval?: number | undefined
  /** How far the clocks of the servers may differ. Default 5, at most 60. */
  readonly clockTolerance?: number | undefined
  /** What stands in the way of the cookies: a place's name, several, or numbers. Default `portable`. */
  readonly limits?: LimitsOption | undefined
  /** Text for what JSON cannot hold: `devalue`, `superjson`. Default: JSON, strictly. */
  readonly serializer?: Serializer | undefined
  /**
   * A Standard Schema for the data. Checked on open, where its output is what the session holds, and
   * again before a write; its output must fit it too. An empty session is not checked.
   */
  readonly schema?: Schema<Data> | undefined
  /** Rejects every session that began before: a Date, its ISO text, or seconds since 1970. */
  readonly validAfter?: Date | string | number | undefined
  /**
   * Whether a session has been revoked, by a list the application keeps. Asked on every open and
   * before every automatic renewal. Anything but `false`, an exception too, rejects the session.
   */
  readonly revoked?: ((session: Session<Data>) => boolean | Promise<boolean>) | undefined
  /** Told of what happens to sessions, for logs and metrics. What it throws reaches the caller. */
  readonly observe?: ((event: SessionEvent) => void) | undefined
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined
}

/** The options, checked and complete. */
export interface Settings {
  readonly secrets: readonly string[]
  readonly cookie: CookieSettings
  readonly lifetime: Lifetime
  readonly limits: Limits
  readonly serializer: Serializer | undefined
  readonly schema: Schema<object> | undefined
  readonly observe: (event: SessionEvent) => void
  /** Whole seconds. */
  readonly now: () => number
}

const OPTION_NAMES = [
  'secrets',
  'cookie',
  'maxAge',
  'idleTimeout',
  'touchInterval',
  'clockTolerance',
  'limits',
  'serializer',
  'schema',
  'validAfter',
  'revoked',
  'observe',
  'clock',
]

const DAY = 86_400

/** Beyond a minute it is no clock drift but a broken clock (RFC 7519: "a few minutes" at most). */
const MOST_TOLERANCE = 60

/**
 * Every option checked, every default filled in.
 *
 * @throws SessionConfigError with the option's path, what is wrong, and what to write instead
 */
export function resolve<Data extends object>(options: SessionOptions<Data>): Settings {
  const given: unknown = options
  if (!isRecord(given)) throw new SessionConfigError('options', 'must be an object with secrets')
  refuseStrangers(given, OPTION_NAMES, '')
  functionOr('revoked', options.revoked, undefined)
  const secrets = parseSecrets(given['secrets'])
  const cookie = resolveCookie(given['cookie'])
  return Object.freeze({
    secrets,
    cookie,
    lifetime: resolveLifetime(options),
    limits: resolveLimits(given['limits'], cookie.partitioned),
    serializer: resolveSerializer(options.serializer),
    schema: resolveSchema(options.schema),
    observe: functionOr('observe', options.observe, () => {}),
    now: inSeconds(functionOr('clock', options.clock, Date.now)),
  })
}

function resolveLifetime<Data extends object>(options: SessionOptions<Data>): Lifetime {
  const maxAge = seconds('maxAge', options.maxAge, 7 * DAY, 1, LONGEST_LIFE)
  const { idleTimeout: idle, validAfter } = options
  const idleTimeout =
    idle === false ? Infinity : seconds('idleTimeout', idle, DAY, 1, LONGEST_LIFE, ', or false')
  const usual = idle === false ? LONGEST_LIFE : Math.floor(idleTimeout / 10)
  const touchInterval = seconds('touchInterval', options.touchInterval, usual, 0, LONGEST_LIFE)
  if (touchInterval >= idleTimeout) {
    throw new SessionConfigError(
      'touchInterval',
      `(${touchInterval}) must be shorter than idleTimeout (${idleTimeout}), or sessions in use would idle out`,
    )
  }
  return Object.freeze({
    maxAge,
    idleTimeout,
    touchInterval,
    clockTolerance: seconds('clockTolerance', options.clockTolerance, 5, 0, MOST_TOLERANCE),
    validAfter: validAfter === undefined ? 0 : momentOf(validAfter),
  })
}

function seconds(
  option: string,
  value: unknown,
  fallback: number,
  least: number,
  most: number,
  orElse = '',
): number {
  if (value === undefined) return fallback
  if (isWhole(value, least, most)) return value
  throw new SessionConfigError(
    option,
    `is ${show(value)} and must be a whole number of seconds from ${least} to ${most}${orElse}`,
  )
}

function momentOf(value: Date | string | number): number {
  const moment = typeof value === 'number' ? value : new Date(value).getTime() / 1000
  // The year 5138: what lies beyond was meant as milliseconds.
  if (Number.isFinite(moment) && moment >= 0 && moment < 1e11) return moment
  throw new SessionConfigError(
    'validAfter',
    `is ${show(value)} and must be a Date, an ISO text, or seconds since 1970`,
  )
}

function resolveSerializer(serializer: Serializer | undefined): Serializer | undefined {
  const fits =
    serializer === undefined ||
    (typeof serializer?.stringify === 'function' && typeof serializer.parse === 'function')
  if (fits) return serializer
  throw new SessionConfigError(
    'serializer',
    'must have stringify and parse, as devalue and JSON do',
  )
}

function resolveSchema<Data>(schema: Schema<Data> | undefined): Schema<Data> | undefined {
  if (schema === undefined || typeof schema?.['~standard']?.validate === 'function') return schema
  throw new SessionConfigError('schema', 'must be a Standard Schema (valibot, zod, arktype, …)')
}

/** A clock that lies would make every comparison with a time false, and so every session valid. */
function inSeconds(clock: () => number): () => number {
  return () => {
    const milliseconds = clock()
    if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.floor(milliseconds / 1000)
    throw new SessionConfigError(
      'clock',
      `returned ${show(milliseconds)}, not milliseconds since 1970`,
    )
  }
}

function functionOr<F, G>(option: string, value: F | undefined, fallback: G): F | G {
  if (value === undefined) return fallback
  if (typeof value === 'function') return value
  throw new SessionConfigError(option, `must be a function, not ${show(value)}`)
}
