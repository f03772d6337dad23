// How a session's cookies are written: what an application may choose, and the rules that browsers
// enforce by dropping the cookie without a word, which here are errors and, where they can be, types.

import { SessionConfigError } from '../errors.ts'
import {
  booleanOption,
  isRecord,
  enumOption,
  ownProperties,
  assertKnownKeys,
  describe,
} from '../validate.ts'

interface CookieBase {
  /** Ends with the browser when `false`; the embedded expiry stays. Default `true`. */
  readonly persistent?: boolean | undefined
  /** Which cookies Chromium evicts last. Default: not sent. */
  readonly priority?: 'low' | 'medium' | 'high' | undefined
}

/** `Secure`, and all that browsers allow only with it. */
interface SecureCookie extends CookieBase {
  /** Sent over HTTPS (and to localhost) only. Default `true`. */
  readonly secure?: true | undefined
  /** Default `lax`. `none` is for pages inside other sites' frames. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined
  /** One jar for each embedding site (CHIPS). Default `false`. */
  readonly partitioned?: boolean | undefined
}

interface InsecureCookie extends CookieBase {
  /** Without `Secure`, whoever is on the network can read the cookie and set it. */
  readonly secure: false
  readonly sameSite?: 'lax' | 'strict' | undefined
  readonly partitioned?: false | undefined
}

/** `__Host-`: set by this host alone, over HTTPS, for all of its paths (RFC 6265bis section 4.1.3.2). */
type HostCookie = SecureCookie & {
  readonly name?: `__Host-${string}` | undefined
  readonly path?: '/' | undefined
  readonly domain?: undefined
}

type NamedCookie = (SecureCookie | InsecureCookie) & {
  /** Must not begin with `__Host-`; may begin with `__Secure-` if `secure`. */
  readonly name: string
  /** Default `/`. */
  readonly path?: string | undefined
  /** Every subdomain of it can read, set and replace the cookie. Default: this host only. */
  readonly domain?: string | undefined
}

/** How the session's cookies are written. They are always `HttpOnly`. */
export type CookieOptions = HostCookie | NamedCookie

/** How every cookie of a session is written. */
export interface ResolvedCookieOptions {
  readonly name: string
  readonly path: string
  readonly domain: string | undefined
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned: boolean
  readonly priority: 'low' | 'medium' | 'high' | undefined
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

/** Attribute values beyond this are ignored by browsers (RFC 6265bis section 5.6). */
const MOST_ATTRIBUTE_BYTES = 1024

/**
 * The `cookie` option, checked and complete.
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
    name: nameOf(settings.name),
    path: pathOf(settings.path),
    domain: domain === undefined ? undefined : domainOf(domain),
  }
  refuseWhatBrowsersDrop(checked)
  return Object.freeze(checked)
}

/** Cookies that break these rules vanish in the browser without a word. */
function refuseWhatBrowsersDrop(cookie: ResolvedCookieOptions): void {
  const { name, path, domain, secure } = cookie
  // Browsers compare the prefixes without regard to case (RFC 6265bis section 5.7).
  if (/^__host-/i.test(name)) {
    const plain = `a name without the prefix, as in ${describe(name.slice('__Host-'.length) || 'session')}`
    if (!secure)
      throw new SessionConfigError('cookie.secure', `must be true for ${name}: or take ${plain}`)
    if (domain !== undefined) {
      throw new SessionConfigError(
        'cookie.domain',
        `cannot be set for ${name}: leave it out, or take ${plain}`,
      )
    }
    if (path !== '/') {
      throw new SessionConfigError('cookie.path', `must be "/" for ${name}: or take ${plain}`)
    }
  }
  if (/^__(?:secure|http)-/i.test(name) && !secure) {
    throw new SessionConfigError('cookie.secure', `must be true for ${name}: or take another name`)
  }
  if (cookie.sameSite === 'none' && !secure) {
    throw new SessionConfigError('cookie.secure', "must be true with sameSite 'none'")
  }
  if (cookie.partitioned && !secure) {
    throw new SessionConfigError('cookie.secure', 'must be true for a partitioned cookie')
  }
}

/** A token (RFC 6265bis section 4.1.1). Short: it is paid for with every part. */
function nameOf(name: unknown): string {
  if (typeof name !== 'string' || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/.test(name)) {
    throw new SessionConfigError(
      'cookie.name',
      `is ${describe(name)} and must be 1 to 64 letters, digits and any of !#$%&'*+-.^_\`|~`,
    )
  }
  if (name.endsWith('.x') || /\.[0-9]+$/.test(name)) {
    throw new SessionConfigError(
      'cookie.name',
      `is ${describe(name)}, and names ending in .x or a dot and a number are those of a session's further cookies: take another`,
    )
  }
  return name
}

/** What the `cookie` package writes: all that RFC 6265bis section 4.1.1 allows, but no `<`. */
function pathOf(path: unknown): string {
  const fits = typeof path === 'string' && /^\/[\x20-\x3a\x3d-\x7e]*$/.test(path)
  if (fits && path.length <= MOST_ATTRIBUTE_BYTES && path.trimEnd() === path) return path
  throw new SessionConfigError(
    'cookie.path',
    `is ${describe(path)} and must begin with / and hold no semicolon and no <: write "/"`,
  )
}

/** A host name (RFC 1123): no leading dot, no port, no address, which browsers ignore or refuse. */
function domainOf(domain: unknown): string {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  const host = new RegExp(`^(?:${label}\\.)*(?!\\d+$)${label}$`, 'i')
  if (typeof domain === 'string' && domain.length <= 253 && host.test(domain)) return domain
  throw new SessionConfigError(
    'cookie.domain',
    `is ${describe(domain)} and must be a host name, as in "example.com": no scheme, port or leading dot`,
  )
}
