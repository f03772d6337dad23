// The result of a Lambda function with the header fields and cookies of a session, in the form that
// the event's source takes: API Gateway (payload 1.0 and 2.0), a function URL or a load balancer.

import { SessionError } from '../errors.ts'
import { setHeaderFields } from '../http/header-fields.ts'
import type { HeaderFields } from '../http/header-fields.ts'
import { cookieName, isDeletion, ownRole } from '../http/own-cookies.ts'
import type { IsOwnCookie } from '../http/own-cookies.ts'
import { hasMethod, isRecord, ownProperties, ownProperty } from '../validate.ts'

/**
 * The members of an event that the handler uses. Events of API Gateway, function URLs and load
 * balancers have them.
 *
 * @example
 * const event: LambdaEvent = { version: '2.0', headers: {}, cookies: ['theme=dark'] }
 */
export interface LambdaEvent {
  readonly version?: string | undefined
  readonly headers?: object | null | undefined
  readonly multiValueHeaders?: object | null | undefined
  readonly cookies?: readonly string[] | null | undefined
  readonly requestContext?: object | undefined
}

/**
 * A response built from what a handler for payload 2.0 may return instead of a response.
 *
 * @example
 * const response: LambdaResponse = { statusCode: 200, headers: {}, body: '{"saved":true}' }
 */
export interface LambdaResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** The cookies of a session for one result. */
export interface LambdaCookies {
  readonly lines: readonly string[]
  readonly isOwnCookie: IsOwnCookie
  readonly reportOverwrite: () => void
  /** The header field that asks the browser for a key of its device. */
  readonly registration: string | undefined
}

/**
 * How a source takes several cookies: as an array, as arrays of all header fields, or not at all.
 */
export type LambdaForm = 'cookies' | 'multiValue' | 'single'

/** Header fields by their names in lower case. */
type FieldMap = Map<string, { readonly name: string; readonly values: readonly string[] }>

/** Returns the form in which the source of an event takes cookies. */
export function formOf(event: LambdaEvent): LambdaForm {
  const { version, requestContext, multiValueHeaders } = ownProperties(event)
  if (version === '2.0') return 'cookies'
  // A load balancer sends and takes arrays only if its target group is configured to.
  const isBalancer = isRecord(requestContext) && Object.hasOwn(requestContext, 'elb')
  return isBalancer && !isRecord(multiValueHeaders) ? 'single' : 'multiValue'
}

/**
 * Returns a result with the fields of a session that was used. The given result is not changed.
 *
 * @throws SessionError `ERR_SESSION_RESPONSE` if it cannot carry the cookies
 */
export function attachToResult<Result>(
  result: Result,
  form: LambdaForm,
  cookies: LambdaCookies,
): Result | LambdaResponse {
  if (!isRecord(result) || ownProperty(result, 'statusCode') === undefined) {
    // As JSON, a `Response` would be an empty object.
    const isInferred = form === 'cookies' && !hasMethod(result, 'arrayBuffer')
    if (isInferred) return attachToResult(inferResponse(result), form, cookies)
    throw new SessionError('ERR_SESSION_RESPONSE', 'the handler must return a statusCode')
  }
  const given: Readonly<Record<string, unknown>> = ownProperties(result)
  const fields = collectFields(
    given['headers'],
    form === 'multiValue' ? given['multiValueHeaders'] : {},
  )
  if (form === 'cookies') addField(fields, 'Set-Cookie', toStrings(given['cookies']))
  const { lines: made, isOwnCookie, reportOverwrite, registration } = cookies
  setHeaderFields(headerFields(fields), made, isOwnCookie, reportOverwrite, registration)
  if (form === 'multiValue') {
    return { ...result, headers: {}, multiValueHeaders: fieldArrays(fields) }
  }
  if (form === 'single') {
    keepOneCookie(fields, cookies)
    return { ...result, headers: joinedFields(fields) }
  }
  const lines = fields.get('set-cookie')?.values ?? []
  fields.delete('set-cookie')
  return { ...result, headers: joinedFields(fields), cookies: lines }
}

