// The sources that a session can be opened from, and how to read their cookies. Reads only the
// `Cookie` header: a client can set any other one.

import { SessionConfigError } from '../errors.ts'
import { hasMember, hasMethod, isRecord, isThenable, ownProperty, refuse } from '../validate.ts'

/** A cookie as a cookie store returns it, with its value decoded. */
export interface StoredCookie {
  readonly name: string
  readonly value?: string | undefined
}

/**
 * A framework's cookie store: `cookies()` and `request.cookies` of Next.js, `cookies` of SvelteKit,
 * `cookieStore` of browsers.
 *
 * @example
 * const session = await sessions.open(await cookies()) // Next.js
 */
export interface CookieStoreSource {
  getAll(): readonly StoredCookie[] | Promise<readonly StoredCookie[]>
}

/**
 * Source of a request's cookies.
 *
 * @example
 * await sessions.open(request)
 * await sessions.open(request.headers)
 * await sessions.open('__Host-session=…')
 */
export type CookieSource =
  | Request
  | Headers
  | CookieStoreSource
  | string
  | null
  | undefined
  | { readonly headers: object; readonly cookies?: readonly string[] | null | undefined }
  | { readonly cookies: readonly string[] }
  | {
      readonly headers?: object | null | undefined
      readonly multiValueHeaders?: object | null | undefined
    }

/** Cookies in the form that a source has: a header, or pairs that were parsed and decoded. */
export type SourceCookies = string | readonly (readonly [name: string, value: string])[]

/** Headers that can be read but are not this runtime's `Headers`. */
interface HeadersLike {
  get(name: string): unknown
}

/**
 * Returns the cookies of a source; the empty string if it has none.
 *
 * @throws SessionConfigError if cookies cannot be read from the source
 */
export function readCookies(source: CookieSource): SourceCookies | Promise<SourceCookies> {
  if (source === null || source === undefined) return ''
  if (typeof source === 'string') return source
  if (isCookieStore(source)) return readStore(source)
  const header =
    typeof source === 'object' && !isFetchResponse(source) ? findHeader(source) : undefined
  if (header !== undefined) return header
  return refuse('source', source, 'a Request, Headers, a Cookie header, a cookie store, or null')
}

/**
 * Whether a source belongs to one request for good: a fetch `Request`, a request of Node, or a
 * cookie store. Only these are remembered, because `Headers` and other objects may be reused for
 * another visitor.
 */
export function isRequest(source: unknown): source is Exclude<CookieSource, string> & object {
  if (typeof source !== 'object' || source === null) return false
  if (isCookieStore(source)) return true
  if (typeof Request === 'function' && source instanceof Request) return true
  return 'method' in source && typeof source.method === 'string' && 'headers' in source
}

/**
 * Returns a header field of a request, by its name in lower case; the empty string if it has none.
 */
export function readHeader(source: object, name: string): string {
  return headerValue(headersOf(source) ?? {}, name)
}

/**
 * Whether `source` is a cookie store. `FormData` and `URLSearchParams` have `getAll` too, and `append`.
 */
function isCookieStore(source: unknown): source is CookieStoreSource {
  return hasMethod(source, 'getAll') && !hasMethod(source, 'append')
}

function readStore(store: CookieStoreSource): SourceCookies | Promise<SourceCookies> {
  const cookies = store.getAll()
  // A thenable of another library may return nothing from `then`.
  return isThenable(cookies) ? Promise.resolve(cookies).then(pairsOf) : pairsOf(cookies)
}

function pairsOf(cookies: unknown): SourceCookies {
  // Not `map`, because it skips holes.
  return Array.isArray(cookies) ? Array.from(cookies, pairOf) : refuseCookies()
}

function pairOf(cookie: unknown): readonly [name: string, value: string] {
  const { name, value }: Readonly<Record<string, unknown>> = Object(cookie)
  const text = value ?? ''
  if (typeof name !== 'string' || typeof text !== 'string') return refuseCookies()
  // A store that decodes with `unescape` gives halves of surrogate pairs, which cannot be encoded again.
  return [name, text.toWellFormed()]
}

function refuseCookies(): never {
  throw new SessionConfigError('source', 'must return an array of { name, value } from getAll()')
}

/** Whether `source` is a `Response`, which has headers but never a `Cookie` header. */
function isFetchResponse(source: object): boolean {
  return typeof Response === 'function' && source instanceof Response
}

function findHeader(source: object): string | undefined {
  // Other objects with these two methods, such as the cookies of Astro, have no `append`.
  if (isHeadersLike(source) && hasMethod(source, 'append')) return headerText(source.get('cookie'))
  // API Gateway's payload 2.0 and function URLs move the cookies out of the headers. Must be an own
  // property, because an array on a polluted `Object.prototype` would be a session for every
  // visitor.
  const cookies = ownProperty(source, 'cookies')
  if (Array.isArray(cookies)) return cookies.join('; ')
  // Payload 1.0 has both: if a client sends several lines, `headers` has only the last one.
  const listed = ownProperty(source, 'multiValueHeaders')
  const header = isRecord(listed) ? fromRecord(listed, 'cookie') : ''
  if (header !== '') return header
  const headers = headersOf(source)
  if (headers !== undefined) return headerValue(headers)
  // A load balancer that is configured for multi-value headers sends no others.
  return isRecord(listed) || ownProperty(source, 'multiValueHeaders') === null ? '' : undefined
}

/**
 * Returns a source's headers. They may be a getter of its class, as those of `Request` and of Node's
 * requests, but not a member of `Object.prototype`. Neither a list nor a `Map` has them as members;
 * node-mocks-http has, beside the methods of several interfaces.
 */
function headersOf(source: object): object | undefined {
  const headers: unknown = hasMember(source, 'headers') ? Reflect.get(source, 'headers') : undefined
  if (!isRecord(headers)) return undefined
  const isReadable = isHeadersLike(headers) || hasMethod(headers, 'getAll')
  return isReadable || !hasMethod(headers, 'get') ? headers : undefined
}

function headerValue(headers: object, name = 'cookie'): string {
  return isHeadersLike(headers) ? headerText(headers.get(name)) : fromRecord(headers, name)
}

/**
 * Finds a header whatever its case: Node's are in lower case, Lambda's as the client or HTTP/2
 * wrote them.
 */
function fromRecord(headers: object, wanted: string): string {
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== wanted) continue
    if (typeof value === 'string') return value
    if (Array.isArray(value)) return value.join('; ')
  }
  return ''
}

/** Whether `value` implements `Headers`. A `Map`, which also has `get`, does not. */
function isHeadersLike(value: object): value is HeadersLike {
  if (value instanceof Headers) return true
  const isMap = value instanceof Map || value instanceof WeakMap
  return hasMethod(value, 'get') && hasMethod(value, 'has') && !isMap && !hasMethod(value, 'getAll')
}

function headerText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
