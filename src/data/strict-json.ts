// Finds what strict JSON would change or lose of a value, with its path.

/** Why a value cannot be stored, and its path below the value that was checked. */
export interface DataProblem {
  readonly path: string
  readonly problem: string
}

/** A walk over the values of one session. */
export interface Walk {
  /** How many values may still be visited: see `MAX_VALUES`. */
  left: number
  /** Whether a property that is `undefined` counts as absent, as in the result of a schema. */
  readonly skipsUndefined: boolean
  /** The objects that contain the value which is visited. */
  readonly ancestors: object[]
}

/**
 * Most values in one session, each counted once per reference. `x = [x, x]`, twenty times, is a
 * million values of twenty arrays, and each further step doubles that. Sixteen cookies of 4 096
 * characters hold 65 536, and a value takes two of them (a digit and a comma): 32 768 values. This
 * limit is three times as much, so it rejects no value that cookies could carry.
 */
const MAX_VALUES = 100_000

/** Characters of a string or a key that count as one more value. */
const CHARACTERS_PER_VALUE = 100

/** The problem of a value that is too large to be checked. */
export const TOO_MANY_VALUES: string = `holds more than ${MAX_VALUES} values, each counted as often as it is referred to: store ids instead`

const OVERFLOW: DataProblem = { path: '', problem: TOO_MANY_VALUES }

const USE_DEVALUE = 'or createSessions({ serializer: devalue })'

/**
 * Matches numbers that may be -0 or too large for a double. They match only where JSON of an object or
 * array can have one, so that a date in a string does not; a false match only costs a walk.
 */
const MAYBE_UNWRITABLE = /[\s:,[](?:-0|-?\d(?:[\d.]*[eE]|\d{308}))/

/** Returns a walk over one session. */
export function createWalk(skipsUndefined: boolean = false): Walk {
  return { left: MAX_VALUES, skipsUndefined, ancestors: [] }
}

/** Returns how many values a value counts as, without those inside it. */
export function countValue(value: unknown): number {
  return typeof value === 'string' ? 1 + value.length / CHARACTERS_PER_VALUE : 1
}

/**
 * Returns the first value that JSON would change or lose, or `undefined` if there is none.
 *
 * @param levels how deep the value may nest
 * @param walk shared by the values of a session, because they may share values
 */
export function findProblem(value: unknown, levels: number, walk: Walk): DataProblem | undefined {
  walk.left -= countValue(value)
  if (walk.left < 0) return OVERFLOW
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
        ? undefined
        : problem('holds half of a surrogate pair: store well-formed strings')
    case 'boolean':
      return undefined
    case 'number':
      return problemOfNumber(value)
    case 'object':
      return value === null ? undefined : findInObject(value, levels, walk)
    case 'undefined':
      return problem('is undefined: delete the key, or store null')
    case 'bigint':
      return problem(`is a bigint: store String(value), ${USE_DEVALUE}`)
    default:
      return problem(`is a ${typeof value}: store what it is made from`)
  }
}

/**
 * Whether strict JSON could not write again what was parsed from `text`, which another writer may
 * have made: it holds -0, a number that became infinite, or half of a surrogate pair. Costs a
 * search of the string, and a walk over the values only if that finds a match.
 */
export function hasUnwritableValues(text: string, parsed: unknown): boolean {
  // Escapes may be halves of surrogate pairs. Searched alone, because a pattern with both takes twice as long.
  if (!text.includes('\\u') && !MAYBE_UNWRITABLE.test(text)) return false
  const rest: unknown[] = [parsed]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value === 'string' && !value.isWellFormed()) return true
    if (typeof value === 'number' && problemOfNumber(value) !== undefined) return true
    if (typeof value !== 'object' || value === null) continue
    for (const [key, inner] of Object.entries(value)) {
      if (!key.isWellFormed()) return true
      rest.push(inner)
    }
  }
  return false
}

/**
 * Whether an object is a literal, of this realm or another: its prototype is `null` or a root. Edge
 * runtimes and test runners pass objects from one realm to another.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return countPrototypes(value) <= 1
}

/** Whether a value is an array and not an instance of a subclass. */
export function isPlainArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && countPrototypes(value) === 2
}

