// Whether the serializer reads what it writes. Data that would be lost between two requests is
// rejected in the first.

import { SessionDataError } from '../errors.ts'
import { MAX_DEPTH, forEachEntry, readValue, stringify } from './serialize.ts'
import type { SessionSerializer } from './serialize.ts'
import { formatKey, isPlainObject } from './strict-json.ts'

/** The path if no single key is to blame. */
const SESSION = 'the session'

/**
 * Throws unless the serializer reads what it writes: its `parse` accepts the string, no key is missing,
 * and writing the result gives the same string. Otherwise the next request would find other data, or none.
 *
 * @param place what the path of a rejected value begins with
 * @throws SessionDataError with the first key that fails alone, if there is one
 */
export function assertReadable(
  data: ReadonlyMap<string, unknown>,
  serializer: SessionSerializer,
  place = '',
): void {
  try {
    assertRoundTrip(Object.fromEntries(data), serializer, place, SESSION)
  } catch (error) {
    if (error instanceof SessionDataError && error.path === SESSION) {
      forEachEntry(data, place, (entry, path) => assertRoundTrip(entry, serializer, place, path))
    }
    throw error
  }
}

/**
 * Returns the path of the first key that is in `before` and not in `after`, or `undefined`.
 * Descends into objects, and into arrays of the same length. A nested key that is `undefined`
 * counts as absent.
 */
export function findMissingKey(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string | undefined {
  return findMissingEntry(before, after, '', new Set())
}

function assertRoundTrip(
  object: Readonly<Record<string, unknown>>,
  serializer: SessionSerializer,
  place: string,
  path: string,
): void {
  const text = stringify(object, serializer, MAX_DEPTH, path)
  const again = readValue(text, serializer, MAX_DEPTH)
  if (!isPlainObject(again)) {
    throw new SessionDataError(
      path,
      "cannot be read again: the serializer's parse must return what its stringify was given",
    )
  }
  const missing = findMissingKey(object, again)
  if (missing !== undefined) {
    throw new SessionDataError(
      place + missing,
      'is lost by the serializer: delete it, or store what the serializer keeps',
    )
  }
  if (stringify(again, serializer, MAX_DEPTH, path) !== text) {
    throw new SessionDataError(
      path,
      'is changed by the serializer: store what the serializer keeps',
    )
  }
}

/** @param seen the objects that were visited: a serializer may support cycles */
function findMissingIn(before: unknown, after: unknown, seen: Set<unknown>): string | undefined {
  if (typeof before !== 'object' || seen.has(before)) return undefined
  seen.add(before)
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, value] of before.entries()) {
      const path = findMissingIn(value, after[index], seen)
      if (path !== undefined) return `[${index}]${path}`
    }
  }
  if (!isPlainObject(before) || !isPlainObject(after)) return undefined
  return findMissingEntry(before, after, '.', seen)
}

function findMissingEntry(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  dot: '' | '.',
  seen: Set<unknown>,
): string | undefined {
  for (const [key, value] of Object.entries(before)) {
    if (value === undefined && dot !== '') continue
    const path = Object.hasOwn(after, key) ? findMissingIn(value, after[key], seen) : ''
    if (path !== undefined) return formatKey(key, dot) + path
  }
  return undefined
}
