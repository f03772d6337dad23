// Adds the header fields of a commit to a `Response`. A response that needs one of ours is rebuilt:
// the given object and its headers are never changed, because the application or a framework may
// return the same object to the next visitor.

import { SessionError } from '../errors.ts'
import { describeKind, hasMember, hasMethod, isRecord } from '../validate.ts'
import { applyChanges, planFields } from './header-fields.ts'
import type { HeaderFields, ReadableFields } from './header-fields.ts'
import { createObjectSlot } from './object-slot.ts'
import type { IsOwnCookie } from './own-cookies.ts'

/** Statuses whose responses have no body (Fetch standard, "null body status"). */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])

/** Keeps the given response with the new one: when Node collects one of `fetch`, it cancels its body. */
const originals = /* @__PURE__ */ createObjectSlot<Response>()

/**
 * Returns the response with `lines`, as the response of a request whose session was used. That is
 * the given object if it already has all the header fields, and otherwise a new `Response` around
 * the same body.
 *
 * @param isOwnCookie whether a cookie is one of these sessions: such lines are replaced
 * @param onOverwrite called if a different cookie of these sessions is replaced
 * @param registration asks the browser for a key of its device
 * @throws SessionError `ERR_SESSION_RESPONSE` if header fields must be added and cannot be
 */
export function attachCookies(
  response: Response,
  lines: readonly string[],
  isOwnCookie: IsOwnCookie,
  onOverwrite?: () => void,
  registration?: string,
): Response {
  if (!isResponse(response)) {
    // After Bun's `server.upgrade`, handlers return no response.
    if (lines.length === 0) return response
    throw new SessionError(
      'ERR_SESSION_RESPONSE',
      `the handler returned ${describeKind(response)} and must return a Response`,
    )
  }
  const fields: ReadableFields = new ResponseFields(response.headers)
  const changes = planFields(fields, lines, isOwnCookie, registration)
  const isComplete = changes.set.length + changes.deleted.length === 0
  if (isComplete && changes.setCookie === undefined) return response

  const rebuilt = rebuild(response, lines.length > 0)
  if (rebuilt === undefined) return response
  originals.set(rebuilt, response)
  const setCookie = changes.setCookie ?? joinedCookies(fields, rebuilt)
  applyChanges(new ResponseFields(rebuilt.headers), { ...changes, setCookie })
  if (changes.isOverwrite) onOverwrite?.()
  return rebuilt
}

/**
 * Whether `value` is a `Response`, of this platform or of another implementation (undici,
 * node-fetch). `instanceof` is not enough: those have a class of their own. An error with `status`
 * and `headers`, as some clients throw it, is no response, because it has no body to read.
 */
export function isResponse(value: unknown): value is Response {
  return (
    isRecord(value) &&
    hasMember(value, 'status') &&
    typeof value['status'] === 'number' &&
    hasMethod(value, 'arrayBuffer') &&
    hasMethod(value['headers'], 'get')
  )
}

/**
 * Returns a new response with the status, the headers and the body of `response`, or `undefined` if
 * the platform can build none and none is needed.
 */
function rebuild(response: Response, hasCookies: boolean): Response | undefined {
  if (response.bodyUsed || response.body?.locked === true) {
    throw new SessionError(
      'ERR_SESSION_RESPONSE',
      'the body of the response has been read: commit it before, or return a new response',
    )
  }
  let cause: unknown
  try {
    // Only Bun builds status 0 (an error, or opaque), and it cannot send it.
    if (response.status !== 0) return copyResponse(response)
  } catch (error) {
    cause = error
  }
  // Only a runtime can build other statuses, such as an upgraded connection (101).
  const isBuildable = response.status >= 200 && response.status <= 599
  if (!isBuildable && !hasCookies) return undefined
  throw new SessionError(
    'ERR_SESSION_RESPONSE',
    `a response with status ${response.status} cannot carry cookies: commit the session with ` +
      'another one',
    { cause },
  )
}

function copyResponse(response: Response): Response {
  const body = NULL_BODY_STATUSES.has(response.status) ? null : response.body
  // Passes the response as the second argument, because Workers read `webSocket` and `cf` from it.
  const copy = new Response(body, response)
  if (copy.headers !== response.headers) return copy
  // Some servers replace the global `Response` by a class that keeps the headers object.
  const { status, statusText } = response
  return new Response(body, { status, statusText, headers: new Headers(response.headers) })
}

/** Returns the `Set-Cookie` lines of `fields` if building `rebuilt` has joined them. */
function joinedCookies(fields: ReadableFields, rebuilt: Response): readonly string[] | undefined {
  const lines = fields.getSetCookie()
  return lines.length === rebuilt.headers.getSetCookie().length ? undefined : lines
}

/** The header fields of a response. A class, because a literal's closures cost more than the fields. */
class ResponseFields implements HeaderFields {
  readonly #headers: Headers

  constructor(headers: Headers) {
    this.#headers = headers
  }

  get(name: string): string | null {
    return this.#headers.get(name)
  }

  keys(): Iterable<string> {
    return this.#headers.keys()
  }

  getSetCookie(): readonly string[] {
    return getSetCookie(this.#headers)
  }

  set(name: string, value: string): void {
    this.#headers.set(name, value)
  }

  delete(name: string): void {
    this.#headers.delete(name)
  }

  replaceSetCookie(lines: readonly string[]): void {
    this.#headers.delete('Set-Cookie')
    for (const line of lines) this.#headers.append('Set-Cookie', line)
  }
}

/** node-fetch joins the lines in `get` and in its iterator, and only `raw()` has them apart. */
function getSetCookie(headers: Headers): readonly string[] {
  if ('getSetCookie' in headers) return headers.getSetCookie()
  const raw: unknown = Reflect.get(headers, 'raw')
  const fields: unknown = typeof raw === 'function' ? Reflect.apply(raw, headers, []) : undefined
  if (typeof fields !== 'object' || fields === null) return []
  const lines: unknown = Reflect.get(fields, 'set-cookie')
  return Array.isArray(lines) ? lines.map(String) : []
}
