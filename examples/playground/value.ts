// A value of the session <-> the text of one input field: JSON, or, if it is none, simply a text.

export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The inverse: plain text is shown as it is, unless it would be read as something else. */
export function textOf(value: unknown): string {
  const isPlain = typeof value === 'string' && valueOf(value) === value && !/[\r\n]/.test(value)
  return isPlain ? value : JSON.stringify(value)
}
