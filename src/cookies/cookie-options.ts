// The `cookie` option. Browsers silently drop cookies that break their rules; here each such
// combination is an error.

import { SessionConfigError } from '../errors.ts'
import {
  assertKnownKeys,
  booleanOption,
  describe,
  enumOption,
  isRecord,
  ownProperties,
  refuse,
} from '../validate.ts'

/**
 * Attributes of the session's cookies, which are always `HttpOnly`. `createSessions` throws for
 * combinations that browsers would drop.
 *
 * @example
 * createSessions({ secrets, cookie: { name: 'shop', secure: isProduction, sameSite: 'strict' } })
 */
export interface CookieOptions {
  /**
   * Default `__Host-session`; 1 to 64 characters of a token (RFC 6265bis section 4.1.1). With the
   * prefix `__Host-`, browsers accept the cookie only from this host, over HTTPS, for all of its
   * paths. Must not end as the names of the session's further cookies do: `.x`, `.t`, `.d`, `.d.` and
   * more characters, or a dot and a number.
   */
  readonly name?: string | undefined
  /** Default `/`; at most 1 024 characters (RFC 6265bis section 5.6). Must be `/` for a name with `__Host-`. */
  readonly path?: string | undefined
  /**
   * Every subdomain of it can read, set and replace the cookie. Default: this host only. Cannot be
   * set for a name with `__Host-`.
   */
  readonly domain?: string | undefined
  /**
   * Sent over HTTPS (and to localhost) only. Default `true`. Without it, everyone on the network can
   * read the cookie and set it. Must be `true` for a name with `__Host-` or `__Secure-`, as the
   * default name has, for `sameSite: 'none'`, and for `partitioned`.
   */
  readonly secure?: boolean | undefined
  /** Default `lax`. `none` is for pages inside other sites' frames. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined
  /** One cookie for each embedding site (CHIPS). Default `false`. */
  readonly partitioned?: boolean | undefined
  /** Which cookies Chromium evicts last. Default: not sent. */
  readonly priority?: 'low' | 'medium' | 'high' | undefined
  /**
   * Whether the cookies outlive the browser, unless a named lifetime says otherwise. Default `true`.
   * The end of the session inside the token stays.
   */
  readonly persistent?: boolean | undefined
}

/** The `cookie` option, checked and complete. */
export interface ResolvedCookieOptions {
  readonly name: string
  readonly path: string
  readonly domain: string | undefined
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned: boolean
  readonly priority: 'low' | 'medium' | 'high' | undefined
  /** Seconds, of the default lifetime. */
  readonly persistent: boolean
}

const COOKIE_OPTION_NAMES = [
  'name',
  'path',
  'domain',
  'secure',
  'sameSite',
  'partitioned',
  'priority',
  'persistent',
]

/** Browsers ignore longer attribute values (RFC 6265bis section 5.6). */
const MAX_ATTRIBUTE_BYTES = 1024

/** The names of a session's further cookies: parts, ticket, logout stamp, and a device's ticket. */
const FURTHER_COOKIE = /\.(?:[0-9]+|[tx]|d(?:\..*)?)$/

/**
 * Returns the `cookie` option, checked and complete.
 *
 * @throws SessionConfigError with the option's path, what is wrong, and what to write instead
 */
export function resolveCookieOptions(given: unknown = {}): ResolvedCookieOptions {
  if (!isRecord(given)) throw new SessionConfigError('cookie', 'must be an object: { name: … }')
  const option = ownProperties(given)
  assertKnownKeys(option, COOKIE_OPTION_NAMES, 'cookie.')
  const domain = option['domain']
  const settings = {
    name: option['name'] ?? '__Host-session',
    path: option['path'] ?? '/',
    domain,
    secure: booleanOption('cookie.secure', option['secure'], true),
    sameSite: enumOption('cookie.sameSite', option['sameSite'] ?? 'lax', ['lax', 'strict', 'none']),
    partitioned: booleanOption('cookie.partitioned', option['partitioned'], false),
    priority:
      option['priority'] === undefined
        ? undefined
        : enumOption('cookie.priority', option['priority'], ['low', 'medium', 'high']),
    persistent: booleanOption('cookie.persistent', option['persistent'], true),
  }
  const checked = {
    ...settings,
    name: nameOption(settings.name),
    path: pathOption(settings.path),
    domain: domain === undefined ? undefined : domainOption(domain),
  }
  assertBrowsersKeep(checked)
  return Object.freeze(checked)
}

/** Throws for a combination of attributes that browsers drop silently. */
function assertBrowsersKeep(cookie: ResolvedCookieOptions): void {
  const { name, path, domain, secure, sameSite, partitioned } = cookie
  // Browsers compare the prefixes without regard to case (RFC 6265bis section 5.7).
  const [prefix] = /^__(?:host|secure|http)-/i.exec(name) ?? ['']
  const other = `, or take the name ${describe(name.slice(prefix.length) || 'session')}`
  if (!secure && (prefix !== '' || partitioned || sameSite === 'none')) {
    const [cause, instead] =
      prefix !== '' ? [name, other] : [partitioned ? 'a partitioned cookie' : "sameSite 'none'", '']
    throw new SessionConfigError('cookie.secure', `must be true for ${cause}${instead}`)
  }
  if (!/^__host-/i.test(prefix)) return
  if (domain !== undefined) {
    throw new SessionConfigError('cookie.domain', `must be left out for ${name}${other}`)
  }
  if (path !== '/') throw new SessionConfigError('cookie.path', `must be "/" for ${name}${other}`)
}

/** Returns a token (RFC 6265bis section 4.1.1). Short, because each part repeats it. */
function nameOption(name: unknown): string {
  if (typeof name !== 'string' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/.test(name)) {
    refuse('cookie.name', name, "1 to 64 letters, digits and any of !#$%&'*+-.^_`|~")
  }
  if (FURTHER_COOKIE.test(name)) {
    throw new SessionConfigError(
      'cookie.name',
      `is ${describe(name)}, and must not end in .x, .t, .d or a number: the session's further cookies do`,
    )
  }
  return name
}

/** Returns a path that `cookie` writes: what RFC 6265bis section 4.1.1 allows, without `<`. */
function pathOption(path: unknown): string {
  const fits = typeof path === 'string' && /^\/[\x20-\x3a\x3d-\x7e]*$/.test(path)
  if (fits && path.length <= MAX_ATTRIBUTE_BYTES && path.trimEnd() === path) return path
  throw new SessionConfigError(
    'cookie.path',
    `is ${describe(path)} and must be a path without ; and <, as in "/"`,
  )
}

/**
 * Returns a host name (RFC 1123). Browsers ignore or reject a leading dot, a port and an address.
 */
function domainOption(domain: unknown): string {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  const host = new RegExp(`^(?:${label}\\.)*(?!\\d+$)${label}$`, 'i')
  if (typeof domain === 'string' && domain.length <= 253 && host.test(domain)) return domain
  return refuse('cookie.domain', domain, 'a host name, as in "example.com"')
}
