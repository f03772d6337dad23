// JSON arrays that this folder seals and opens: challenges, and keys in cookies.

import { decrypt } from '../pipeline/decrypt.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { DAY_SECONDS, dayOf, startOfDay } from '../token/day.ts'
import { formatValue, parseValue } from '../token/jwe.ts'
import type { Purpose } from '../token/key-ring.ts'
import { isWholeNumber } from '../validate.ts'

/** An opened array: its first element is a time, stored relative to the start of a day. */
export interface OpenedArray {
  /** Seconds since 1970. */
  readonly sealedAt: number
  readonly items: readonly unknown[]
}

/** Seals a string under the key of a day. */
export async function sealText(
  purpose: Purpose,
  text: string,
  now: number,
  { ring }: Pipeline,
): Promise<string> {
  const key = await ring.sealing(purpose, dayOf(now), now)
  return formatValue(key, await key.seal(text))
}

/** Seals an array with the current time. */
export async function sealArray(
  purpose: Purpose,
  items: readonly string[],
  pipeline: Pipeline,
): Promise<string> {
  const now = pipeline.now()
  return sealText(purpose, JSON.stringify([now % DAY_SECONDS, ...items]), now, pipeline)
}

/**
 * Opens a value that `sealArray` returned. Returns `undefined` if a server whose clock is ahead
 * sealed it.
 */
export async function openArray(
  purpose: Purpose,
  value: string,
  pipeline: Pipeline,
): Promise<OpenedArray | undefined> {
  const parsed = parseValue(value)
  if (parsed === undefined) return undefined
  const text = await decrypt(parsed, purpose, pipeline.now(), pipeline)
  const array = typeof text === 'string' ? parseItems(text) : undefined
  if (array === undefined) return undefined
  const [time, ...items] = array
  if (!isWholeNumber(time, 0, DAY_SECONDS - 1)) return undefined
  const sealedAt = startOfDay(parsed.day) + time
  const latest = pipeline.now() + pipeline.lifetimes.clockTolerance
  return sealedAt > latest ? undefined : { sealedAt, items }
}

function parseItems(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
