// What is written around secrets, or in their place, by mistake: random secrets of the usual forms hold
// none of it.

/** Quotation marks of code, of shells, and of documents. */
const QUOTES = '"\'`“”‘’„‚«»'

/**
 * Returns what is wrong with the text of all secrets together, or `undefined`. Characters around it would
 * belong to the first secret and to the last, and to others once a new one is put in front: every session
 * would end.
 */
export function findWrapping(text: string): string | undefined {
  const isQuoted = /^(["'`]).+\1$/s.test(text)
  if (!isQuoted && !/^\[.*\]$/s.test(text)) return undefined
  const what = isQuoted ? 'quotation marks' : 'brackets'
  return `is in ${what}: write it without`
}

/** Returns what is wrong with the text of one secret, or `undefined`. */
export function findMistake(secret: string): string | undefined {
  if (secret === '') return undefined
  if (QUOTES.includes(secret.charAt(0)) || QUOTES.includes(secret.charAt(secret.length - 1))) {
    return 'begins or ends with a quotation mark: write it without'
  }
  if (/\\[nrt]$/.test(secret)) {
    return 'ends with a backslash and a letter: write it without'
  }
  if (/^(?:export\s+)?[A-Za-z_]\w*=[^=]/.test(secret)) {
    return 'begins with a name and =: write it without'
  }
  if (/^(?:\$[{(].*[)}]|\$[A-Z_][A-Z0-9_]*|\{\{.*\}\}|<.*>|%\w+%)$/s.test(secret)) {
    return 'is a placeholder'
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(secret) ? 'is a URL' : undefined
}