/** Returns a step of a path: `cart`, `.addedAt`, or `["a b"]` for a key that is no identifier. */
export function formatKey(key: string, dot: '' | '.' = ''): string {
  return /^[\p{L}_$][\p{L}\w$]*$/u.test(key) ? dot + key : `[${JSON.stringify(key)}]`
}

function problemOfNumber(value: number): DataProblem | undefined {
  if (Object.is(value, -0)) {
    return problem(`is -0: store 0, ${USE_DEVALUE}`)
  }
  if (Number.isFinite(value)) return undefined
  return problem(`is ${value}: store null, ${USE_DEVALUE}`)
}

function findInObject(object: object, levels: number, walk: Walk): DataProblem | undefined {
  const { ancestors } = walk
  if (ancestors.includes(object)) {
    return problem(`refers to itself: store an id, ${USE_DEVALUE}`)
  }
  // The session's data is the first level, and contains the value that is checked.
  if (ancestors.length >= levels) return problem(`nests deeper than ${levels + 1} levels`)
  ancestors.push(object)
  const found = Array.isArray(object)
    ? findInArray(object, levels, walk)
    : findInRecord(object, levels, walk)
  ancestors.pop()
  return found
}

function findInArray(
  array: readonly unknown[],
  levels: number,
  walk: Walk,
): DataProblem | undefined {
  if (!isPlainArray(array)) return problem('is an instance of a class: store a plain array')
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) {
      return problem('is a hole: store null', `[${index}]`)
    }
    const found = findProblem(array[index], levels, walk)
    if (found !== undefined) return below(`[${index}]`, found)
  }
  if (Reflect.ownKeys(array).length > array.length + 1) {
    return problem('has properties beside its elements: store an object')
  }
  return undefined
}

function findInRecord(record: object, levels: number, walk: Walk): DataProblem | undefined {
  if (!isPlainObject(record)) return problemOfInstance(record)
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === 'symbol') return problem('has a symbol as a key: use a string')
    if (!key.isWellFormed())
      return problem('has a key with half of a surrogate pair: store well-formed strings')
    const property = Object.getOwnPropertyDescriptor(record, key)
    if (property === undefined || !Object.hasOwn(property, 'value')) {
      return problem('is a getter or setter: store a value', formatKey(key, '.'))
    }
    if (property.enumerable !== true) {
      return problem('is not enumerable: store a plain object', formatKey(key, '.'))
    }
    if (property.value === undefined && walk.skipsUndefined) continue
    walk.left -= key.length / CHARACTERS_PER_VALUE
    const found = findProblem(property.value, levels, walk)
    if (found !== undefined) return below(formatKey(key, '.'), found)
  }
  return undefined
}

function problemOfInstance(object: object): DataProblem {
  const kind = Object.prototype.toString.call(object).slice('[object '.length, -1)
  if (kind === 'Date') {
    return problem(`is a Date: store value.toISOString(), ${USE_DEVALUE}`)
  }
  if (kind === 'Map' || kind === 'Set') {
    return problem(`is a ${kind}: store [...value], ${USE_DEVALUE}`)
  }
  // Only the built-in's tag, because the name of the application's class may be long or secret.
  const what = kind === 'Object' ? 'an instance of a class' : `of the kind ${kind}`
  return problem(`is ${what}: store a plain object, ${USE_DEVALUE}`)
}

function problem(text: string, path = ''): DataProblem {
  return { path, problem: text }
}

/**
 * Returns a problem with its path from one level above. Too many values are a problem of the whole.
 */
function below(step: string, found: DataProblem): DataProblem {
  return found === OVERFLOW ? found : problem(found.problem, step + found.path)
}

/**
 * Returns how many prototypes an object has: 0 or 1 for a literal, 2 for an array, and 3 for more
 * than that, because a proxy can name itself as its prototype.
 */
function countPrototypes(object: object): number {
  let count = 0
  for (let above: unknown = Object.getPrototypeOf(object); above !== null && count < 3; count++) {
    above = Object.getPrototypeOf(above)
  }
  return count
}
