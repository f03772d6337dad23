// Everything one session holds, and its members in a token: the data, and beside it, where no key of
// the application can meet them, scopes, messages, the CSRF secret and the test mark.

import { isSecret } from './csrf.ts'
import {
  MAX_DEPTH,
  assertAllStorable,
  entriesOf,
  readData,
  textOf,
  writeData,
} from '../data/serialize.ts'
import type { SessionSerializer } from '../data/serialize.ts'

/** Scopes in scopes: a package, its feature and what that has, with room to spare. */
export const MAX_SCOPE_LEVELS = 16

/** Entries, and scopes with entries of their own. */
export interface Scope {
  readonly data: Map<string, unknown>
  readonly scopes: Map<string, Scope>
}

/** A session's own entries and scopes, and what it keeps for itself. */
export interface Contents extends Scope {
  /** Messages for one reading, in the order in which they were left. */
  readonly flash: Map<string, unknown[]>
  csrf: string | undefined
  /** Set to find out whether the browser keeps cookies. */
  tested: boolean
}

/** One thing that could move server-side: a key, a scope, or the messages under a key. */
export interface MovablePart {
  readonly label: string
  /** A session that holds it, and nothing else. */
  readonly alone: Contents
  readonly remove: (contents: Contents) => void
}

export function emptyContents(data: Map<string, unknown> = new Map()): Contents {
  return { data, scopes: new Map(), flash: new Map(), csrf: undefined, tested: false }
}

export function isEmptyScope({ data, scopes }: Scope): boolean {
  return data.size === 0 && [...scopes.values()].every(isEmptyScope)
}

export function isEmpty(contents: Contents): boolean {
  const { flash, csrf, tested } = contents
  return isEmptyScope(contents) && flash.size === 0 && csrf === undefined && !tested
}

/** A copy whose entries can be removed without touching the original. Values are shared. */
export function copyOf(contents: Contents): Contents {
  return { ...contents, ...copyOfScope(contents), flash: new Map(contents.flash) }
}

function copyOfScope({ data, scopes }: Scope): Scope {
  const copies = [...scopes].map(([name, scope]) => [name, copyOfScope(scope)] as const)
  return { data: new Map(data), scopes: new Map(copies) }
}

/** The parts of a session that a size report names. */
export function partsOf({ data, scopes, flash }: Contents): MovablePart[] {
  return [
    ...Array.from(data, ([key, value]) => ({
      label: key,
      alone: emptyContents(new Map([[key, value]])),
      remove: (contents: Contents) => contents.data.delete(key),
    })),
    ...Array.from(scopes)
      .filter(([, scope]) => !isEmptyScope(scope))
      .map(([name, scope]) => ({
        label: `scope(${name})`,
        alone: { ...emptyContents(), scopes: new Map([[name, scope]]) },
        remove: (contents: Contents) => contents.scopes.delete(name),
      })),
    ...Array.from(flash, ([key, messages]) => ({
      label: `flash(${key})`,
      alone: { ...emptyContents(), flash: new Map([[key, messages]]) },
      remove: (contents: Contents) => contents.flash.delete(key),
    })),
  ]
}

/**
 * The members of a token, from `"d":` to its end. What is empty is left out; a session that holds
 * nothing but data has one member.
 *
 * @throws SessionDataError if a value would be changed or lost
 */
export function writeContents(
  contents: Contents,
  serializer: SessionSerializer | undefined,
): string {
  const { data, scopes, flash, csrf, tested } = contents
  const members = [`"d":${writeData(data, serializer)}`]
  if (![...scopes.values()].every(isEmptyScope)) {
    if (serializer === undefined) checkScopes(contents, '')
    members.push(`"s":${textOf(treeOf(contents), serializer)}`)
  }
  if (flash.size > 0) members.push(`"f":${writeData(flash, serializer, 'flash.')}`)
  if (csrf !== undefined) members.push(`"c":"${csrf}"`)
  if (tested) members.push('"t":1')
  return `${members.join(',')}}`
}

/** The contents of a token's members, or `undefined` if they cannot be read. Never throws. */
export function readContents(
  members: Readonly<Record<string, unknown>>,
  serializer: SessionSerializer | undefined,
): Contents | undefined {
  const { d, s, f, c, t } = members
  const data = readData(d, serializer)
  // What holds the values of scopes must not count against how deep they may nest.
  const scopeDepth = MAX_DEPTH + 2 * MAX_SCOPE_LEVELS
  const scopes = s === undefined ? new Map() : scopesOf(readData(s, serializer, scopeDepth))
  const flash = f === undefined ? new Map() : messagesOf(readData(f, serializer))
  if (data === undefined || scopes === undefined || flash === undefined) return undefined
  if (c !== undefined && !isSecret(c)) return undefined
  return { data, scopes, flash, csrf: c, tested: t === 1 }
}

/** Scopes as plain values: each a list of its entries and its own scopes. Empty ones are left out. */
function treeOf({ scopes }: Scope): object {
  const full = [...scopes].filter(([, scope]) => !isEmptyScope(scope))
  return Object.fromEntries(
    full.map(([name, scope]) => [name, [Object.fromEntries(scope.data), treeOf(scope)]]),
  )
}

/** Values in scopes, refused by a path that says which scope. */
function checkScopes({ scopes }: Scope, place: string): void {
  for (const [name, scope] of scopes) {
    assertAllStorable(scope.data, `${place}scope(${name}).`)
    checkScopes(scope, `${place}scope(${name}).`)
  }
}

function scopesOf(
  tree: Map<string, unknown> | undefined,
  levels = MAX_SCOPE_LEVELS,
): Map<string, Scope> | undefined {
  if (tree === undefined || (levels === 0 && tree.size > 0)) return undefined
  const scopes = new Map<string, Scope>()
  for (const [name, value] of tree) {
    const [first, second]: unknown[] = Array.isArray(value) ? value : []
    const data = entriesOf(first)
    const inner = scopesOf(entriesOf(second), levels - 1)
    if (data === undefined || inner === undefined) return undefined
    scopes.set(name, { data, scopes: inner })
  }
  return scopes
}

function messagesOf(values: Map<string, unknown> | undefined): Map<string, unknown[]> | undefined {
  if (values === undefined) return undefined
  const messages = new Map<string, unknown[]>()
  for (const [key, list] of values) {
    if (!Array.isArray(list)) return undefined
    messages.set(key, list)
  }
  return messages
}
