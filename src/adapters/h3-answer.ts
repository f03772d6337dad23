// What handlers of h3 2 have returned or thrown, and the header fields of the response that h3
// builds from it.

import { isResponse } from '../http/response.ts'

/** What handlers have returned or thrown. */
export interface HandlerOutcome {
  readonly value: unknown
  readonly isThrown: boolean
}

/** The response that h3 2 prepares for what handlers return. */
export interface H3PreparedResponse {
  /** h3 merges these into the fields of what a handler returns. */
  readonly headers: Headers
  /**
   * h3 merges these into the fields of the answer to an error; release candidates of h3 2 have
   * none.
   */
  readonly errHeaders?: Headers
}

/** What handlers have returned, in a form that a session can be committed to. */
export interface H3Answer {
  /** Its header fields, which the commit completes. */
  readonly carrier: Response
  /** Whether h3 merges `headers` of the prepared response into what is returned. */
  readonly isOverlaid: boolean
  /** Returns the value for h3 in place of the handlers' value, with the fields of `committed`. */
  readonly complete: (committed: Response) => unknown
}

/** `HTTPResponse` of h3: status, header fields and body, and no `Response` yet. */
interface HttpResponseLike {
  readonly body: unknown
  readonly headers: Headers
  readonly status: number | undefined
  readonly statusText: string | undefined
}

const NOT_FOUND: symbol = Symbol.for('h3.notFound')

/** Runs the handlers, and catches what they throw. */
export async function runHandlers(next: () => unknown): Promise<HandlerOutcome> {
  try {
    return { value: await next(), isThrown: false }
  } catch (value) {
    return { value, isThrown: true }
  }
}

/**
 * Whether the handlers have failed, or there are none. The answer to a missing route carries
 * cookies if answers to errors can.
 */
export function isFailure(
  { value, isThrown }: HandlerOutcome,
  { errHeaders }: H3PreparedResponse,
): boolean {
  return isThrown || value instanceof Error || (value === NOT_FOUND && errHeaders === undefined)
}

/** Returns what handlers have returned in a form that a session can be committed to. */
export function toAnswer(outcome: HandlerOutcome, prepared: H3PreparedResponse): H3Answer {
  const { value, isThrown } = outcome
  if (isThrown || value instanceof Error || value === NOT_FOUND) {
    return preparedAnswer(outcome, prepared.errHeaders)
  }
  if (isResponse(value)) {
    return { carrier: value, isOverlaid: true, complete: (committed) => committed }
  }
  if (!isHttpResponse(value)) return preparedAnswer(outcome, prepared.headers)
  const carrier = new Response(null, { headers: value.headers })
  return {
    carrier,
    isOverlaid: true,
    complete: (committed) =>
      committed === carrier ? value : copyHttpResponse(value, committed.headers),
  }
}

/** Returns an answer with the fields that h3 has prepared, if it has prepared any. */
function preparedAnswer(
  { value, isThrown }: HandlerOutcome,
  headers: Headers | undefined,
): H3Answer {
  const carrier = new Response(null, headers && { headers })
  return {
    carrier,
    isOverlaid: false,
    complete(committed) {
      if (headers !== undefined && committed !== carrier) replaceFields(headers, committed.headers)
      if (isThrown) throw value
      return value
    },
  }
}

/** Replaces all of `headers` by `others`. */
function replaceFields(headers: Headers, others: Headers): void {
  // A copy, because deleting moves the iterator on.
  const names = Array.from(headers.keys())
  for (const name of names) headers.delete(name)
  for (const [name, value] of others) headers.append(name, value)
}

/**
 * Updates the header fields that exist to the values of others, and deletes those that the others
 * lack.
 */
export function restrictFields(headers: Headers, others: Headers): void {
  for (const name of new Set(headers.keys())) {
    const value = others.get(name)
    if (name === 'set-cookie') continue
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
}

function isHttpResponse(value: unknown): value is HttpResponseLike {
  if (typeof value !== 'object' || value === null) return false
  return 'body' in value && 'headers' in value && value.headers instanceof Headers
}

/**
 * Returns a new instance of the same class, because a module may return one instance to all
 * visitors.
 */
function copyHttpResponse(value: HttpResponseLike, headers: Headers): unknown {
  const { status, statusText } = value
  return Reflect.construct(value.constructor, [value.body, { status, statusText, headers }])
}
