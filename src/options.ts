// What an application may configure: the types, their documentation, every default, and the one place
// where each is checked. What leaves here is frozen and needs no further look.

import { resolveCookieOptions } from './cookies/cookie-options.ts'
import type { CookieOptions, ResolvedCookieOptions } from './cookies/cookie-options.ts'
import { LONGEST_LIFE } from './token/claims.ts'
import type { Lifetime } from './token/claims.ts'
import { MAX_COOKIES, partName, writeCookie } from './cookies/request-cookies.ts'
import { SessionConfigError } from './errors.ts'
import type { SessionEvent } from './events.ts'
import {
  isRecord,
  isWholeNumber,
  timestampOption,
  enumOption,
  ownProperties,
  assertKnownKeys,
  describe,
} from './validate.ts'
import { resolveLimits } from './size/limits.ts'
import type { SizeLimits, LimitsOption } from './size/limits.ts'
import type { SessionSchema } from './session/schema.ts'
import type { SessionSerializer } from './data/serialize.ts'
import { parseSecrets } from './token/secrets.ts'
import type { Secret, Secrets } from './token/secrets.ts'
import type { Session } from './session/session.ts'

/** A function that gives the secrets, and is asked again. */
export type SecretsProvider = () => Secrets | undefined | Promise<Secrets | undefined>

/** What the `secrets` option takes. */
export type SecretsOption = Secrets | SecretsProvider

/** What `createSessions` takes. Times are in seconds. */
export interface SessionOptions<Data extends object = Record<string, unknown>> {
  /**
   * Newest first: the first one that is active seals, all open. One string with commas between
   * several secrets (so one environment variable rotates), a list of strings or `{ secret, id?,
   * activeFrom? }`, a JWK Set or its JSON text, or a function that gives any of these and is asked
   * again every `secretsRefresh` seconds. A text is taken as its UTF-8 bytes, at least 32 of them;
   * weak, repeated and published secrets are refused.
   */
  readonly secrets: SecretsOption | undefined
  /** How often a function that gives `secrets` is asked again. Default 300. */
  readonly secretsRefresh?: number | undefined
  /**
   * When a session sealed under an older secret is sealed under the newest: `lazy`, at its next write
   * or renewal (default), or `eager`, at the next response that used it, with all its times kept.
   */
  readonly rotate?: 'lazy' | 'eager' | undefined
  /** Default: `{ name: '__Host-session', path: '/', secure: true, sameSite: 'lax' }`. */
  readonly cookie?: CookieOptions | undefined
  /** The absolute lifetime, from the session's start. Default 604 800 (7 days); at most 400 days. */
  readonly maxAge?: number
  /** Ends a session that is not used for so long; `false` for never. Default 86 400 (1 day). */
  readonly idleTimeout?: number | false
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
  readonly serializer?: SessionSerializer | undefined
  /**
   * A Standard Schema for the data. Checked on open, where its output is what the session holds, and
   * again before a write; its output must fit it too. An empty session is not checked.
   */
  readonly schema?: SessionSchema<Data> | undefined
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
export interface ResolvedOptions {
  readonly secrets: readonly Secret[] | SecretsProvider
  readonly secretsRefresh: number
  readonly rotate: 'lazy' | 'eager'
  readonly cookie: ResolvedCookieOptions
  readonly lifetime: Lifetime
  readonly limits: SizeLimits
  readonly serializer: SessionSerializer | undefined
  readonly schema: SessionSchema<object> | undefined
  readonly observe: (event: SessionEvent) => void
  /** Whole seconds. */
  readonly now: () => number
}

const OPTION_NAMES = [
  'secrets',
  'secretsRefresh',
  'rotate',
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

/** A part of a token that is worth a cookie; 16 of them hold the smallest sessions. */
const LEAST_ROOM = 64

/** Beyond a minute it is no clock drift but a broken clock (RFC 7519: "a few minutes" at most). */
const MOST_TOLERANCE = 60

/**
 * Every option checked, every default filled in.
 *
 * @throws SessionConfigError with the option's path, what is wrong, and what to write instead
 */
export function resolveOptions<Data extends object>(given: SessionOptions<Data>): ResolvedOptions {
  if (!isRecord(given)) throw new SessionConfigError('options', 'must be an object with secrets')
  const options = ownProperties(given)
  assertKnownKeys(options, OPTION_NAMES, '')
  functionOr('revoked', options.revoked, undefined)
  const now = inSeconds(functionOr('clock', options.clock, Date.now))
  const { secrets } = options
  const cookie = resolveCookieOptions(options.cookie)
  const limits = resolveLimits(options.limits, cookie.partitioned)
  refuseNoRoom(cookie, limits)
  return Object.freeze({
    secrets: typeof secrets === 'function' ? secrets : parseSecrets(secrets, now()),
    secretsRefresh: seconds('secretsRefresh', options.secretsRefresh, 300, 1, DAY),
    rotate: enumOption('rotate', options.rotate ?? 'lazy', ['lazy', 'eager']),
    cookie,
    lifetime: resolveLifetime(options),
    limits,
    serializer: resolveSerializer(options.serializer),
    schema: resolveSchema(options.schema),
    observe: functionOr('observe', options.observe, () => {}),
    now,
  })
}

/** A cookie whose name and attributes fill it holds no part of a token, however many there are. */
function refuseNoRoom(cookie: ResolvedCookieOptions, limits: SizeLimits): void {
  const longest = partName(cookie.name, MAX_COOKIES - 1)
  const frame = writeCookie(cookie, longest, '', LONGEST_LIFE).length
  if (limits.cookie >= frame + LEAST_ROOM) return
  throw new SessionConfigError(
    'limits.cookie',
    `is ${limits.cookie} and must be at least ${frame + LEAST_ROOM}: name and attributes take ${frame}`,
  )
}

function resolveLifetime<Data extends object>(options: SessionOptions<Data>): Lifetime {
  refuseUndefined('maxAge', options)
  refuseUndefined('idleTimeout', options)
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
    validAfter: validAfter === undefined ? 0 : timestampOption('validAfter', validAfter),
  })
}

/** A lifetime that was meant and has not arrived must not become a longer one. */
function refuseUndefined(option: string, options: object): void {
  if (!Object.hasOwn(options, option) || Reflect.get(options, option) !== undefined) return
  throw new SessionConfigError(option, 'is undefined: write a number of seconds, or leave it out')
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
  if (isWholeNumber(value, least, most)) return value
  throw new SessionConfigError(
    option,
    `is ${describe(value)} and must be a whole number of seconds from ${least} to ${most}${orElse}`,
  )
}

function resolveSerializer(
  serializer: SessionSerializer | undefined,
): SessionSerializer | undefined {
  const fits =
    serializer === undefined ||
    (typeof serializer?.stringify === 'function' && typeof serializer.parse === 'function')
  if (fits) return serializer
  throw new SessionConfigError(
    'serializer',
    'must have stringify and parse, as devalue and JSON do',
  )
}

function resolveSchema<Data>(
  schema: SessionSchema<Data> | undefined,
): SessionSchema<Data> | undefined {
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
      `returned ${describe(milliseconds)}, not milliseconds since 1970`,
    )
  }
}

function functionOr<F, G>(option: string, value: F | undefined, fallback: G): F | G {
  if (value === undefined) return fallback
  if (typeof value === 'function') return value
  throw new SessionConfigError(option, `must be a function, not ${describe(value)}`)
}
