// `Cookie` header -> our values; our values -> `Set-Cookie` lines (RFC 6265bis). Names are compared
// byte for byte, values are never decoded, foreign cookies are only counted.

import { stringifySetCookie } from 'cookie'
import type { SetCookie } from 'cookie'
import type { ResolvedCookieOptions } from './cookie-options.ts'
import { SessionConfigError } from '../errors.ts'
import { isRecord, ownProperty } from '../validate.ts'

/** What a request brought. */
export interface RequestCookies {
  /** The values of each part, by its number: usually one, more where scopes overlap. Empty if none came. */
  readonly parts: readonly (readonly string[])[]
  /** How often this browser has logged out: 0 without a mark. */
  readonly logouts: number
  /** Bytes of all other cookies as the browser sends them, with a separator after each. */
  readonly otherBytes: number
}

/** Anything a `Cookie` header can be found in. */
export type CookieSource =
  | Request
  | Headers
  | string
  | null
  | undefined
  | { readonly headers: object; readonly cookies?: readonly string[] | null | undefined }
  | { readonly cookies: readonly string[] }
  | {
      readonly headers?: object | null | undefined
      readonly multiValueHeaders?: object | null | undefined
    }

/**
 * However high the limits: 16 cookies of 4 096 bytes are four times what any common server reads.
 */
export const MAX_COOKIES = 16

/** Browsers keep no larger name and value together (RFC 6265bis section 5.6). */
export const MAX_COOKIE_BYTES = 4096

/** The same name from more scopes than this (host, domain, path) is somebody's noise. */
const MAX_TWINS = 4

/** Between two cookies of a `Cookie` header: `; `. */
export const SEPARATOR_BYTES = 2

/** What the transport puts around a line: `Set-Cookie: ` and CRLF. */
export const LINE_FRAME_BYTES = 14

/** Nine digits: more logouts than a browser lives through, and exact in a double. */
const LOGOUTS = /^[1-9][0-9]{0,8}$/

/** `=` for the first part, `.1=` to `.15=` for the others, `.x=` for the mark. */
const SUFFIX = /^(?:\.(x|[1-9]|1[0-5]))?=/

/** No header can hold it as it is. */
const BEYOND_A_BYTE = /[\u0100-\uffff]/

/** The most a mark can count to. */
export const MAX_LOGOUTS = 999_999_999

/** The cookie that bears part `index` of a session. */
export function partName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}

/** The cookie that counts the logouts. */
export function markName(name: string): string {
  return `${name}.x`
}

/** A count of logouts as a mark's value. */
export function markValue(logouts: number): string {
  return String(logouts)
}

/** A `Cookie` header's values of this session's cookies. One pass, linear, whatever comes. */
export function parseRequestCookies(header: string, name: string): RequestCookies {
  const parts: string[][] = []
  let logouts = 0
  let otherBytes = 0
  const take = (pair: string): boolean => {
    const [from, to] = trim(pair, 0, pair.length)
    const slot = pair.startsWith(name, from) ? slotOf(pair, from + name.length) : undefined
    if (slot === undefined) return false
    const value = pair.slice(slot.valueAt, to)
    if (slot.index === undefined) {
      if (LOGOUTS.test(value)) logouts = Math.max(logouts, Number(value))
      return true
    }
    while (parts.length <= slot.index) parts.push([])
    const twins = parts[slot.index]
    if (twins !== undefined && twins.length < MAX_TWINS) twins.push(value)
    return true
  }

  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start)
    const stop = semicolon === -1 ? header.length : semicolon
    const [from, to] = trim(header, start, stop)
    let at = from
    if (header.startsWith(name, from)) {
      // Deno and workerd join several Cookie lines with a comma, which no value of ours holds. Behind
      // a foreign value it may be a part of that, and what follows could be put there by anybody.
      const ours = header.slice(from, to)
      // Making a list takes longer than all the rest, and hardly ever is there a comma.
      for (const pair of ours.includes(',') ? ours.split(',') : [ours]) {
        if (!take(pair)) break
        at += pair.length + 1
      }
    }
    if (at < to) otherBytes += bytesOf(header, at, to) + SEPARATOR_BYTES
    start = stop + 1
  }
  return { parts, logouts, otherBytes }
}

/** A cookie's `Set-Cookie` line. Without `maxAge` (seconds) it ends with the browser. */
export function writeCookie(
  settings: ResolvedCookieOptions,
  name: string,
  value: string,
  maxAge: number,
): string {
  return cookieWriter(settings, maxAge)(name, value)
}

