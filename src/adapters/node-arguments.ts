// Arguments of a response's methods, checked as Node checks them: a call that is held back must
// throw when it is made, with the codes that frameworks check.

import { isMethod } from './node-response.ts'

/**
 * Throws unless Node accepts the first argument of `write` or `end`.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 */
export function assertChunk(name: string, chunk: unknown): void {
  if (name !== 'write' && name !== 'end') return
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  if (name === 'end' && (chunk === undefined || chunk === null || isMethod(chunk))) return
  throw withCode(new TypeError('a chunk must be a string or a Uint8Array'), 'ERR_INVALID_ARG_TYPE')
}

/**
 * Throws unless Node accepts the status.
 *
 * @throws RangeError `ERR_HTTP_INVALID_STATUS_CODE`
 */
export function assertStatus(status: number): void {
  if (status >= 100 && status <= 999) return
  throw withCode(new RangeError(`Invalid status code: ${status}`), 'ERR_HTTP_INVALID_STATUS_CODE')
}

/** Throws the error that Node throws after the head of a response has been sent. */
export function throwHeadersSent(): never {
  const error = new Error('the head of this response has been sent')
  throw withCode(error, 'ERR_HTTP_HEADERS_SENT')
}

/**
 * Returns the header fields of `writeHead(status, reason?, fields?)`, in any of the forms that Node
 * takes: an object, pairs, and an array of names and values by turns.
 */
export function parseFields(fields: unknown): (readonly [name: string, value: unknown])[] {
  if (typeof fields !== 'object' || fields === null) return []
  if (!Array.isArray(fields)) return Object.entries(fields).filter(([name]) => name !== '')
  const flat: readonly unknown[] = Array.isArray(fields[0]) ? fields.flat() : fields
  const merged = new Map<string, readonly [string, unknown]>()
  for (let at = 0; at < flat.length; at += 2) {
    const name = String(flat[at])
    const present = merged.get(name.toLowerCase())
    const value = present === undefined ? flat[at + 1] : [present[1], flat[at + 1]].flat()
    merged.set(name.toLowerCase(), [present?.[0] ?? name, value])
  }
  return [...merged.values()]
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code })
}
