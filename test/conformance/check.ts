// The type of a check, and its assertions: plain functions, for runtimes without a test framework.

/** The library under test, as its module namespace. */
export type Library = typeof import('sealed-session')

/** Its entry for devices. */
export type DeviceEntry = typeof import('sealed-session/device')

/** One behaviour, stated by its name. */
export interface Check {
  readonly name: string
  readonly run: (library: Library, entry: DeviceEntry) => void | Promise<void>
}

export function check(name: string, run: Check['run']): Check {
  return { name, run }
}

/** Compares plain values by their contents. */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  if (show(actual) !== show(expected)) {
    throw new Error(`${what} is ${show(actual)} and should be ${show(expected)}`)
  }
}

export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`)
}

/** Returns the error that `act` throws or rejects with; its code, if it is one of the library's. */
export async function errorOf(act: () => unknown): Promise<{ error: unknown; code: unknown }> {
  try {
    await act()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return { error, code }
  }
  throw new Error('nothing was thrown')
}

/** Formats a value: equal contents give the same string, in any order of an object's keys. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([key, member]) => `${show(key)}: ${show(member)}`)
  return `{${members.toSorted().join(', ')}}`
}