/** The same for several cookies, whose attributes are written once. */
export function cookieWriter(
  settings: ResolvedCookieOptions,
  maxAge: number,
): (name: string, value: string) => string {
  const cookie = attributes(settings, settings.name)
  if (settings.persistent) cookie.maxAge = maxAge
  const after = stringifySetCookie(cookie).slice(`${settings.name}=`.length)
  // Our values are base64url, digits and dots: nothing to encode, and nothing to look for.
  return (name, value) => `${name}=${value}${after}`
}

/**
 * The line that deletes a cookie: the same attributes, or browsers keep it. `Max-Age` and `Expires`
 * both, for clients that know only one.
 */
export function deleteCookie(settings: ResolvedCookieOptions, name: string): string {
  const cookie = attributes(settings, name)
  cookie.maxAge = 0
  cookie.expires = new Date(0)
  return stringifySetCookie(cookie)
}

/**
 * The `Cookie` header of a source; the empty string if there is none. Only this header is read,
 * never another one that a client can set.
 *
 * @throws SessionConfigError if the source is nothing a cookie can be found in
 */
export function cookieHeader(source: CookieSource): string {
  if (source === null || source === undefined) return ''
  if (typeof source === 'string') return source
  if (typeof source === 'object') {
    if (hasGet(source)) return source.get('cookie') ?? ''
    // AWS API Gateway's payload 2.0 and function URLs take the cookies out of the headers. Their own:
    // a list that other code has put on `Object.prototype` would be everybody's session.
    const cookies = ownProperty(source, 'cookies')
    if (Array.isArray(cookies)) return cookies.join('; ')
    // Payload 1.0 has both: where a client sends several lines, `headers` has only the last one.
    const listed = ownProperty(source, 'multiValueHeaders')
    const header = isRecord(listed) ? fromRecord(listed) : ''
    if (header !== '') return header
    if ('headers' in source && typeof source.headers === 'object' && source.headers !== null) {
      return hasGet(source.headers)
        ? (source.headers.get('cookie') ?? '')
        : fromRecord(source.headers)
    }
    // An AWS load balancer that is set to multi-value headers sends no others.
    if (Object.hasOwn(source, 'multiValueHeaders')) return ''
  }
  throw new SessionConfigError(
    'source',
    'must be a Request, Headers, a Cookie header, null, or an object with headers',
  )
}

/** Node's headers are in lower case; Lambda's come as the client or HTTP/2 spelled them. */
function fromRecord(headers: object): string {
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'cookie') continue
    if (typeof value === 'string') return value
    if (Array.isArray(value)) return value.join('; ')
  }
  return ''
}

function hasGet(value: object): value is { get(name: string): string | null } {
  return 'get' in value && typeof value.get === 'function'
}

/** Which of our cookies a pair is, by what follows the base name, and where its value begins. */
function slotOf(
  pair: string,
  from: number,
): { readonly index: number | undefined; readonly valueAt: number } | undefined {
  // As far as the longest suffix reaches: what follows may be long.
  const match = SUFFIX.exec(pair.slice(from, from + '.15='.length))
  if (match === null) return undefined
  const [{ length }, suffix = '0'] = match
  return { index: suffix === 'x' ? undefined : Number(suffix), valueAt: from + length }
}

/** Space and tab only (RFC 6265bis section 5.6); what Unicode calls blank is part of a name. */
function trim(text: string, start: number, stop: number): [number, number] {
  let from = start
  let to = stop
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return [from, to]
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Bytes on the wire. Servers hand headers over as one character a byte; text with characters beyond
 * that was decoded on the way in, and is UTF-8 again on the way out.
 */
function bytesOf(text: string, from: number, to: number): number {
  const cookie = text.slice(from, to)
  return BEYOND_A_BYTE.test(cookie) ? new TextEncoder().encode(cookie).length : to - from
}

/** A cookie without a value yet. Whoever reads it asks for attributes that it has not got. */
function attributes(settings: ResolvedCookieOptions, name: string): SetCookie {
  const { path, domain, secure, sameSite, partitioned, priority } = settings
  const cookie: SetCookie & { __proto__: null } = {
    __proto__: null,
    name,
    value: '',
    path,
    httpOnly: true,
    secure,
    sameSite,
    partitioned,
  }
  if (domain !== undefined) cookie.domain = domain
  if (priority !== undefined) cookie.priority = priority
  return cookie
}
