// Parses a request's cookies as far as one session needs them. Values are never decoded, and other
// cookies are only counted.

import { bindingOf, roleOf } from './cookie-names.ts'
import type { CookieWrite } from './set-cookie.ts'

/** The cookies of a request. */
export interface RequestCookies {
  /** The values of each part, by its number: usually one, more where scopes overlap. */
  readonly parts: readonly (readonly string[])[]
  /** The values of the ticket cookie, in the order of the request. */
  readonly tickets: readonly string[]
  /** The tickets of bound sessions: binding and value of each. */
  readonly devices: readonly (readonly [binding: string, value: string])[]
  /** The distinct logout stamps, concatenated; empty if the request has none. */
  readonly stamps: string
  /** Bytes of all other cookies as the browser sends them, with a separator after each. */
  readonly otherBytes: number
}

/** Most values per name. A name can come from a host, a domain and several paths; more is noise. */
const MAX_TWINS = 4

/** Bytes between two cookies of a `Cookie` header: `; `. */
export const SEPARATOR_BYTES = 2

/** Characters of a logout stamp: 24 random bits, enough to be unique within one browser. */
export const STAMP_LENGTH = 4

const STAMP = /^[A-Za-z0-9_-]{4}$/

/** Characters that no header can hold as they are. */
const BEYOND_A_BYTE = /[\u0100-\uffff]/

/** The cookies of no request. */
export const NO_COOKIES: RequestCookies = Object.freeze({
  parts: [],
  tickets: [],
  devices: [],
  stamps: '',
  otherBytes: 0,
})

/** Parses a `Cookie` header in one pass, in linear time for any input. */
export function parseRequestCookies(header: string, name: string): RequestCookies {
  const cookies = createCollection()
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start)
    const stop = semicolon === -1 ? header.length : semicolon
    const segment = header.slice(skipBlanks(header, start), skipBlanksBack(header, stop))
    if (segment.startsWith(name)) addOwnSegment(cookies, name, segment)
    else addOther(cookies, segment)
    start = stop + 1
  }
  return cookies
}

/**
 * Collects cookies that were parsed and decoded elsewhere. They are counted as a browser encodes
 * them.
 */
export function collectRequestCookies(
  pairs: Iterable<readonly [name: string, value: string]>,
  name: string,
): RequestCookies {
  const cookies = createCollection()
  for (const [cookie, value] of pairs) {
    const isOwn = addOwn(cookies, name, cookie, value)
    if (!isOwn) addOther(cookies, `${cookie}=${encodeURIComponent(value)}`)
  }
  return cookies
}

/** Returns the cookies that a browser has after it has stored `cookies`. */
export function withWrites(
  { parts, ...others }: RequestCookies,
  writes: readonly CookieWrite[],
  name: string,
): RequestCookies {
  const after = { ...others, parts: [...parts] }
  for (const { name: cookie, value } of writes) {
    const role = roleOf(cookie, name)
    const values = value === '' ? [] : [value]
    if (role === 'ticket') after.tickets = values
    else if (role === 'device') {
      const binding = bindingOf(cookie)
      after.devices = [
        ...after.devices.filter(([other]) => other !== binding),
        ...values.map((ticket) => [binding, ticket] as const),
      ]
    } else if (role === 'stamp') {
      after.stamps = (value + after.stamps).slice(0, MAX_TWINS * STAMP_LENGTH)
    } else if (role !== undefined) {
      while (after.parts.length <= role) after.parts.push([])
      after.parts[role] = values
    }
  }
  while (after.parts.at(-1)?.length === 0) after.parts.pop()
  return after
}

/** The cookies that were collected so far. */
interface CookieCollection extends RequestCookies {
  readonly parts: string[][]
  readonly tickets: string[]
  readonly devices: [binding: string, value: string][]
  stamps: string
  otherBytes: number
}

function createCollection(): CookieCollection {
  return { parts: [], tickets: [], devices: [], stamps: '', otherBytes: 0 }
}

/** Adds a cookie if it is one of the session's. Returns whether it is. */
function addOwn(cookies: CookieCollection, name: string, cookie: string, value: string): boolean {
  const role = roleOf(cookie, name)
  if (role === undefined) return false
  const { parts, tickets, devices } = cookies
  if (role === 'ticket') addTwin(tickets, value)
  else if (role === 'device') devices.push([bindingOf(cookie), value])
  else if (role === 'stamp') addStamp(cookies, value)
  else {
    while (parts.length <= role) parts.push([])
    addTwin(parts[role] ?? [], value)
  }
  return true
}

function addTwin<Value>(twins: Value[], value: Value): void {
  if (twins.length < MAX_TWINS) twins.push(value)
}

function addStamp(cookies: CookieCollection, stamp: string): void {
  const { stamps } = cookies
  if (!STAMP.test(stamp) || stamps.length >= MAX_TWINS * STAMP_LENGTH) return
  for (let at = 0; at < stamps.length; at += STAMP_LENGTH) if (stamps.startsWith(stamp, at)) return
  cookies.stamps += stamp
}

function addOther(cookies: CookieCollection, pair: string): void {
  if (pair !== '') cookies.otherBytes += bytesOf(pair) + SEPARATOR_BYTES
}

/**
 * Adds a part of a header that begins like one of the session's cookies. Deno and workerd join several
 * `Cookie` lines with a comma, which no value of ours holds.
 */
function addOwnSegment(cookies: CookieCollection, name: string, segment: string): void {
  let at = 0
  while (at < segment.length) {
    const comma = segment.indexOf(',', at)
    const stop = comma === -1 ? segment.length : comma
    const from = skipBlanks(segment, at)
    // Behind the comma it is another pair's, and no name of ours has a comma.
    const equals = segment.indexOf('=', from)
    if (equals === -1) break
    const value = segment.slice(equals + 1, skipBlanksBack(segment, stop))
    // After a foreign value, a comma may be part of it, and the client chooses what follows.
    if (!addOwn(cookies, name, segment.slice(from, equals), value)) break
    at = stop + 1
  }
  addOther(cookies, segment.slice(at))
}

/**
 * Skips space and tab only (RFC 6265bis section 5.6); other white space of Unicode is part of a name.
 * A separator or an end of the text stops both.
 */
function skipBlanks(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

function skipBlanksBack(text: string, stop: number): number {
  let at = stop
  while (isBlank(text.charCodeAt(at - 1))) at--
  return at
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * Returns the bytes of a cookie on the wire. Servers pass headers as one character a byte. A string
 * with other characters was decoded on receipt, and is sent as UTF-8.
 */
function bytesOf(cookie: string): number {
  return BEYOND_A_BYTE.test(cookie) ? new TextEncoder().encode(cookie).length : cookie.length
}
