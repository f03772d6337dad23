// The plaintext of a parcel: a JSON array of the session's id, the parcel's own id and a body
// (`docs/format.md`), padded to a size class.

import type { SessionSerializer } from '../data/serialize.ts'
import { formatBody, parseBody } from '../session/body.ts'
import type { Contents } from '../session/contents.ts'
import { isRecord, ownProperties } from '../validate.ts'

/** Bytes of the smallest size class. Each class is twice the one before. */
const SMALLEST_CLASS = 1024

/**
 * Bytes of the largest size class: stores reject more (Memcached takes 1 MiB), and every open reads
 * it.
 */
const LARGEST_CLASS = 512 * SMALLEST_CLASS

/** Both ids, quoted, with the brackets and commas around them and the body. */
const FRAME_BYTES = formatParcel('-'.repeat(22), '-'.repeat(22), '').length

/** A parcel has no claims of its own: they are in the token. */
const NO_CLAIMS = Object.freeze({ stamps: '', lifetime: '', binding: '' })

const PARCEL_MEMBERS = new Set(['s', 'f'])

/** A parsed parcel. */
interface OpenedParcel {
  readonly body: string
  /** `undefined` if they cannot be read. */
  readonly contents: Contents | undefined
}

/**
 * Returns the body of a parcel with these contents.
 *
 * @throws SessionDataError if a value would be changed or lost
 */
export function formatParcelBody(
  contents: Contents,
  serializer: SessionSerializer | undefined,
): string {
  return formatBody(contents, NO_CLAIMS, serializer)
}

/** Whether a body is no longer than a parcel may be. */
export function fitsParcel(body: string): boolean {
  return FRAME_BYTES + utf8Length(body) <= LARGEST_CLASS
}

/**
 * Returns the plaintext of a parcel. Trailing spaces hide its length: the store learns only the
 * size class.
 */
export function padParcel(sessionId: string, id: string, body: string): string {
  const text = formatParcel(sessionId, id, body)
  const bytes = utf8Length(text)
  let size = SMALLEST_CLASS
  while (size < bytes) size *= 2
  return text + ' '.repeat(size - bytes)
}

/**
 * Returns the contents of a parcel; `undefined` if it is not the parcel `id` of this session. Never
 * throws.
 */
export function parseParcel(
  text: string,
  sessionId: string,
  id: string,
  serializer: SessionSerializer | undefined,
): OpenedParcel | undefined {
  const values = parseParcelText(text)
  if (values === undefined) return undefined
  const [owner, place, data, given] = values
  if (owner !== sessionId || place !== id) return undefined
  const head = formatParcel(sessionId, id, '').slice(0, -1)
  const body = text.slice(head.length, text.lastIndexOf(']'))
  const more = values.length === 3 ? {} : given
  const isKnown = isRecord(more) && Object.keys(more).every((name) => PARCEL_MEMBERS.has(name))
  const contents = isKnown ? parseBody({ data, more: ownProperties(more) }, serializer) : undefined
  return { body, contents }
}

function formatParcel(sessionId: string, id: string, body: string): string {
  return `["${sessionId}","${id}",${body}]`
}

function parseParcelText(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const fits = Array.isArray(value) && (value.length === 3 || value.length === 4)
    return fits ? value : undefined
  } catch {
    return undefined
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
