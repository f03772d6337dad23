// Data <-> text: strict JSON, or the application's serializer. What would be changed or lost on the way
// is refused when it is written.

import { SessionDataError } from '../errors.ts'
import { describeKind } from '../validate.ts'
import { copyValue } from './copy.ts'
import { createWalkLimits, findProblem, formatKey, isPlainObject } from './strict-json.ts'
import type { WalkLimits } from './strict-json.ts'

/**
 * Data <-> text. `JSON`, `devalue` and `superjson` fit as they are.
 *
 * @example
 * import * as devalue from 'devalue'
 * const sessions = createSessions({ secrets, serializer: devalue })
 */
export interface SessionSerializer {
  /** Returns the same text for the same data: any difference counts as a change. */
  stringify(data: object): string
  /** Returns what `stringify` was given. May throw; the session is then rejected as `invalid-data`. */
  parse(text: string): unknown
}

/** Levels of nesting: far more than a session needs, and far from where a runtime's stack overflows. */
export const MAX_DEPTH = 100

/**
 * Returns entries as their text in a token: an object for strict JSON, else a string that holds what the
 * serializer wrote, so that none of its text can reach the rest of the payload.
 *
 * @param serializer `undefined` for strict JSON. What it wrote is not read again here: before text of it
 * is sealed, `assertReadable` must be called
 * @param place what the path of a refused value begins with
 * @throws SessionDataError if strict JSON would change or lose a value, or if the serializer throws
 */
export function writeData(
  data: ReadonlyMap<string, unknown>,
  serializer?: SessionSerializer,
  place = '',
  limits: WalkLimits = createWalkLimits(),
): string {
  if (serializer === undefined) {
    assertAllStorable(data, place, limits)
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
    // An assignment to this key would set the prototype.
    if (key === '__proto__') return Object.fromEntries(entries)
    object[key] = value
  }
  return object
}

/**
 * Returns an object's text in a token. Strict JSON is not checked.
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
 * Returns the serializer's own text of an object.
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
  // A copy, because a serializer may keep what it is given, and return it to another visitor.
  const copy: object = Object(copyValue(object, levels, path))
  let text: unknown
  try {
    text = serializer.stringify(copy)
  } catch (error) {
    // Not as the cause: serializers' errors quote values, and devalue's carry the whole data.
    const kind = error instanceof Error ? error.name : typeof error
    const advice = 'its stringify(session.toJSON()) says where'
    throw new SessionDataError(path, `was refused by the serializer (${kind}): ${advice}`)
  }
  if (typeof text === 'string') return text
  throw new SessionDataError(path, `became ${describeKind(text)} in the serializer, not a string`)
}

/**
 * Calls `act` with each entry as an object of its own, and with its path: what failed for all entries
 * together then fails for the first one that is to blame, if there is one.
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
 * @param place what the path of a refused value begins with
 * @param limits one for all entries of a session, which may share values
 * @throws SessionDataError with the value's path and the remedy
 */
export function assertAllStorable(
  data: ReadonlyMap<string, unknown>,
  place: string,
  limits: WalkLimits = createWalkLimits(),
): void {
  for (const [key, value] of data) assertStorable(key, value, place, limits)
}

/** Throws for one entry, as `assertAllStorable` does. */
export function assertStorable(
  key: string,
  value: unknown,
  place = '',
  limits: WalkLimits = createWalkLimits(),
): void {
  if (!key.isWellFormed()) {
    throw new SessionDataError('a key', 'holds half of a surrogate pair: use well-formed strings')
  }
  // The data is a level of its own.
  const found = findProblem(value, MAX_DEPTH - 1, limits)
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
 * Returns a value of a token, or `undefined` if it cannot be read. Never throws, and keeps no object that
 * the serializer returned.
 *
 * @param levels how deep the value may nest
 */
export function readValue(
  value: unknown,
  serializer: SessionSerializer | undefined,
  levels: number,
): unknown {
  try {
    // Sessions from before a serializer was configured are objects: they are read as they are.
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
  // A Map that is given its entries takes four times as long as one that they are put into.
  for (const key of Object.keys(value)) entries.set(key, value[key])
  return entries
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (nestsDeeper(inner, levels - 1)) return true
  return false
}
