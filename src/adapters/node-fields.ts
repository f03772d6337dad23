// The header fields of a Node response: which a session adds, and which remain when the response is
// replaced by an error.

import { setHeaderFields } from '../http/header-fields.ts'
import type { HeaderFields } from '../http/header-fields.ts'
import { ownProperties } from '../validate.ts'
import type { MadeCookies } from './pending-session.ts'
import { assertStatus, parseFields } from './node-arguments.ts'
import { callMethod } from './node-response.ts'
import type { FieldSnapshot, FieldValue, NodeResponse } from './node-response.ts'

/**
 * Fields that say what a browser may do with a response, or which request it belongs to, and
 * nothing of its content. Middleware sets them for every response, errors included.
 */
const CONTENT_FREE =
  /^(?:vary|access-control-.+|content-security-policy(?:-report-only)?|strict-transport-security|cross-origin-.+|origin-agent-cluster|permissions-policy|referrer-policy|report-to|reporting-endpoints|nel|x-content-type-options|x-dns-prefetch-control|x-download-options|x-frame-options|x-permitted-cross-domain-policies|x-xss-protection|x-request-id|x-correlation-id|traceparent|connection|date)$/

/**
 * Sets the cookies that were made on a response, with the fields that keep it out of shared caches.
 */
export function setCookieFields(response: NodeResponse, made: readonly MadeCookies[]): void {
  const fields = nodeFields(response)
  const written = made.filter(
    ({ outcome }) => outcome.status === 'fulfilled' && outcome.value.length > 0,
  )
  // A session that is only read restricts caches less than one that is written.
  for (const { session, outcome } of written.length > 0 ? written : made) {
    const lines = outcome.status === 'fulfilled' ? outcome.value : []
    const { isOwnCookie, reportOverwrite, registration } = session
    setHeaderFields(fields, lines, isOwnCookie, reportOverwrite, registration())
  }
}

/**
 * Applies the arguments of `writeHead` to the response, so that cookies can be added to the fields.
 * Returns the remaining arguments: the status, and the reason if one was given.
 */
export function setHead(response: NodeResponse, args: readonly unknown[]): readonly unknown[] {
  const [status, second, third] = args
  const code = Math.trunc(Number(status))
  assertStatus(code)
  response.statusCode = code
  const hasReason = typeof second === 'string'
  for (const [name, value] of parseFields(hasReason ? third : (second ?? third))) {
    callMethod(response, 'setHeader', name, value)
  }
  return hasReason ? [code, second] : [code]
}

/** Returns the current fields of a response. */
export function snapshotFields(response: NodeResponse): FieldSnapshot {
  return new Map(
    response.getHeaderNames().map((name) => {
      const value = response.getHeader(name)
      return [name, Array.isArray(value) ? [...value] : value]
    }),
  )
}

/**
 * Resets a response's fields to what they were before its handlers ran, because those describe a
 * page that is not sent, and may be one visitor's. Content-free fields remain.
 */
export function restoreFields(response: NodeResponse, before: FieldSnapshot): void {
  for (const name of response.getHeaderNames()) {
    if (!before.has(name) && !CONTENT_FREE.test(name)) response.removeHeader(name)
  }
  for (const [name, value] of before) callMethod(response, 'setHeader', name, value)
}

/** Returns the header fields of a response of Node, to read and change. */
export function nodeFields(response: NodeResponse): HeaderFields {
  return ownProperties<HeaderFields>({
    get(name) {
      const values = toArray(response.getHeader(name))
      return values.length === 0 ? null : values.join(', ')
    },
    set: (name, value) => void response.setHeader(name, value),
    delete: (name) => response.removeHeader(name),
    keys: () => response.getHeaderNames(),
    getSetCookie: () => toArray(response.getHeader('Set-Cookie')),
    replaceSetCookie: (lines) => void response.setHeader('Set-Cookie', lines),
  })
}

/** Returns the values of a field, one string each. */
export function toArray(value: FieldValue): readonly string[] {
  if (value === undefined) return []
  return typeof value === 'object' ? value : [String(value)]
}
