// Members that are `undefined`: JSON drops them, and reading them gives `undefined` again.
// Middleware that was written for JSON sessions stores them, so an Express session may hold them.

import { MAX_DEPTH } from '../data/serialize.ts'
import {
  createWalk,
  findProblem,
  formatKey,
  isPlainArray,
  isPlainObject,
} from '../data/strict-json.ts'
import type { DataProblem } from '../data/strict-json.ts'
import { SessionDataError } from '../errors.ts'
import { copyContents } from '../session/contents.ts'
import type { Contents } from '../session/contents.ts'

/**
 * Throws for a value that strict JSON would change or lose, except for members that are
 * `undefined`.
 *
 * @throws SessionDataError with the path of the value
 */
export function assertStorableMember(key: string, value: unknown): void {
  if (!key.isWellFormed()) {
    throw new SessionDataError('a key', 'holds half of a surrogate pair: use well-formed strings')
  }
  const found = findLoss(value)
  if (found !== undefined) throw new SessionDataError(formatKey(key) + found.path, found.problem)
}

/** Returns contents whose data has no member that is `undefined`. Values are copied, not changed. */
export function withoutUndefined(contents: Contents): Contents {
  const copy = copyContents(contents)
  removeUndefined(copy)
  return copy
}

/** Replaces the values of contents that have members which are `undefined`. */
export function removeUndefined({ data }: Contents): void {
  for (const [key, value] of data) {
    // Kept as it is: a later check reports it with its path.
    if (findLoss(value) === undefined) data.set(key, copyDefined(value))
  }
}

/** The session's data is one level of nesting. */
function findLoss(value: unknown): DataProblem | undefined {
  return findProblem(value, MAX_DEPTH - 1, createWalk(true))
}

/** Returns a copy without members that are `undefined`; the value itself if it has none. */
function copyDefined(value: unknown): unknown {
  if (isPlainArray(value)) {
    const copy = value.map(copyDefined)
    return copy.every((item, index) => item === value[index]) ? value : copy
  }
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value)
  const defined = entries.filter(([, member]) => member !== undefined)
  const copies = defined.map(([key, member]) => [key, copyDefined(member)] as const)
  const isSame =
    defined.length === entries.length && copies.every(([key, member]) => member === value[key])
  return isSame ? value : Object.fromEntries(copies)
}
