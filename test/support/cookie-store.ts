// A browser's cookie store by RFC 6265bis section 5, with a clock and limits of its own.
// `cookie-jar.ts` cannot do this, because tough-cookie follows RFC 6265 and knows neither the
// limits of bytes and of days, nor eviction, nor an adjustable clock. SameSite is omitted: every
// request here is of the same site.

/** One cookie in the store (section 5.7). */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** Milliseconds since 1970; `Infinity` for as long as the browser runs. */
  readonly expiresAt: number
  /**
   * Creation-time and last-access-time, as positions in one sequence, so that no clock reorders
   * them.
   */
  readonly created: number
  readonly used: number
}

/** The result of a `Set-Cookie` line. */
export type Outcome = 'stored' | 'deleted' | 'refused'

export interface CookieStore {
  /** Stores a line of a response from `url`, or one that a script of that page wrote. */
  set(line: string, url: string, by?: 'http' | 'script'): Outcome
  /** The `Cookie` header of a request to `url`. With `peek`, it counts as no access. */
  header(url: string, look?: 'send' | 'peek'): string
  /** Every cookie that has not expired, oldest first. */
  cookies(): readonly StoredCookie[]
  /** Removes a cookie, as browsers do when there are too many. */
  evict(cookie: StoredCookie): void
}

export interface StoreOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** How many cookies of a site are stored: 180 in Chromium and Firefox. */
  readonly most?: number
  /** `false` for a browser that treats `__Host-` and `__Secure-` as ordinary names. */
  readonly prefixes?: boolean
}

/** A parsed `Set-Cookie` line (section 5.6). */
interface Line {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** Empty for the default path. */
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** Seconds from now. */
  readonly maxAge: number | undefined
  /** Milliseconds since 1970. */
  readonly expires: number | undefined
}

/** Of name and value together (section 5.6, step 5). */
const MOST_BYTES = 4096

/** Longer attribute values are ignored, the cookie is not. */
const MOST_ATTRIBUTE_BYTES = 1024

/** 400 days (section 5.5). */
const LONGEST_LIFE = 400 * 86_400_000

/** Control characters except the tab. */
// oxlint-disable-next-line no-control-regex -- they are what is refused
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/

export function createCookieStore({
  clock,
  most = 180,
  prefixes = true,
}: StoreOptions): CookieStore {
  let kept: StoredCookie[] = []
  let sequence = 0

  function set(text: string, url: string, by: 'http' | 'script' = 'http'): Outcome {
    const line = parseLine(text)
    const from = new URL(url)
    const cookie = line && toStoredCookie(line, from, clock(), sequence++)
    if (cookie === undefined) return 'refused'
    if (by === 'script' && cookie.httpOnly) return 'refused'
    if (prefixes && breaksPrefix(cookie, line?.path === '/')) return 'refused'
    if (!cookie.secure && !isSecure(from) && kept.some((old) => shadows(old, cookie))) {
      return 'refused'
    }
    dropExpired()
    const old = kept.find((other) => isSame(other, cookie))
    if (by === 'script' && old?.httpOnly === true) return 'refused'
    kept = kept.filter((other) => other !== old)
    kept.push({ ...cookie, created: old?.created ?? cookie.created })
    const expired = cookie.expiresAt <= clock()
    dropExpired()
    evictBeyond(siteOf(cookie.domain))
    return expired ? 'deleted' : 'stored'
  }

  function header(url: string, look: 'send' | 'peek' = 'send'): string {
    dropExpired()
    const target = new URL(url)
    const sent = kept
      .filter((cookie) => goesTo(cookie, target))
      .toSorted((a, b) => b.path.length - a.path.length || a.created - b.created)
    if (look === 'send') {
      const used = sequence++
      kept = kept.map((cookie) => (sent.includes(cookie) ? { ...cookie, used } : cookie))
    }
    return sent.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ')
  }

  function dropExpired(): void {
    const now = clock()
    if (kept.some(({ expiresAt }) => expiresAt <= now)) {
      kept = kept.filter(({ expiresAt }) => expiresAt > now)
    }
  }

  /** Insecure ones first, then the least recently used (section 5.7, at its end). */
  function evictBeyond(site: string): void {
    while (kept.length > most) {
      const ofSite = kept.filter(({ domain }) => siteOf(domain) === site)
      if (ofSite.length <= most) return
      const [first] = ofSite.toSorted(
        (a, b) => Number(a.secure) - Number(b.secure) || a.used - b.used,
      )
      kept = kept.filter((cookie) => cookie !== first)
    }
  }

  return {
    set,
    header,
    cookies() {
      dropExpired()
      return kept.toSorted((a, b) => a.created - b.created)
    },
    evict(cookie) {
      kept = kept.filter((other) => !isSame(other, cookie))
    },
  }
}

