// What an application may configure: the types, their documentation, every default, and the one place
// where each is checked. What leaves here is frozen and is not checked again.

import { resolveCookieOptions } from './cookies/cookie-options.ts'
import type { CookieOptions, ResolvedCookieOptions } from './cookies/cookie-options.ts'
import { MAX_COOKIES, partName } from './cookies/cookie-names.ts'
import { LONGEST_TICKET } from './cookies/response-cookies.ts'
import { formatSetCookie } from './cookies/set-cookie.ts'
import type { RequiredFor } from './data/json-types.ts'
import type { SessionSerializer } from './data/serialize.ts'
import type { DeviceBinding } from './device-option.ts'
import { SessionConfigError } from './errors.ts'
import type { SessionEvent } from './events.ts'
import { inSeconds, resolveLifetimes, secondsOption } from './lifetime-options.ts'
import type { LifetimeOptions } from './lifetime-options.ts'
import { resolveOverflow } from './overflow-option.ts'
import type { SessionOverflow } from './overflow-option.ts'
import type { SessionSchema } from './session/schema.ts'
import type { Session } from './session/session.ts'
import { resolveLimits } from './size/limits.ts'
import type { LimitsOption, SizeLimits } from './size/limits.ts'
import { LONGEST_LIFE } from './token/claims.ts'
import type { Lifetimes } from './token/claims.ts'
import { DAY_SECONDS } from './token/day.ts'
import { parseSecrets } from './token/secrets.ts'
import type { Secret, Secrets } from './token/secrets.ts'
import {
  assertKnownKeys,
  describe,
  describeKind,
  functionOption,
  isRecord,
  ownProperties,
  refuse,
} from './validate.ts'

/**
 * A function that returns the secrets, and is called again.
 *
 * @example
 * createSessions({ secrets: async () => (await vault.read('session-secrets')).value })
 */
export type SecretsProvider = () => Secrets | undefined | Promise<Secrets | undefined>

/**
 * What the `secrets` option takes.
 *
 * @example
 * createSessions({ secrets: process.env.SESSION_SECRETS })
 * createSessions({ secrets: [{ secret: NEW, activeFrom: '2100-01-01T00:00:00Z' }, OLD] })
 */
export type SecretsOption = Secrets | SecretsProvider

/**
 * What `createSessions` takes. All times are in whole seconds. `serializer` is required where `Data` has
 * what JSON would change, such as a `Date`. `createSessions` throws SessionConfigError for a wrong option.
 *
 * @example
 * createSessions({ secrets: process.env.SESSION_SECRETS, limits: 'node', idleTimeout: 1800 })
 */
export type SessionOptions<Data extends object = Record<string, unknown>> = CommonOptions<Data> &
  RequiredFor<Data>

