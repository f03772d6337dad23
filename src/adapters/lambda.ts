// `sealed-session/lambda`: the same sessions for AWS Lambda behind API Gateway (payload 1.0 and 2.0),
// a function URL or an Application Load Balancer, each with its own way of carrying several cookies.

import { SessionError } from '../errors.ts'
import { isRecord, ownProperty, ownProperties } from '../validate.ts'
import { setHeaderFields } from '../http/response.ts'
import type { HeaderFields } from '../http/response.ts'
import { Session } from '../session/session.ts'
import { peek } from '../create-sessions.ts'
import type { Sessions } from '../create-sessions.ts'

/** What is needed of an event. Those of API Gateway, function URLs and load balancers have it. */
export interface LambdaEvent {
  readonly version?: string | undefined
  readonly headers?: object | null | undefined
  readonly multiValueHeaders?: object | null | undefined
  readonly cookies?: readonly string[] | null | undefined
  readonly requestContext?: object | undefined
}

/** A response made of what a handler for payload 2.0 may return instead of one. */
export interface LambdaResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** A Lambda handler that is given the session beside the event. */
export type LambdaHandler<
  Data extends object,
  Event extends LambdaEvent,
  Rest extends readonly unknown[],
  Result,
> = (event: Event, session: Session<Data>, ...rest: Rest) => Result | Promise<Result>

/** How an event's source takes several cookies: a list, lists of all headers, or not at all. */
type Form = 'cookies' | 'lists' | 'single'

/** Header fields by their names in lower case. */
type FieldMap = Map<string, { readonly name: string; readonly values: string[] }>

/**
 * A Lambda handler around one that is also given the session: `(event, session, context)`. What it
 * returns leaves with the session's cookies, in `cookies` (payload 2.0, function URLs) or in
 * `multiValueHeaders` (payload 1.0, load balancers), to which all its headers move then. What it
 * returned is not changed, and is returned as it is if the handler did not look at the session; what
 * it throws goes on untouched.
 *
 * The returned function rejects with what `setCookies` throws, and with `SessionError`
 * `ERR_SESSION_RESPONSE` if the response cannot carry the cookies.
 */
export function wrapLambda<
  Data extends object,
  Event extends LambdaEvent,
  Rest extends readonly unknown[],
  Result,
>(
  sessions: Sessions<Data>,
  handler: LambdaHandler<Data, Event, Rest, Result>,
): (event: Event, ...rest: Rest) => Promise<Result | LambdaResponse> {
  return async (event, ...rest) => {
    const session = await sessions[peek](event)
    const result = await handler(event, session, ...rest)
    const lines = await sessions.setCookies(session)
    if (!Session.stateOf(session).used) return result
    return carry(result, formOf(event), lines)
  }
}

function formOf(event: LambdaEvent): Form {
  const { version, requestContext, multiValueHeaders } = ownProperties(event)
  if (version === '2.0') return 'cookies'
  // A load balancer sends and takes lists if it is set to, and else neither.
  const isBalancer = isRecord(requestContext) && Object.hasOwn(requestContext, 'elb')
  return isBalancer && !isRecord(multiValueHeaders) ? 'single' : 'lists'
}

function carry<Result>(
  result: Result,
  form: Form,
  lines: readonly string[],
): Result | LambdaResponse {
  if (!isRecord(result) || ownProperty(result, 'statusCode') === undefined) {
    if (form === 'cookies') return carry(inferred(result), form, lines)
    throw new SessionError('ERR_SESSION_RESPONSE', 'the handler must return a statusCode')
  }
  const {
    cookies: given,
    headers,
    multiValueHeaders,
  }: Readonly<Record<string, unknown>> = ownProperties(result)
  const fields = gather(headers, form === 'lists' ? multiValueHeaders : {})
  const cookies: string[] = []
  setHeaderFields(fieldsOf(fields, cookies), lines)
  if (form === 'cookies') {
    return { ...result, headers: joined(fields), cookies: [...valuesOf(given), ...cookies] }
  }
  add(fields, 'Set-Cookie', cookies)
  if (form === 'lists') return { ...result, headers: {}, multiValueHeaders: lists(fields) }
  refuseSeveral(fields)
  return { ...result, headers: joined(fields) }
}

/** What API Gateway and function URLs make of a result without a status. */
function inferred(result: unknown): LambdaResponse {
  const body = typeof result === 'string' ? result : JSON.stringify(result ?? null)
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body }
}

function refuseSeveral(fields: FieldMap): void {
  const cookies = fields.get('set-cookie')?.values.length ?? 0
  if (cookies < 2) return
  throw new SessionError(
    'ERR_SESSION_RESPONSE',
    `the response has ${cookies} cookies and the load balancer carries one: turn on multi-value ` +
      'headers for its target group (lambda.multi_value_headers.enabled)',
  )
}

/** All headers of a result, in either form. What stands in both is said once. */
function gather(headers: unknown, multiValueHeaders: unknown): FieldMap {
  const fields: FieldMap = new Map()
  for (const given of [headers, multiValueHeaders]) {
    if (!isRecord(given)) continue
    for (const [name, value] of Object.entries(given)) add(fields, name, valuesOf(value))
  }
  return fields
}

function add(fields: FieldMap, name: string, values: readonly string[]): void {
  if (values.length === 0) return
  const key = name.toLowerCase()
  const known = fields.get(key) ?? { name, values: [] }
  known.values.push(...values.filter((value) => !known.values.includes(value)))
  fields.set(key, known)
}

function valuesOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.map(String)
}

function joined(fields: FieldMap): Record<string, string> {
  const entries = [...fields.values()].map(({ name, values }) => [name, values.join(', ')] as const)
  return Object.fromEntries(entries)
}

function lists(fields: FieldMap): Record<string, string[]> {
  return Object.fromEntries([...fields.values()].map(({ name, values }) => [name, values]))
}

/** The fields of a result whose cookies are written apart. */
function fieldsOf(fields: FieldMap, cookies: string[]): HeaderFields {
  return ownProperties<HeaderFields>({
    get: (name) => fields.get(name.toLowerCase())?.values.join(', ') ?? null,
    set(name, value) {
      const key = name.toLowerCase()
      fields.set(key, { name: fields.get(key)?.name ?? name, values: [value] })
    },
    append: (_, line) => void cookies.push(line),
    delete: (name) => void fields.delete(name.toLowerCase()),
    keys: () => fields.keys(),
  })
}
