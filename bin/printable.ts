// Makes external text safe for a terminal or a log.

import type { WriteStream } from 'node:tty'

/**
 * Control characters (ESC and C1 among them), line separators, and characters that change the order
 * of text.
 */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Escapes every character of a line that could act on a terminal, as JSON escapes it. */
export function escapeUnprintable(line: string): string {
  return line.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Formats a value as JSON that is safe to print; over several lines if `isIndented`. */
export function formatJson(value: unknown, isIndented = false): string {
  // JSON escapes line feeds in strings, so the only ones here are its own.
  return JSON.stringify(value, undefined, isIndented ? 2 : undefined)
    .split('\n')
    .map(escapeUnprintable)
    .join('\n')
}

const COLOURS = { good: 32, bad: 31, quiet: 2, strong: 1 } as const

/** The meaning of a colour. */
export type Colour = keyof typeof COLOURS

/** Colours a text, at a terminal that has not disabled colours (no-color.org). */
export function paint(
  value: string,
  colour: Colour,
  stream: Partial<WriteStream> = process.stdout,
): string {
  const isColoured = stream.isTTY === true && !process.env['NO_COLOR']
  return isColoured ? `\u001b[${COLOURS[colour]}m${value}\u001b[0m` : value
}

const LENGTHS: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** Formats a duration in words: `2 days 3 hours`. */
export function formatDuration(seconds: number): string {
  const whole = Math.abs(Math.round(seconds))
  const at = LENGTHS.findIndex(([, length]) => whole >= length)
  if (at === -1) return 'no time'
  let rest = whole
  const words = LENGTHS.slice(at, at + 2).flatMap(([name, length]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`]
  })
  return words.join(' ')
}

/** Formats a moment in words and as a date: `3 hours ago (2026-01-15 12:00:00 UTC)`. */
export function formatMoment(moment: number, now: number): string {
  const iso = formatTime(moment).replace('T', ' ').replace('Z', ' UTC')
  if (Math.round(moment) === Math.round(now)) return `now (${iso})`
  const words = formatDuration(moment - now)
  return moment > now ? `in ${words} (${iso})` : `${words} ago (${iso})`
}

/** Formats a moment in seconds since 1970 without fractions. */
export function formatTime(moment: number): string {
  return new Date(Math.floor(moment) * 1000).toISOString().replace('.000', '')
}
