// Chooses which parts of a session move to the store: the fewest that are enough, largest first.

import type { RequestCookies } from '../cookies/request-cookies.ts'
import { PARCEL_PLACEHOLDER } from '../overflow-option.ts'
import type { MovePlan, OverflowContext } from '../overflow-option.ts'
import { createProbe } from '../pipeline/session-size.ts'
import { copyContents, createContents, movableParts } from '../session/contents.ts'
import type { Contents, MovablePart } from '../session/contents.ts'
import type { SizeUsage } from '../size/measure.ts'
import { chooseParts } from '../size/report.ts'
import type { SizeProbe } from '../size/report.ts'
import type { Claims } from '../token/claims.ts'
import type { DayKey } from '../token/jwe.ts'
import { fitsParcel, formatParcelBody } from './parcel.ts'

/** Whether a session with a payload of this many bytes does not fit. */
export function isTooLarge(
  bytes: number,
  claims: Claims,
  cookies: RequestCookies,
  key: DayKey,
  context: OverflowContext,
): boolean {
  const { usageOf } = createProbe(createContents(), claims, cookies, key, context)
  return usageOf(bytes).level === 'over'
}

/**
 * Returns which contents of a session that does not fit stay in the cookies, and which move;
 * `undefined` if moving would not help.
 *
 * @param keys the keys that may move; `undefined` for all
 */
export function planMove(
  contents: Contents,
  claims: Claims,
  cookies: RequestCookies,
  key: DayKey,
  keys: ReadonlySet<string> | undefined,
  context: OverflowContext,
): MovePlan | undefined {
  const probe = createProbe(contents, claims, cookies, key, context, PARCEL_PLACEHOLDER)
  const parts = movableParts(contents)
  const movable = parts.filter(({ label }) => keys?.has(label) ?? true)
  const chosen = new Set(chooseParts(movable, untilItFits(probe)))
  if (chosen.size === 0) return undefined
  const { data, scopes, flash } = without(contents, parts, (part) => !chosen.has(part))
  const parcelBody = formatParcelBody(
    { ...createContents(), data, scopes, flash },
    context.serializer,
  )
  if (!fitsParcel(parcelBody)) return undefined
  return {
    kept: without(contents, parts, (part) => chosen.has(part)),
    parcelBody,
    labels: [...chosen].map(({ label }) => label),
  }
}

/** Returns both contents merged. Keys that had moved come last. */
export function mergeContents(kept: Contents, moved: Contents): Contents {
  return {
    ...kept,
    data: new Map([...kept.data, ...moved.data]),
    scopes: new Map([...kept.scopes, ...moved.scopes]),
    flash: [...kept.flash, ...moved.flash],
  }
}

function without(
  contents: Contents,
  parts: readonly MovablePart[],
  isLeftOut: (part: MovablePart) => boolean,
): Contents {
  const left = copyContents(contents)
  for (const part of parts) if (isLeftOut(part)) part.remove(left)
  return left
}

/** Returns a probe for which every session that fits is `ok`, because each open reads a parcel. */
function untilItFits(probe: SizeProbe<MovablePart>): SizeProbe<MovablePart> {
  return {
    ...probe,
    usage: takeWarnForOk(probe.usage),
    usageOf: (bytes) => takeWarnForOk(probe.usageOf(bytes)),
  }
}

function takeWarnForOk(usage: SizeUsage): SizeUsage {
  return usage.level === 'warn' ? { ...usage, level: 'ok' } : usage
}
