// What may be stored, and its text. Strict JSON unless the application brings a serializer: whatever
// `JSON.stringify` would change or drop is refused, with its path, before it is lost.

import { SessionDataError } from '../errors.ts'

/** Data <-> text. `JSON`, `devalue` and `superjson` fit as they are. */
export interface SessionSerializer {
  /** The same text for the same data: a difference is taken for a change. */
  stringify(data: object): string
  /** What `stringify` was given. May throw; the session is then rejected as `invalid-data`. */
  parse(text: string): unknown
}

/** Levels of nesting: far more than a session needs, far from where a runtime's stack overflows. */
export const MAX_DEPTH = 100

/** A value that cannot be stored: where it is, below the key, and what about it. */
interface Misfit {
  readonly path: string
  readonly problem: string
}

/**
 * Entries as their text in a token: an object for strict JSON, else a string that holds whatever the
 * serializer wrote, so that no text of its can reach the claims beside it.
 *
 * @param serializer `undefined` for strict JSON
 * @param place what the path of a value that is refused begins with
 * @throws SessionDataError if a value would be changed or lost
 */
export function writeData(
  data: ReadonlyMap<string, unknown>,
  serializer?: SessionSerializer,
  place = '',
): string {
  if (serializer === undefined) assertAllStorable(data, place)
  return textOf(Object.fromEntries(data), serializer)
}

/** An object's text, unchecked. */
export function textOf(object: object, serializer: SessionSerializer | undefined): string {
  return JSON.stringify(serializer === undefined ? object : stringifyWith(serializer, object))
}

/**
 * Refuses entries that strict JSON would change or lose.
 *
 * @param place what the path of a value that is refused begins with
 * @throws SessionDataError with the value's path and the remedy
 */
export function assertAllStorable(data: ReadonlyMap<string, unknown>, place: string): void {
  for (const [key, value] of data) assertStorable(key, value, place)
}

/**
 * The entries of a token's data, or `undefined` if it cannot be read. Never throws.
 *
 * @param levels how deep JSON may nest
 */
export function readData(
  data: unknown,
  serializer?: SessionSerializer,
  levels: number = MAX_DEPTH,
): Map<string, unknown> | undefined {
  try {
    // Sessions from before a serializer was configured are objects: they are read as they are.
    if (typeof data === 'string' && serializer !== undefined)
      return entriesOf(serializer.parse(data))
    return nestsDeeper(data, levels) ? undefined : entriesOf(data)
  } catch {
    return undefined
  }
}

/** A plain object's entries; `undefined` for anything else. */
export function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined
  const entries = new Map<string, unknown>()
  // A map that is given its entries takes four times as long as one that they are put into.
  for (const [key, inner] of Object.entries(value)) entries.set(key, inner)
  return entries
}

/** Refuses one entry, as `checkEntries` does. */
export function assertStorable(key: string, value: unknown, place = ''): void {
  if (!key.isWellFormed()) {
    throw new SessionDataError('a key', 'holds half of a surrogate pair: use well-formed text')
  }
  const found = misfitOf(value, [])
  if (found !== undefined)
    throw new SessionDataError(place + pathOf(key) + found.path, found.problem)
}

function stringifyWith(serializer: SessionSerializer, data: object): string {
  let text: unknown
  try {
    text = serializer.stringify(data)
  } catch (error) {
    // Not as its cause: serializers' errors quote values, and devalue's carry the whole data.
    const kind = error instanceof Error ? error.name : typeof error
    throw new SessionDataError(
      'the session',
      `was refused by the serializer (${kind}): its stringify(session.toJSON()) says where`,
    )
  }
  if (typeof text !== 'string') {
    throw new SessionDataError('the session', `became ${typeof text} in the serializer, not text`)
  }
  return text
}

const USE_DEVALUE =
  "or createSessions({ serializer: devalue }) with `import * as devalue from 'devalue'`"

/** The first value that JSON would change, or `undefined`. `above` are the objects it stands in. */
function misfitOf(value: unknown, above: object[]): Misfit | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : misfit('holds half of a surrogate pair')
    case 'boolean':
      return undefined
    case 'number':
      return misfitOfNumber(value)
    case 'object':
      if (value === null) return undefined
      return misfitOfObject(value, above)
    case 'undefined':
      return misfit('is undefined, which JSON drops: delete the key, or store null')
    case 'bigint':
      return misfit(`is a bigint, which JSON cannot hold: store String(value), ${USE_DEVALUE}`)
    default:
      return misfit(`is a ${typeof value}, which cannot be stored: store what it is made from`)
  }
}