/** Returns the result that API Gateway and function URLs build from one without a status. */
function inferResponse(result: unknown): LambdaResponse {
  const body = typeof result === 'string' ? result : JSON.stringify(result ?? null)
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body }
}

/**
 * Leaves only the one cookie that cannot be left out, for a source that carries only one.
 *
 * @throws SessionError `ERR_SESSION_RESPONSE` if two matter
 */
function keepOneCookie(fields: FieldMap, { lines, isOwnCookie }: LambdaCookies): void {
  const all = fields.get('set-cookie')?.values ?? []
  if (all.length < 2) return
  const kept = mostImportant(all, lines, isOwnCookie)
  if (kept.length === 1) {
    fields.set('set-cookie', { name: fields.get('set-cookie')?.name ?? 'Set-Cookie', values: kept })
    return
  }
  throw new SessionError(
    'ERR_SESSION_RESPONSE',
    `the response has ${kept.length} cookies and the load balancer carries one: turn on multi-value ` +
      'headers for its target group (lambda.multi_value_headers.enabled)',
  )
}

/**
 * Returns the cookies that cannot be left out.
 *
 * A logout needs its stamp alone. Deleting the first part is not enough: a response in flight that
 * carries the session may arrive later and restore it, and then no cookie in the browser says that
 * it has ended. The stamp ends every session that does not know it, in whatever order responses
 * arrive, and the next response deletes what is left in the browser. The stamp takes precedence
 * over a flash message and over cookies of the application, because a logout must not fail.
 *
 * All other cookies without data may be left out: leftover parts are ignored, and the next response
 * can record a use or repeat a deletion.
 */
function mostImportant(
  all: readonly string[],
  lines: readonly string[],
  isOwnCookie: IsOwnCookie,
): readonly string[] {
  const roleOf = (line: string) => ownRole(cookieName(line), isOwnCookie)
  const stamps = lines.filter((line) => roleOf(line) === 'stamp')
  if (stamps.length > 0) return stamps
  const needed = all.filter((line) => {
    const role = roleOf(line)
    // A bound session is rejected without its first ticket.
    const holds = typeof role === 'number' || role === 'device'
    return role === undefined || (holds && !isDeletion(line))
  })
  if (needed.length > 0) return needed
  const first = all.filter((line) => roleOf(line) === 0)
  return first.length > 0 ? first : all.slice(0, 1)
}

/** Returns all header fields of a result, in either form. A value that is in both is kept once. */
function collectFields(headers: unknown, multiValueHeaders: unknown): FieldMap {
  const fields: FieldMap = new Map()
  for (const given of [headers, multiValueHeaders]) {
    if (!isRecord(given)) continue
    for (const [name, value] of Object.entries(given)) addField(fields, name, toStrings(value))
  }
  return fields
}

function addField(fields: FieldMap, name: string, values: readonly string[]): void {
  if (values.length === 0) return
  const key = name.toLowerCase()
  const known = fields.get(key) ?? { name, values: [] }
  const added = values.filter((value) => !known.values.includes(value))
  fields.set(key, { name: known.name, values: [...known.values, ...added] })
}

function toStrings(value: unknown): string[] {
  if (value === undefined || value === null) return []
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.map(String)
}

function joinedFields(fields: FieldMap): Record<string, string> {
  return Object.fromEntries(
    [...fields.values()].map(({ name, values }) => [name, values.join(', ')]),
  )
}

function fieldArrays(fields: FieldMap): Record<string, readonly string[]> {
  return Object.fromEntries([...fields.values()].map(({ name, values }) => [name, values]))
}

function headerFields(fields: FieldMap): HeaderFields {
  const replace = (name: string, values: readonly string[]) => {
    const key = name.toLowerCase()
    fields.set(key, { name: fields.get(key)?.name ?? name, values })
  }
  return ownProperties<HeaderFields>({
    get: (name) => fields.get(name.toLowerCase())?.values.join(', ') ?? null,
    set: (name, value) => replace(name, [value]),
    delete: (name) => void fields.delete(name.toLowerCase()),
    keys: () => fields.keys(),
    getSetCookie: () => fields.get('set-cookie')?.values ?? [],
    replaceSetCookie: (lines) => replace('Set-Cookie', lines),
  })
}
