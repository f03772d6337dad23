// Days since 1970-01-01 UTC: each has keys of its own.

/** Seconds of a day. */
export const DAY_SECONDS = 86_400

/** Returns the day of a moment in seconds since 1970. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / DAY_SECONDS)
}

/** Returns the first second of a day. */
export function startOfDay(day: number): number {
  return day * DAY_SECONDS
}