function misfitOfNumber(value: number): Misfit | undefined {
  if (Object.is(value, -0)) return misfit(`is -0, which JSON turns into 0: store 0, ${USE_DEVALUE}`)
  if (Number.isFinite(value)) return undefined
  return misfit(`is ${value}, which JSON turns into null: store null, ${USE_DEVALUE}`)
}

function misfitOfObject(object: object, above: object[]): Misfit | undefined {
  if (above.includes(object)) {
    return misfit(`refers to itself, which JSON cannot hold: store an id instead, ${USE_DEVALUE}`)
  }
  // The data itself is the first level.
  if (above.length + 2 > MAX_DEPTH) return misfit(`nests deeper than ${MAX_DEPTH} levels`)
  above.push(object)
  const found = Array.isArray(object) ? misfitOfList(object, above) : misfitOfRecord(object, above)
  above.pop()
  return found
}

function misfitOfList(list: readonly unknown[], above: object[]): Misfit | undefined {
  if (heightOf(list) !== 2) return misfit('is an instance of a class, which JSON would lose')
  for (let index = 0; index < list.length; index++) {
    if (!Object.hasOwn(list, index)) {
      return misfit('is a hole, which JSON turns into null', `[${index}]`)
    }
    const found = misfitOf(list[index], above)
    if (found !== undefined) return misfit(found.problem, `[${index}]${found.path}`)
  }
  if (Reflect.ownKeys(list).length > list.length + 1) {
    return misfit('has properties beside its elements, which JSON drops: use an object')
  }
  return undefined
}

function misfitOfRecord(record: object, above: object[]): Misfit | undefined {
  if (!isPlain(record)) return misfitOfInstance(record)
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === 'symbol') return misfit('has a symbol as a key, which JSON drops')
    if (!key.isWellFormed()) return misfit('has a key with half of a surrogate pair')
    const property = Object.getOwnPropertyDescriptor(record, key)
    if (property === undefined || !Object.hasOwn(property, 'value')) {
      return misfit('is a getter or setter, of which JSON keeps one reading', pathOf(key, '.'))
    }
    if (property.enumerable !== true) {
      return misfit('is not enumerable, and JSON drops it', pathOf(key, '.'))
    }
    const found = misfitOf(property.value, above)
    if (found !== undefined) return misfit(found.problem, pathOf(key, '.') + found.path)
  }
  return undefined
}

function misfitOfInstance(object: object): Misfit {
  const kind = Object.prototype.toString.call(object).slice('[object '.length, -1)
  if (kind === 'Date') {
    return misfit(
      `is a Date, which JSON turns into text: store value.toISOString() or value.getTime(), ${USE_DEVALUE}`,
    )
  }
  if (kind === 'Map' || kind === 'Set') {
    return misfit(`is a ${kind}, which JSON turns into {}: store [...value], ${USE_DEVALUE}`)
  }
  // A class's own name is the application's text, so a built-in's tag has to do.
  const what = kind === 'Object' ? 'an instance of a class' : `of the kind ${kind}`
  return misfit(`is ${what}, which JSON would change: store a plain object, ${USE_DEVALUE}`)
}

function misfit(problem: string, path = ''): Misfit {
  return { path, problem }
}

/**
 * An object literal, of this realm or another: its prototype is a root, or nothing. Realms matter:
 * edge runtimes and test runners hand objects across them.
 */
function isPlain(object: object): boolean {
  return !Array.isArray(object) && heightOf(object) <= 1
}

/** How many prototypes stand above an object: 0 or 1 for a plain one, 2 for a list. */
function heightOf(object: object): number {
  let height = 0
  for (let above: unknown = Object.getPrototypeOf(object); above !== null; height++) {
    above = Object.getPrototypeOf(above)
  }
  return height
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (nestsDeeper(inner, levels - 1)) return true
  return false
}

/** `cart`, `.addedAt`, or `["a b"]` for a key that is no identifier. */
function pathOf(key: string, dot = ''): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? dot + key : `[${JSON.stringify(key)}]`
}
