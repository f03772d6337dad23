// Text from outside on its way to a terminal or a log.

/** Controls (ESC and C1 among them), line separators, and characters that change the order of text. */
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
