// The parts of docs/format.md that every implementation in these tests writes. Without imports,
// because the suite for all runtimes uses it too.

/** Seconds. */
export const DAY = 86_400
export const WEEK = 604_800

/** The elements of a payload. Of any type, because a writer may get each of them wrong. */
export interface Payload {
  readonly id?: unknown
  /** Seconds from the start of the day to the seal. */
  readonly sealed?: unknown
  /** Seconds from the session's start to its absolute end. */
  readonly life?: unknown
  /** Seconds from the session's start to the seal. */
  readonly age?: unknown
  readonly data?: unknown
  readonly more?: unknown
}

/** The id of the session that `listElements` describes. */
export const ID = 'AAECAwQFBgcICQoLDA0ODw'

/** Returns the number of the day, in UTC, that a moment in seconds belongs to. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY)
}

/** Returns the protected header of a token, byte for byte. */
export function formatHeader(kid: string): string {
  return `{"alg":"dir","enc":"A256GCM","kid":"${kid}"}`
}

/** Lists the elements of a session that was sealed when it began, at noon, with changes. */
export function listElements(changes: Payload = {}): unknown[] {
  const { id, sealed, life, age, data, more } = {
    id: ID,
    sealed: DAY / 2,
    life: WEEK,
    age: 0,
    data: { user: 'ada' },
    more: undefined,
    ...changes,
  }
  return [id, sealed, life, age, data, ...(more === undefined ? [] : [more])]
}
