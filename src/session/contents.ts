// Everything that one session holds: the data, and beside it, where no key of the application can meet
// them, scopes, messages, the CSRF secret and the test cookie.

import type { FlashMessage } from './flash.ts'
import { withoutKey } from './flash.ts'

/** Scopes in scopes: a package, its feature and its parts, with room to spare. */
export const MAX_SCOPE_LEVELS = 16

/** Entries, and scopes with entries of their own. */
export interface Scope {
  readonly data: Map<string, unknown>
  readonly scopes: Map<string, Scope>
}

/** A session's own entries and scopes, and what the library keeps beside them. */
export interface Contents extends Scope {
  /** Messages for one reading, in the order in which they were left. */
  flash: readonly FlashMessage[]
  csrf: string | undefined
  /** Set to find out whether the browser keeps cookies. */
  testCookie: boolean
}

/** One part that could move to a server: a key, a scope, or the messages under a key. */
export interface MovablePart {
  readonly label: string
  /** Contents that hold it, and nothing else. */
  readonly alone: Contents
  readonly remove: (contents: Contents) => void
}

/** Returns contents with these entries and nothing else. */
export function createContents(data: Map<string, unknown> = new Map()): Contents {
  return { data, scopes: new Map(), flash: [], csrf: undefined, testCookie: false }
}

/** Whether neither the scope nor any scope in it holds an entry. */
export function isEmptyScope({ data, scopes }: Scope): boolean {
  if (data.size > 0) return false
  for (const scope of scopes.values()) if (!isEmptyScope(scope)) return false
  return true
}

/** Whether there is nothing that a cookie would have to carry. */
export function isEmpty(contents: Contents): boolean {
  const { flash, csrf, testCookie } = contents
  return flash.length === 0 && csrf === undefined && !testCookie && isEmptyScope(contents)
}

/** Returns a copy whose entries can be removed without touching the original. Values are shared. */
export function copyContents(contents: Contents): Contents {
  return { ...contents, ...copyScope(contents) }
}

function copyScope({ data, scopes }: Scope): Scope {
  const copies = [...scopes].map(([name, scope]) => [name, copyScope(scope)] as const)
  return { data: new Map(data), scopes: new Map(copies) }
}

/** Returns contents with these keys and these scopes of others, and nothing else. */
export function pickContents(
  { data, scopes }: Contents,
  keys: readonly string[],
  names: readonly string[],
): Contents {
  const contents = createContents(pick(data, keys))
  for (const [name, scope] of pick(scopes, names)) contents.scopes.set(name, scope)
  return contents
}

function pick<Value>(
  map: ReadonlyMap<string, Value>,
  names: readonly string[],
): Map<string, Value> {
  return new Map([...map].filter(([name]) => names.includes(name)))
}

/** Returns the parts of a session that a size report names. */
export function movableParts({ data, scopes, flash }: Contents): MovablePart[] {
  const keysOfFlash = [...new Set(flash.map(([key]) => key))]
  return [
    ...Array.from(data, ([key, value]) => ({
      label: key,
      alone: createContents(new Map([[key, value]])),
      remove: (contents: Contents) => contents.data.delete(key),
    })),
    ...Array.from(scopes)
      .filter(([, scope]) => !isEmptyScope(scope))
      .map(([name, scope]) => ({
        label: `scope(${name})`,
        alone: { ...createContents(), scopes: new Map([[name, scope]]) },
        remove: (contents: Contents) => contents.scopes.delete(name),
      })),
    ...keysOfFlash.map((key) => ({
      label: `flash(${key})`,
      alone: { ...createContents(), flash: flash.filter(([name]) => name === key) },
      remove: (contents: Contents) => {
        contents.flash = withoutKey(contents.flash, key)
      },
    })),
  ]
}
