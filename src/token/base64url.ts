// base64url without padding (RFC 4648 section 5), for the short texts this library makes itself.
// The engines carry the long ones.

/** Bytes in, their one canonical spelling out. */
export function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** Text out as one character a byte; `undefined` for every spelling but the canonical one. */
export function decode(text: string): string | undefined {
  if (!isCanonical(text)) return undefined
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Whether `text` is the one spelling `encode` gives. */
export function isCanonical(text: string): boolean {
  return /^[A-Za-z0-9_-]*$/.test(text) && endsCanonically(text)
}

/**
 * The same of a text whose alphabet is known to be right. The last character of a text whose length
 * is no multiple of four holds 2 or 4 bits that no byte uses; decoders ignore them, so one token
 * would have 4 or 16 spellings.
 */
export function endsCanonically(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  const last = text.charAt(text.length - 1)
  return rest === 2 ? 'AQgw'.includes(last) : rest === 3 && 'AEIMQUYcgkosw048'.includes(last)
}
