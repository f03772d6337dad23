// What a value of unknown origin is, for everything that checks one.

import { SessionConfigError } from './errors.ts'

/** An object with members: no list, no `null`. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number that a double holds exactly, from `least` to `most`. */
export function isWhole(
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}

/** A misspelled option must not be an option that does not hold. */
export function refuseStrangers(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new SessionConfigError(`${prefix}${name}`, `is no option: write ${known.join(', ')}`)
  }
}

/** A wrong value in a message. Secrets never come here. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value)
}
