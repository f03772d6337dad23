// Copies values, so that what a serializer or a schema receives and returns belongs to one request
// alone: either may keep an object, return it again for another visitor, or change it later.

import { SessionDataError } from '../errors.ts'
import {
  TOO_MANY_VALUES,
  countValue,
  createWalk,
  isPlainArray,
  isPlainObject,
} from './strict-json.ts'

/**
 * Returns a copy of a value. Objects and arrays, Maps, Sets, Dates and binary data are new, at every
 * depth; shared references stay shared, in cycles too.
 *
 * @param levels how deep the value may nest
 * @param subject what an error calls the value
 * @param keep returns the value in the copy for an instance of any other class; default: the instance itself
 * @throws SessionDataError if the value nests deeper, or if its parts, counted once for each
 * reference, are more than a session can hold
 */
export function copyValue(
  value: unknown,
  levels: number,
  subject: string = 'the session',
  keep: (instance: object) => object = (instance) => instance,
): unknown {
  let { left } = createWalk()
  const copies = new Map<object, { readonly copy: object; count: number }>()

  function spend(count: number): void {
    left -= count
    if (left < 0) throw new SessionDataError(subject, TOO_MANY_VALUES)
  }

  function copyOne(original: unknown, rest: number): unknown {
    spend(countValue(original))
    if (typeof original !== 'object' || original === null) return original
    const done = copies.get(original)
    if (done !== undefined) {
      // What was already copied is not visited again, and counts as if it were.
      spend(done.count)
      return done.copy
    }
    if (rest === 0) throw new SessionDataError(subject, `nests deeper than ${levels} levels`)
    const copy = createEmpty(original)
    if (copy === undefined) return copyInstance(original, keep)
    const entry = { copy, count: 0 }
    copies.set(original, entry)
    const before = left
    copyInto(copy, original, (inner) => copyOne(inner, rest - 1), spend)
    entry.count = before - left
    return copy
  }

  return copyOne(value, levels)
}

/** Returns the empty copy of an object; `undefined` for an instance that has no parts to copy. */
function createEmpty(original: object): object | undefined {
  if (isPlainArray(original)) return []
  if (isPlainObject(original)) return Object.create(Object.getPrototypeOf(original))
  const prototype: unknown = Object.getPrototypeOf(original)
  if (prototype === Map.prototype) return new Map()
  return prototype === Set.prototype ? new Set() : undefined
}

function copyInto(
  copy: object,
  original: object,
  copyInner: (value: unknown) => unknown,
  spend: (count: number) => void,
): void {
  if (original instanceof Map && copy instanceof Map) {
    for (const [key, value] of original) copy.set(copyInner(key), copyInner(value))
    return
  }
  if (original instanceof Set && copy instanceof Set) {
    for (const value of original) copy.add(copyInner(value))
    return
  }
  const keys = Object.keys(original)
  if (Array.isArray(original) && Array.isArray(copy)) {
    // Counts holes too, because serializers write them.
    spend(Math.max(0, original.length - keys.length))
    copy.length = original.length
  }
  for (const key of keys) {
    spend(countValue(key) - 1)
    setOwn(copy, key, copyInner(Reflect.get(original, key)))
  }
  for (const key of Object.getOwnPropertySymbols(original)) {
    const isEnumerable = Object.prototype.propertyIsEnumerable.call(original, key)
    if (isEnumerable) setOwn(copy, key, copyInner(Reflect.get(original, key)))
  }
}

function setOwn(object: object, key: PropertyKey, value: unknown): void {
  // Defines the member, because assigning an inherited one such as `__proto__` would call its
  // setter.
  if (key in object) {
    Object.defineProperties(object, Object.getOwnPropertyDescriptors({ [key]: value }))
  } else Reflect.set(object, key, value)
}

function copyInstance(original: object, keep: (instance: object) => object): object {
  // Not cloned, because Vercel's edge runtime clones into a `Date` of another realm.
  if (original instanceof Date) return new Date(original)
  const isBinary = ArrayBuffer.isView(original) || original instanceof ArrayBuffer
  return isBinary ? structuredClone(original) : keep(original)
}
