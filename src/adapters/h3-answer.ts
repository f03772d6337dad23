// What the handlers of h3 2 have returned or thrown, and the header fields of the response that h3 is
// going to make of it.

import { isResponse } from '../http/response.ts'

/** What handlers have returned, or thrown. */
export interface HandlerOutcome {
  readonly value: unknown
  readonly isThrown: boolean
}

/** The response that h3 2 prepares beside what handlers return. */
export interface H3PreparedResponse {
  /** Laid over the fields of what a handler returns. */
  readonly headers: Headers
  /** Laid over the fields of the answer to an error; release candidates of h3 2 have none. */
  readonly errHeaders?: Headers
}

/** What handlers have returned, as something that a session can be committed to. */
export interface H3Answer {
  /** Has the header fields that the commit completes. */
  readonly carrier: Response
  /** Whether `headers` of the prepared response are laid over what is returned. */
  readonly isOverlaid: boolean
  /** Returns what h3 is to be given in place of the value, with the fields of `committed`. */
  readonly complete: (committed: Response) => unknown
}

/** `HTTPResponse` of h3: a status, header fields and a body that are no `Response` yet. */
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
 * Whether the handlers have failed, or there are none. The answer to a missing route carries cookies
 * where the answers to errors can.
 */
export function isFailure(
  { value, isThrown }: HandlerOutcome,
  { errHeaders }: H3PreparedResponse,
): boolean {
  return isThrown || value instanceof Error || (value === NOT_FOUND && errHeaders === undefined)
}

/** Returns what was returned as something that a session can be committed to. */
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

/** Returns an answer whose fields are those that h3 has prepared, if it has any for this one. */
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

/** Makes header fields the same as others. */
function replaceFields(headers: Headers, others: Headers): void {
  // A list of its own, because deleting moves the iterator on.
  const names = Array.from(headers.keys())
  for (const name of names) headers.delete(name)
  for (const [name, value] of others) headers.append(name, value)
}

/** Gives those header fields that are there the values of others, and takes away what those lack. */
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

/** Returns a new one of the same class, because a module may return the same one to all visitors. */
function copyHttpResponse(value: HttpResponseLike, headers: Headers): unknown {
  const { status, statusText } = value
  return Reflect.construct(value.constructor, [value.body, { status, statusText, headers }])
}