/** Section 5.6. */
function parseLine(text: string): Line | undefined {
  if (CONTROL.test(text)) return undefined
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const name = trim(pair.slice(0, Math.max(equals, 0)))
  const value = trim(pair.slice(equals + 1))
  if (name === '' && value === '') return undefined
  if (Buffer.byteLength(name) + Buffer.byteLength(value) > MOST_BYTES) return undefined

  const line = { name, value, domain: '', path: '', secure: false, httpOnly: false }
  let maxAge: number | undefined
  let expires: number | undefined
  for (const attribute of attributes) {
    const at = attribute.indexOf('=')
    const key = trim(at === -1 ? attribute : attribute.slice(0, at)).toLowerCase()
    const text = at === -1 ? '' : trim(attribute.slice(at + 1))
    if (Buffer.byteLength(text) > MOST_ATTRIBUTE_BYTES) continue
    if (key === 'domain') line.domain = text.replace(/^\./, '').toLowerCase()
    else if (key === 'path') line.path = text.startsWith('/') ? text : ''
    else if (key === 'secure') line.secure = true
    else if (key === 'httponly') line.httpOnly = true
    else if (key === 'max-age' && /^-?[0-9]+$/.test(text)) maxAge = Number(text)
    else if (key === 'expires') expires = parseDate(text) ?? expires
  }
  return { ...line, maxAge, expires }
}

/** Returns the cookie of a line, or `undefined` if its host may not set it. */
function toStoredCookie(
  line: Line,
  { hostname, pathname, protocol }: URL,
  now: number,
  at: number,
): StoredCookie | undefined {
  const { name, value, secure, httpOnly } = line
  // A public suffix may name only itself. Here, the top-level domains are the suffixes.
  const named = line.domain === hostname && !hostname.includes('.') ? '' : line.domain
  if (named !== '' && (!named.includes('.') || !domainMatches(hostname, named))) return undefined
  if (secure && !isSecure({ hostname, protocol })) return undefined
  return {
    name,
    value,
    domain: named === '' ? hostname : named,
    hostOnly: named === '',
    path: line.path === '' ? defaultPath(pathname) : line.path,
    secure,
    httpOnly,
    expiresAt: expiryOf(line, now),
    created: at,
    used: at,
  }
}

/**
 * `Max-Age` takes precedence over `Expires`, in any order; no cookie is kept for more than 400
 * days.
 */
function expiryOf({ maxAge, expires }: Line, now: number): number {
  if (maxAge !== undefined) {
    return maxAge <= 0 ? -Infinity : now + Math.min(maxAge * 1000, LONGEST_LIFE)
  }
  return expires === undefined ? Infinity : Math.min(expires, now + LONGEST_LIFE)
}

/** Section 5.7, steps on `__Secure-` and `__Host-`: without regard to case. */
function breaksPrefix(cookie: StoredCookie, rootGiven: boolean): boolean {
  const { name, value, secure, hostOnly } = cookie
  if (name === '') return /^__(?:host|secure)-/i.test(value)
  if (/^__secure-/i.test(name)) return !secure
  return /^__host-/i.test(name) && !(secure && hostOnly && rootGiven)
}

/** One cookie per name, domain, host-only-flag and path. */
function isSame(one: StoredCookie, other: StoredCookie): boolean {
  return (
    one.name === other.name &&
    one.domain === other.domain &&
    one.hostOnly === other.hostOnly &&
    one.path === other.path
  )
}

/** Whether a plain-text response would hide or replace a secure cookie ("leave secure cookies alone"). */
function shadows(old: StoredCookie, cookie: StoredCookie): boolean {
  return (
    old.secure &&
    old.name === cookie.name &&
    (domainMatches(old.domain, cookie.domain) || domainMatches(cookie.domain, old.domain)) &&
    pathMatches(cookie.path, old.path)
  )
}

function goesTo(cookie: StoredCookie, url: URL): boolean {
  const { hostname, pathname } = url
  const { domain, hostOnly, path, secure } = cookie
  const host = hostOnly ? hostname === domain : domainMatches(hostname, domain)
  return host && pathMatches(pathname, path) && (!secure || isSecure(url))
}

/** Section 5.1.3, for hosts that are no addresses. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

/** Section 5.1.4. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}

/** Section 5.1.4: up to the last slash, without it. */
function defaultPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function isSecure({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return protocol === 'https:' || hostname === 'localhost'
}

/**
 * The site, which shares a limit: the last two labels, because no host here has a longer public
 * suffix.
 */
function siteOf(domain: string): string {
  return domain.split('.').slice(-2).join('.')
}

/** Trims space and tab only, not other white space of Unicode. */
function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

/** Section 5.1.1: the first time, day, month and year found, in any order. */
function parseDate(text: string): number | undefined {
  let [time, day, month, year]: (string | undefined)[] = []
  for (const token of text.split(/[\t -/;-@[-`{-~]+/)) {
    if (time === undefined && /^\d{1,2}:\d{1,2}:\d{1,2}(?!\d)/.test(token)) time = token
    else if (day === undefined && /^\d{1,2}(?!\d)/.test(token)) day = token
    else if (month === undefined && MONTHS.includes(token.slice(0, 3).toLowerCase())) month = token
    else if (year === undefined && /^\d{2,4}(?!\d)/.test(token)) year = token
  }
  if (time === undefined || day === undefined) return undefined
  if (month === undefined || year === undefined) return undefined
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map((part) => parseInt(part, 10))
  const short = parseInt(year, 10)
  const full = short + (short < 70 ? 2000 : short < 100 ? 1900 : 0)
  const date = parseInt(day, 10)
  const index = MONTHS.indexOf(month.slice(0, 3).toLowerCase())
  const at = new Date(Date.UTC(full, index, date, hours, minutes, seconds))
  const fits = full >= 1601 && hours < 24 && minutes < 60 && seconds < 60
  return fits && date >= 1 && at.getUTCDate() === date ? at.getTime() : undefined
}
