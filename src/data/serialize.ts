// Converts data to strings and back: strict JSON, or the application's serializer. Data that would
// be changed or lost is rejected when it is written.

import { SessionDataError } from '../errors.ts'
import { describeKind } from '../validate.ts'
import { copyValue } from './copy.ts'
import { createWalk, findProblem, formatKey, isPlainObject } from './strict-json.ts'
import type { Walk } from './strict-json.ts'

/**
 * Converts data to a string and back. `JSON`, `devalue` and `superjson` can be passed as they are.
 *
 * @example
 * import * as devalue from 'devalue'
 * const sessions = createSessions({ secrets, serializer: devalue })
 */
export interface SessionSerializer {
  /** Returns the same string for the same data: any difference counts as a change. */
  stringify(data: object): string
  /**
   * Returns the argument of `stringify`. If it throws, the session is rejected as `invalid-data`.
   */
  parse(text: string): unknown
}

/** Levels of nesting: far more than a session needs, and far from where a runtime's stack overflows. */
export const MAX_DEPTH = 100

/**
 * Returns entries in the form that a token holds: an object for strict JSON, else a string with the
 * serializer's output, so that none of it can reach the rest of the payload.
 *
 * @param serializer `undefined` for strict JSON. Its output is not parsed again here: call
 * `assertReadable` before such output is sealed
 * @param place what the path of a rejected value begins with
 * @throws SessionDataError if strict JSON would change or lose a value, or if the serializer throws
 */
export function writeData(
  data: ReadonlyMap<string, unknown>,
  serializer?: SessionSerializer,
  place = '',
  walk: Walk = createWalk(),
): string {
  if (serializer === undefined) {
    assertAllStorable(data, place, walk)
    return JSON.stringify(objectOf(data))
  }
  try {
    return textOf(objectOf(data), serializer)
  } catch (error) {
    forEachEntry(data, place, (entry, path) => stringify(entry, serializer, MAX_DEPTH, path))
    throw error
  }
}

/** Returns entries as an object: what `Object.fromEntries` does, which takes Node 20 four times as long. */
function objectOf(entries: ReadonlyMap<string, unknown>): object {
  const object: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    // An assignment would set the prototype, or fail where `Object.prototype` is frozen.
    if (key in object) return Object.fromEntries(entries)
    object[key] = value
  }
  return object
}

/**
 * Returns an object in the form that a token holds. Strict JSON is not checked.
 *
 * @param levels how deep the object may nest for a serializer
 * @throws SessionDataError if the serializer throws, or returns no string
 */
export function textOf(
  object: object,
  serializer: SessionSerializer | undefined,
  levels: number = MAX_DEPTH,
): string {
  return JSON.stringify(serializer === undefined ? object : stringify(object, serializer, levels))
}

/**
 * Returns the serializer's output for an object.
 *
 * @param path what an error calls the object
 * @throws SessionDataError if the serializer throws, or returns no string
 */
export function stringify(
  object: object,
  serializer: SessionSerializer,
  levels: number,
  path: string = 'the session',
): string {
  // A copy, because a serializer may keep its argument, and return it to another visitor.
  const copy: object = Object(copyValue(object, levels, path))
  let text: unknown
  try {
    text = serializer.stringify(copy)
  } catch (error) {
    // No `cause`: serializers' errors quote values, and devalue's contain the whole data.
    const kind = error instanceof Error ? error.name : typeof error
    throw new SessionDataError(
      path,
      `was refused by the serializer (${kind}): try its stringify(session.toJSON())`,
    )
  }
  if (typeof text === 'string') return text
  throw new SessionDataError(
    path,
    `became ${describeKind(text)} in the serializer: its stringify must return a string`,
  )
}

/**
 * Calls `act` with each entry as an object of its own, and with its path. A failure of all entries
 * together then becomes a failure of the first one to blame, if there is one.
 */
export function forEachEntry(
  data: ReadonlyMap<string, unknown>,
  place: string,
  act: (entry: Readonly<Record<string, unknown>>, path: string) => void,
): void {
  for (const [key, value] of data) {
    act(Object.fromEntries([[key, value]]), place + formatKey(key))
  }
}

/**
 * Throws for the first entry that strict JSON would change or lose.
 *
 * @param place what the path of a rejected value begins with
 * @param walk shared by all entries of a session, because they may share values
 * @throws SessionDataError with the value's path and the remedy
 */
export function assertAllStorable(
  data: ReadonlyMap<string, unknown>,
  place: string,
  walk: Walk = createWalk(),
): void {
  for (const [key, value] of data) assertStorable(key, value, place, walk)
}

/** Throws for one entry, as `assertAllStorable` does. */
export function assertStorable(
  key: string,
  value: unknown,
  place = '',
  walk: Walk = createWalk(),
): void {
  if (!key.isWellFormed()) {
    throw new SessionDataError('a key', 'holds half of a surrogate pair: store well-formed strings')
  }
  // The data is one level of nesting itself.
  const found = findProblem(value, MAX_DEPTH - 1, walk)
  if (found === undefined) return
  throw new SessionDataError(place + formatKey(key) + found.path, found.problem)
}

/**
 * Returns the entries of a token's data, or `undefined` if it cannot be read. Never throws.
 *
 * @param levels how deep the data may nest
 */
export function readData(
  data: unknown,
  serializer?: SessionSerializer,
  levels: number = MAX_DEPTH,
): Map<string, unknown> | undefined {
  const value = readValue(data, serializer, levels)
  return value === undefined ? undefined : entriesOf(value)
}

/**
 * Returns a value of a token, or `undefined` if it cannot be read. Never throws, and keeps no
 * object that the serializer returned.
 *
 * @param levels how deep the value may nest
 */
export function readValue(
  value: unknown,
  serializer: SessionSerializer | undefined,
  levels: number,
): unknown {
  try {
    // Sessions from before a serializer was configured are objects: they are returned as they are.
    if (typeof value === 'string' && serializer !== undefined) {
      return copyValue(serializer.parse(value), levels)
    }
    return nestsDeeper(value, levels) ? undefined : value
  } catch {
    return undefined
  }
}

/** Returns the entries of a plain object; `undefined` for anything else. */
export function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (!isPlainObject(value)) return undefined
  const entries = new Map<string, unknown>()
  // Sets each entry, because `new Map(entries)` takes four times as long.
  for (const key of Object.keys(value)) entries.set(key, value[key])
  return entries
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (nestsDeeper(inner, levels - 1)) return true
  return false
}