/** The options, whatever the data is. */
export interface CommonOptions<Data extends object> {
  /**
   * Newest first: the first one that is active seals, all open. A string with commas between several
   * secrets (so one environment variable rotates), an array of strings or
   * `{ secret, id?, activeFrom? }`, a JWK Set, its JSON text or the base64url of that, or a function that returns any of these. A
   * string is taken as its UTF-8 bytes, at least 32 of them (a key of A256GCM, RFC 7518 section 5.3);
   * weak, repeated and published secrets are errors.
   */
  readonly secrets: SecretsOption | undefined
  /** How often a `secrets` function is called again. Default 300, from 1 to 86 400. */
  readonly secretsRefresh?: number | undefined
  /**
   * How long the last good secrets stay in use while the `secrets` function fails. After that, requests
   * fail with its error. Default 86 400 (1 day), from 0 to 400 days.
   */
  readonly secretsGrace?: number | undefined
  /** Default: `{ name: '__Host-session', path: '/', secure: true, sameSite: 'lax' }`. */
  readonly cookie?: CookieOptions | undefined
  /**
   * From a session's start to its end, whatever is done. Default 604 800 (7 days), from 1 second
   * to 400 days: browsers keep no cookie longer (RFC 6265bis section 5.5). `undefined` is an error, because
   * a missing setting must not become a longer lifetime.
   */
  readonly maxAge?: number
  /**
   * Ends a session that is not used for so long; `false` for never. Default 86 400 (1 day), from 1
   * second to 400 days. `undefined` is an error, as for `maxAge`.
   */
  readonly idleTimeout?: number | false
  /**
   * Use is recorded at most this often. Default: a tenth of `idleTimeout`; without one, use is not
   * recorded. Must be shorter than it; 0 records every use.
   */
  readonly touchInterval?: number | undefined
  /** Lifetimes beside this default one, chosen with `regenerate({ lifetime: 'remembered' })`. */
  readonly lifetimes?: Readonly<Record<string, LifetimeOptions>> | undefined
  /** How far the clocks of the servers may differ. Default 5, from 0 to 60. */
  readonly clockTolerance?: number | undefined
  /**
   * Size limits of the servers and proxies between the application and the browser: a preset, several
   * presets, or numbers. Default `portable`.
   */
  readonly limits?: LimitsOption | undefined
  /**
   * Keeps what does not fit in a store: `overflow({ storage })` of `sealed-session/overflow`. Default:
   * none, and a session that does not fit is SessionTooLargeError.
   */
  readonly overflow?: SessionOverflow | undefined
  /** Text for what JSON cannot hold: `devalue`, `superjson`. Default: JSON, strictly. */
  readonly serializer?: SessionSerializer | undefined
  /**
   * A Standard Schema for the data. Checked when a session is opened, which then holds the schema's
   * output, and again before a write. An empty session is not checked. Default: none.
   */
  readonly schema?: SessionSchema<Data> | undefined
  /** Rejects every session that began before: a Date, its ISO text, or seconds since 1970. Default: none. */
  readonly validAfter?: Date | string | number | undefined
  /**
   * Whether a session has been revoked, by a list that the application keeps. Called on every open, and
   * again before anything of a session that was received is sealed. Any result but `false`, an
   * exception too, rejects the session. Must not open a session: the same request would wait for its
   * result, and before the first `await` every call of `open` is an error.
   * Default: none.
   */
  readonly revoked?: ((session: Session<Data>) => boolean | Promise<boolean>) | undefined
  /**
   * `deviceBound()` from `sealed-session/device`: sessions can be bound to the browser's device with
   * `bindToDevice`, and a copied cookie ends within minutes. Default: none, and sessions that are bound
   * are refused.
   */
  readonly device?: DeviceBinding | undefined
  /**
   * Called with what happens to sessions, for logs and metrics. What it throws reaches the caller.
   * Default: none.
   */
  readonly observe?: ((event: SessionEvent) => void) | undefined
  /** Returns milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined
}

/** The options, checked and complete. */
export interface ResolvedOptions {
  readonly secrets: readonly Secret[] | SecretsProvider
  readonly secretsRefresh: number
  readonly secretsGrace: number
  readonly cookie: ResolvedCookieOptions
  readonly lifetimes: Lifetimes
  readonly limits: SizeLimits
  readonly overflow: SessionOverflow | undefined
  readonly serializer: SessionSerializer | undefined
  readonly schema: SessionSchema<object> | undefined
  readonly observe: (event: SessionEvent) => void
  /** Returns whole seconds since 1970. */
  readonly now: () => number
}

const OPTION_NAMES = [
  'secrets',
  'secretsRefresh',
  'secretsGrace',
  'cookie',
  'maxAge',
  'idleTimeout',
  'touchInterval',
  'lifetimes',
  'clockTolerance',
  'limits',
  'overflow',
  'serializer',
  'schema',
  'validAfter',
  'revoked',
  'device',
  'observe',
  'clock',
]

/** Five minutes: how soon a secret that leaked is out of use everywhere. */
const DEFAULT_REFRESH = 300

/** A day: long enough to notice that the secrets' own server is down. */
const DEFAULT_GRACE = DAY_SECONDS

/**
 * Returns the options, checked and complete.
 *
 * @throws SessionConfigError with the option's path, what is wrong, and what to write instead
 */
export function resolveOptions<Data extends object>(given: CommonOptions<Data>): ResolvedOptions {
  if (!isRecord(given)) {
    throw new SessionConfigError(
      'options',
      `is ${describeKind(given)} and must be an object: { secrets: process.env.SESSION_SECRETS }`,
    )
  }
  const options = ownProperties(given)
  assertKnownKeys(options, OPTION_NAMES, '')
  functionOption('revoked', options.revoked, undefined)
  const now = inSeconds(functionOption('clock', options.clock, Date.now))
  const { secrets, secretsRefresh = DEFAULT_REFRESH, secretsGrace = DEFAULT_GRACE } = options
  const cookie = resolveCookieOptions(options.cookie)
  const limits = resolveLimits(options.limits, cookie.partitioned)
  assertRoom(cookie, limits)
  return Object.freeze({
    secrets: typeof secrets === 'function' ? secrets : parseSecrets(secrets, now()),
    secretsRefresh: secondsOption('secretsRefresh', secretsRefresh, 1, DAY_SECONDS),
    secretsGrace: secondsOption('secretsGrace', secretsGrace, 0, LONGEST_LIFE),
    cookie,
    lifetimes: resolveLifetimes(options, cookie.persistent),
    limits,
    overflow: resolveOverflow(options.overflow),
    serializer: resolveSerializer(options.serializer),
    schema: resolveSchema(options.schema),
    observe: functionOption('observe', options.observe, () => {}),
    now,
  })
}

/** Throws if name and attributes leave no room for a ticket, which is never cut into parts. */
function assertRoom(cookie: ResolvedCookieOptions, limits: SizeLimits): void {
  const name = partName(cookie.name, MAX_COOKIES - 1)
  const frame = formatSetCookie({ name, value: '', maxAge: LONGEST_LIFE }, cookie).length
  const least = frame + LONGEST_TICKET
  if (limits.cookie >= least) return
  throw new SessionConfigError('limits.cookie', `is ${limits.cookie} and must be at least ${least}`)
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
    `is ${describe(serializer)} and must have stringify and parse, as devalue has`,
  )
}

function resolveSchema<Data>(
  schema: SessionSchema<Data> | undefined,
): SessionSchema<Data> | undefined {
  if (schema === undefined || typeof schema?.['~standard']?.validate === 'function') return schema
  return refuse('schema', schema, 'a Standard Schema, as of valibot or zod')
}
