// The names of a session's cookies: `NAME` and `NAME.1` to `NAME.15` hold the token, `NAME.t` the
// ticket, `NAME.x` the logout stamp, `NAME.d.<binding>` the ticket of a session that is bound to a device.
// Names are compared byte for byte.

/**
 * Upper bound for any limits: 16 cookies of 4 096 bytes are four times what common servers read.
 */
export const MAX_COOKIES = 16

/** Browsers store no longer name and value together (RFC 6265bis section 5.6). */
export const MAX_COOKIE_BYTES = 4096

/** Which of a session's cookies a name is: a part's number, the ticket, the stamp, or a bound ticket. */
export type CookieRole = number | 'ticket' | 'stamp' | 'device'

/** Suffixes of the base name. A number has no leading zero, which would be a second spelling. */
const SUFFIX = /^\.(x|t|[1-9]|1[0-5]|d\.[A-Za-z0-9_-]{8})$/

/** Returns the name of the cookie that holds part `index` of a token. */
export function partName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}

/** Returns the length of that name, which the size guard asks for all cookies that there may be. */
export function partNameLength(name: string, index: number): number {
  if (index === 0) return name.length
  return name.length + (index < 10 ? '.9' : '.15').length
}

/** Returns the name of the cookie that holds the ticket. */
export function ticketName(name: string): string {
  return `${name}.t`
}

/** Returns the name of the cookie that holds the logout stamp. */
export function stampName(name: string): string {
  return `${name}.x`
}

/** Returns the name of the cookie that holds the ticket of a bound session. */
export function deviceName(name: string, binding: string): string {
  return `${name}.d.${binding}`
}

/** Returns the binding in the name of a bound session's ticket. */
export function bindingOf(cookie: string): string {
  return cookie.slice(-8)
}

/** Returns which cookie of the session `name` it is; `undefined` for every other cookie. */
export function roleOf(cookie: string, name: string): CookieRole | undefined {
  if (cookie === name) return 0
  if (!cookie.startsWith(name)) return undefined
  const match = SUFFIX.exec(cookie.slice(name.length))
  if (match === null) return undefined
  const [, suffix = ''] = match
  if (suffix === 'x') return 'stamp'
  if (suffix.startsWith('d')) return 'device'
  return suffix === 't' ? 'ticket' : Number(suffix)
}
