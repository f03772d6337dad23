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
  const collected = createCollector(name)
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start)
    const stop = semicolon === -1 ? header.length : semicolon
    const [from, to] = trim(header, start, stop)
    if (header.startsWith(name, from)) {
      collected.addOwnSegment(header.slice(from, to))
    } else {
      collected.addOther(header.slice(from, to))
    }
    start = stop + 1
  }
  return collected.result()
}

/**
 * Collects cookies that were parsed and decoded elsewhere. They are counted as a browser encodes
 * them.
 */
export function collectRequestCookies(
  pairs: Iterable<readonly [name: string, value: string]>,
  name: string,
): RequestCookies {
  const collected = createCollector(name)
  for (const [cookie, value] of pairs) {
    if (!collected.add(cookie, value)) collected.addOther(`${cookie}=${encodeURIComponent(value)}`)
  }
  return collected.result()
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

interface Collector {
  /** Adds a cookie if it is one of the session's. Returns whether it is. */
  add(cookie: string, value: string): boolean
  /** Adds a segment of a header that begins like one of the session's cookies. */
  addOwnSegment(segment: string): void
  /** Counts another cookie. */
  addOther(pair: string): void
  result(): RequestCookies
}

function createCollector(name: string): Collector {
  const parts: string[][] = []
  const tickets: string[] = []
  const devices: [string, string][] = []
  const stamps: string[] = []
  let otherBytes = 0

  function add(cookie: string, value: string): boolean {
    const role = roleOf(cookie, name)
    if (role === undefined) return false
    if (role === 'ticket') {
      if (tickets.length < MAX_TWINS) tickets.push(value)
    } else if (role === 'device') {
      if (devices.length < MAX_TWINS) devices.push([bindingOf(cookie), value])
    } else if (role === 'stamp') {
      const isNew = STAMP.test(value) && !stamps.includes(value)
      if (isNew && stamps.length < MAX_TWINS) stamps.push(value)
    } else {
      while (parts.length <= role) parts.push([])
      const twins = parts[role]
      if (twins !== undefined && twins.length < MAX_TWINS) twins.push(value)
    }
    return true
  }

  function addOther(pair: string): void {
    if (pair !== '') otherBytes += bytesOf(pair) + SEPARATOR_BYTES
  }

  /**
   * Splits at commas, with which Deno and workerd join several `Cookie` lines. No value of ours has
   * one.
   */
  function addOwnSegment(segment: string): void {
    let at = 0
    while (at <= segment.length) {
      const comma = segment.indexOf(',', at)
      const stop = comma === -1 ? segment.length : comma
      const [from, to] = trim(segment, at, stop)
      const equals = segment.indexOf('=', from)
      const isPair = equals !== -1 && equals < to
      // Stops at the first foreign cookie: a comma may be part of its value, which the client
      // chooses.
      if (!isPair || !add(segment.slice(from, equals), segment.slice(equals + 1, to))) break
      at = stop + 1
    }
    addOther(segment.slice(at))
  }

  return {
    add,
    addOwnSegment,
    addOther,
    result: () => ({ parts, tickets, devices, stamps: stamps.join(''), otherBytes }),
  }
}

/**
 * Trims space and tab only (RFC 6265bis section 5.6); other white space of Unicode is part of a
 * name.
 */
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
 * Returns the bytes of a cookie on the wire. Servers pass headers as one character a byte. A string
 * with other characters was decoded on receipt, and is sent as UTF-8.
 */
function bytesOf(cookie: string): number {
  return BEYOND_A_BYTE.test(cookie) ? new TextEncoder().encode(cookie).length : cookie.length
}
