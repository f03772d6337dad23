// What a commit does to a response: cookies appended, caches told. A `Response` itself is kept where
// its headers can be changed, and rebuilt around the same body where they cannot.

import { SessionError } from '../errors.ts'

/** The header fields of a response, whatever carries it. `Headers` is one. */
export interface HeaderFields {
  get(name: string): string | null
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  keys(): Iterable<string>
  getSetCookie?(): readonly string[]
}

/**
 * The response with these `Set-Cookie` lines, as a response of a request whose session was used.
 *
 * @throws SessionError `ERR_SESSION_RESPONSE` if there is something to write and no way to write it
 */
export function attachCookies(response: Response, lines: readonly string[]): Response {
  if (!isResponse(response)) {
    // Bun's `server.upgrade` takes the connection over, and its handlers then return nothing.
    if (lines.length === 0) return response
    throw new SessionError('ERR_SESSION_RESPONSE', 'the handler must return a Response')
  }
  if (isClosed(response)) {
    if (lines.length === 0) return response
    throw new SessionError(
      'ERR_SESSION_RESPONSE',
      `a response with status ${response.status} cannot carry cookies: commit the session with another one`,
    )
  }
  const carrier = hasFixedHeaders(response) ? new Response(response.body, response) : response
  setHeaderFields(carrier.headers, lines)
  return carrier
}

/** What a response must say if its request's session was used: its lines, and that it is one visitor's. */
export function setHeaderFields(fields: HeaderFields, lines: readonly string[]): void {
  forbidSharing(fields, lines.length > 0)
  // A handler may commit before its wrapper does, and no response may set a cookie twice (RFC 6265bis
  // section 4.1.1); nor has the size guard counted it twice.
  const there = lines.length === 0 ? [] : (fields.getSetCookie?.() ?? [])
  for (const line of lines) if (!there.includes(line)) fields.append('Set-Cookie', line)
}

/**
 * 101 has left HTTP behind, and 0 is an error or an opaque response: neither can be rebuilt, and
 * their headers reach nobody.
 */
function isClosed(response: Response): boolean {
  return response.status === 101 || response.status === 0
}

/** `Response.redirect()` and what `fetch` returned refuse every change; deleting nothing tells. */
function hasFixedHeaders(response: Response): boolean {
  try {
    response.headers.delete('x-sealed-session')
    return false
  } catch {
    return true
  }
}

/**
 * A response that depends on a session is for one visitor (RFC 9110 section 12.5.5); one that brings
 * a cookie must not be kept at all (RFC 9111 section 7.3), by a CDN with headers of its own either
 * (RFC 9213).
 */
function forbidSharing(fields: HeaderFields, writes: boolean): void {
  const vary = fields.get('Vary')
  const varies = directives(vary)
  if (!varies.includes('*') && !varies.includes('cookie')) {
    fields.set('Vary', vary === null || vary === '' ? 'Cookie' : `${vary}, Cookie`)
  }
  if (!writes) return
  const said = directives(fields.get('Cache-Control'))
  if (!said.includes('no-store') && !said.includes('private')) {
    fields.set('Cache-Control', 'private, no-store')
  }
  for (const name of [...fields.keys()].filter(speaksToCdns)) fields.delete(name)
}

function speaksToCdns(name: string): boolean {
  return name.endsWith('cdn-cache-control') || name === 'surrogate-control'
}

function directives(field: string | null): string[] {
  return (field ?? '').split(',').map((directive) => directive.trim().toLowerCase())
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value && 'status' in value
}
