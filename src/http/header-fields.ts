// The header fields that a session adds to a response of any kind: a `Response`, a Node response,
// or the result of a Lambda function.

import { controlsSharedCache, restrictCaching, varyOnCookie } from './caching.ts'
import { cookieName, ownRole } from './own-cookies.ts'
import type { IsOwnCookie } from './own-cookies.ts'

/** The header fields of a response, to read. */
export interface ReadableFields {
  get(name: string): string | null
  keys(): Iterable<string>
  /** The `Set-Cookie` lines, one string each. */
  getSetCookie(): readonly string[]
}

/** The header fields of a response, to read and change. */
export interface HeaderFields extends ReadableFields {
  set(name: string, value: string): void
  delete(name: string): void
  /** Replaces all `Set-Cookie` lines. */
  replaceSetCookie(lines: readonly string[]): void
}

/** Changes of the header fields of a response. */
export interface FieldChanges {
  readonly set: readonly (readonly [name: string, value: string])[]
  readonly deleted: readonly string[]
  /** All `Set-Cookie` lines, or `undefined` if they do not change. */
  readonly setCookie: readonly string[] | undefined
  /** Whether a different cookie of these sessions is replaced, other than a ticket. */
  readonly isOverwrite: boolean
}

/** A List of RFC 9651, so that each of several sessions can ask for a key. */
const REGISTRATION = 'Secure-Session-Registration'

/**
 * Returns the changes with which the response of a request whose session was used carries `lines`.
 *
 * Lines of the same sessions that are already there are replaced, because no response may set a cookie
 * twice (RFC 6265bis section 4.1.1). Other lines keep their order and their spelling.
 *
 * @param registration asks the browser for a key of its device, beside the requests of others
 */
export function planFields(
  fields: ReadableFields,
  lines: readonly string[],
  isOwnCookie: IsOwnCookie,
  registration?: string,
): FieldChanges {
  const set: [string, string][] = []
  if (registration !== undefined) {
    const asked = fields.get(REGISTRATION) ?? ''
    const value = asked === '' ? registration : `${asked}, ${registration}`
    if (!asked.includes(registration)) set.push([REGISTRATION, value])
  }
  const vary = varyOnCookie(fields.get('Vary'))
  const cacheControl = restrictCaching(fields.get('Cache-Control'), lines.length > 0)
  if (vary !== undefined) set.push(['Vary', vary])
  if (cacheControl !== undefined) set.push(['Cache-Control', cacheControl])
  if (lines.length === 0) return { set, deleted: [], setCookie: undefined, isOverwrite: false }

  const deleted = [...fields.keys()].filter(controlsSharedCache)
  const present = fields.getSetCookie()
  if (present.length === 0) return { set, deleted, setCookie: lines, isOverwrite: false }
  const isReplaced = replacedBy(lines, isOwnCookie)
  const replaced = present.filter((line) => isReplaced(cookieName(line)))
  const isThere = replaced.length === lines.length && replaced.every((line, i) => line === lines[i])
  const others = present.filter((line) => !isReplaced(cookieName(line)))
  return {
    set,
    deleted,
    setCookie: isThere ? undefined : [...others, ...lines],
    // Of two tickets for one request, neither is a loss.
    isOverwrite: replaced.some((line) => !lines.includes(line) && !cookieName(line).endsWith('.t')),
  }
}

/**
 * Sets the header fields that the response of a request whose session was used needs.
 *
 * @param onOverwrite called if a different cookie of these sessions is replaced
 */
export function setHeaderFields(
  fields: HeaderFields,
  lines: readonly string[],
  isOwnCookie: IsOwnCookie,
  onOverwrite?: () => void,
  registration?: string,
): void {
  const changes = planFields(fields, lines, isOwnCookie, registration)
  applyChanges(fields, changes)
  if (changes.isOverwrite) onOverwrite?.()
}

/** Makes the changes that `planFields` found. */
export function applyChanges(
  fields: HeaderFields,
  { set, deleted, setCookie }: FieldChanges,
): void {
  for (const name of deleted) fields.delete(name)
  for (const [name, value] of set) fields.set(name, value)
  if (setCookie !== undefined) fields.replaceSetCookie(setCookie)
}

/**
 * Returns which cookies `lines` replace: those of the same name, and if the session is written or
 * deleted, all its parts and its ticket. A logout stamp is kept, because a logout holds whatever
 * else the response writes.
 */
function replacedBy(lines: readonly string[], isOwnCookie: IsOwnCookie): (name: string) => boolean {
  const written = new Set(lines.map(cookieName))
  const writesSession = [...written].some((name) => ownRole(name, isOwnCookie) === 0)
  return (name) =>
    written.has(name) ||
    (writesSession && isOwnCookie(name) && ownRole(name, isOwnCookie) !== 'stamp')
}
