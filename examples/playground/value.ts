// Converts a value of the session to the text of an input field, and back: JSON, or a plain string.

export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * The inverse of valueOf. A string is shown as it is, unless it would be parsed as another value.
 */
export function textOf(value: unknown): string {
  const isPlain = typeof value === 'string' && valueOf(value) === value && !/[\r\n]/.test(value)
  return isPlain ? value : JSON.stringify(value)
}
