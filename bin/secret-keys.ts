// Secrets as keys with their ids and times, for a rotation and a removal, and the formats of the
// next value of the variable.

import type { SecretSet } from 'sealed-session'
import { formatTime } from './printable.ts'
import { parseSet } from './sealed.ts'
import { findSealingId } from './secret.ts'

/** A key of a JWK Set. */
export type Key = SecretSet['keys'][number]

/** A key, its public name, and its times, in seconds since 1970. */
export interface KeyTimes {
  readonly key: Key
  readonly id: string
  /** When it begins to seal. */
  readonly from: number
  /** When it has stopped sealing for certain; `Infinity` for the newest. */
  readonly until: number
  /** Whether a newer one is sealing already. */
  readonly isSuperseded: boolean
}

/** The format of the next value. */
export const FORM = { json: { type: 'boolean' } } as const

/** The description of `FORM` in the help. */
export const FORM_HELP = `The value is the base64url of a JWK Set: one word, which a shell's \`. ./.env\`, node --env-file,
Docker's --env-file and \`wrangler secret put\` leave as it is.`

/** Parses the secrets as keys: the same bytes, so the same ids and the same sessions. */
export async function parseKeys(value: string): Promise<readonly Key[]> {
  // Throws for secrets that the application would reject.
  await findSealingId(value)
  const set = parseSet(value)
  if (set !== undefined) return set.keys
  return value
    .split(',')
    .map((text) => ({ kty: 'oct', k: Buffer.from(text.trim()).toString('base64url') }))
}

/** Returns the times of keys that are sorted newest first. */
export async function describeKeys(keys: readonly Key[], now: number): Promise<KeyTimes[]> {
  return Promise.all(keys.map((key, at) => describeKey(key, keys.slice(0, at), now)))
}

/** Formats the next value of the variable, after the application's own check of it. */
export async function formatKeys(keys: readonly Key[], isJson: boolean): Promise<string> {
  const set = { keys }
  await findSealingId(set)
  const json = JSON.stringify(set)
  return `${isJson ? json : Buffer.from(json).toString('base64url')}\n`
}

/** Describes the schedule of a key. */
export function describeFate(
  { from, until, isSuperseded }: KeyTimes,
  life: number,
  now: number,
): string {
  if (until === Infinity) {
    return from > now ? `new: opens at once, seals from ${formatTime(from)}` : 'seals and opens'
  }
  if (until + life <= now) return `dropped: it stopped sealing at ${formatTime(until)}`
  const opens = `opens until ${formatTime(until + life)}`
  if (isSuperseded || from >= until) return `seals no more, ${opens}`
  return `seals ${from > now ? `from ${formatTime(from)} ` : ''}until ${formatTime(until)}, ${opens}`
}

async function describeKey(key: Key, newer: readonly Key[], now: number): Promise<KeyTimes> {
  const starts = newer.map(startsAt)
  return {
    key,
    id: await findSealingId({ keys: [{ ...key, activeFrom: undefined }] }),
    from: startsAt(key),
    // It is unknown when a secret without a start began to seal, so its predecessor is kept for
    // longer.
    until: Math.min(...starts.filter((start) => start > 0)),
    isSuperseded: starts.some((start) => start <= now),
  }
}

function startsAt({ activeFrom = 0 }: Key): number {
  return typeof activeFrom === 'number' ? activeFrom : new Date(activeFrom).getTime() / 1000
}
