// The options of `deviceBound`, checked alone and together with the option `cookie`.

import { deviceName } from '../cookies/cookie-names.ts'
import type { ResolvedCookieOptions } from '../cookies/cookie-options.ts'
import { formatSetCookie } from '../cookies/set-cookie.ts'
import { SessionConfigError } from '../errors.ts'
import { secondsOption } from '../lifetime-options.ts'
import { LONGEST_LIFE } from '../token/claims.ts'
import { DAY_SECONDS } from '../token/day.ts'
import { valueLength } from '../token/jwe.ts'
import { BOUND_TICKET_BYTES } from '../token/ticket.ts'
import {
  assertKnownKeys,
  booleanOption,
  describe,
  isRecord,
  ownProperties,
  refuse,
} from '../validate.ts'

/**
 * The options of `deviceBound`.
 *
 * @example
 * const options: DeviceBoundOptions = { path: '/session/device', interval: 300 }
 */
export interface DeviceBoundOptions {
  /**
   * The path at which the browser registers and proves its device, of up to 256 characters. Must lie
   * within `cookie.path`.
   * Default `/.well-known/session-device`.
   */
  readonly path?: string | undefined
  /**
   * Seconds for which a proof is valid, and thus the time after which a copied cookie has ended. At
   * most half of `idleTimeout` is used. Default 600, from 1 to 86 400. Browsers renew a proof two
   * minutes ahead and limit how often they do, so use less than 300 only in tests.
   */
  readonly interval?: number | undefined
  /**
   * Whether the browser proves the device for all subdomains, which only works if the registrable
   * domain itself (`example.com`) answers the path. Required with `cookie.domain`. Default `false`:
   * for the origin that answers the path.
   */
  readonly site?: boolean | undefined
  /**
   * The application's origin, as browsers see it: `https://example.com`. Needed behind a proxy that
   * changes the `Host` header. Default: `https:` and that header.
   */
  readonly origin?: string | undefined
}

/** The options of `deviceBound`, complete. */
export interface ResolvedDeviceOptions {
  readonly path: string
  readonly interval: number
  readonly site: boolean | undefined
  readonly origin: string | undefined
}

const DEFAULT_PATH = '/.well-known/session-device'

/** Ten minutes: how long a thief can use a copy, against the cost of a signature. */
const DEFAULT_INTERVAL = 600

/**
 * Returns the options, complete.
 *
 * @throws SessionConfigError if one is wrong
 */
export function resolveDeviceOptions(given: unknown = {}): ResolvedDeviceOptions {
  if (!isRecord(given)) {
    throw new SessionConfigError('device', `was given ${describe(given)} and takes an object`)
  }
  const options = ownProperties(given)
  assertKnownKeys(options, ['path', 'interval', 'site', 'origin'], 'device.')
  const { path = DEFAULT_PATH, interval = DEFAULT_INTERVAL, site, origin } = options
  return Object.freeze({
    path: endpointOption(path),
    interval: secondsOption('device.interval', interval, 1, DAY_SECONDS),
    site: site === undefined ? undefined : booleanOption('device.site', site, false),
    origin: origin === undefined ? undefined : originOption(origin),
  })
}

/**
 * Throws unless the session's cookies reach the path, and browsers accept one of them as bound.
 *
 * @throws SessionConfigError
 */
export function assertBindable(
  { path, site }: ResolvedDeviceOptions,
  cookie: ResolvedCookieOptions,
): void {
  const folder = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`
  if (!path.startsWith(folder)) {
    throw new SessionConfigError(
      'device.path',
      `is ${describe(path)} and must lie within cookie.path, as in "${folder}device"`,
    )
  }
  if (cookie.partitioned) {
    throw new SessionConfigError('device', 'cannot be used with cookie.partitioned')
  }
  if (cookie.domain !== undefined && site === undefined) {
    throw new SessionConfigError(
      'device.site',
      'must be given with cookie.domain: true if the registrable domain itself answers device.path, ' +
        'false if one host alone uses the session',
    )
  }
}

/**
 * Throws if name and attributes leave no room for a bound session's ticket, which is never split.
 *
 * @throws SessionConfigError
 */
export function assertTicketRoom(cookie: ResolvedCookieOptions, limit: number): void {
  const name = deviceName(cookie.name, 'abcdefgh')
  const frame = formatSetCookie({ name, value: '', maxAge: LONGEST_LIFE }, cookie).length
  const least = frame + valueLength(BOUND_TICKET_BYTES, { id: '-'.repeat(32), day: 999_999 })
  if (limit >= least) return
  throw new SessionConfigError(
    'limits.cookie',
    `is ${limit} and must be at least ${least} with the option device`,
  )
}

/** Returns a path that is spelled as URLs spell it, so that one comparison finds it. */
function endpointOption(path: unknown): string {
  const fits = typeof path === 'string' && /^\/[!-~]{1,255}$/.test(path) && !/[;<?#]/.test(path)
  if (fits && new URL(path, 'https://host').pathname === path) return path
  return refuse('device.path', path, `a path of up to 256 characters, as in "${DEFAULT_PATH}"`)
}

function originOption(origin: unknown): string {
  if (typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin) {
    return origin
  }
  return refuse('device.origin', origin, 'an origin, as in "https://example.com"')
}
