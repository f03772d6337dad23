// Pollution of `Object.prototype`, which is removed after each test.

import { afterEach } from 'vitest'

const polluted = new Set<string>()

afterEach(removePollution)

/** Sets a member of `Object.prototype`, as a careless merge of JSON does. */
export function pollute(name: string, value: unknown): void {
  polluted.add(name)
  Reflect.set(Object.prototype, name, value)
}

/** Deletes all members that were set. */
export function removePollution(): void {
  for (const name of polluted) Reflect.deleteProperty(Object.prototype, name)
  polluted.clear()
}
