// base64url without padding (RFC 4648 section 5), for the short texts that this library makes itself.
// The engines encode ciphertexts.

/** Returns the canonical base64url of bytes. */
export function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

/** Returns decoded bytes as one character each; `undefined` for every spelling but the canonical one. */
export function decode(text: string): string | undefined {
  if (!isCanonical(text)) return undefined
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}

/** Whether `text` is the spelling that `encode` returns for some bytes. */
export function isCanonical(text: string): boolean {
  return /^[A-Za-z0-9_-]*$/.test(text) && endsCanonically(text)
}

/**
 * Whether `text`, whose alphabet is known to be right, is spelled canonically. Where the length is no
 * multiple of four, the last character has 2 or 4 bits that belong to no byte. Decoders ignore them, so
 * one token would have 4 or 16 spellings.
 */
export function endsCanonically(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  const last = text.charAt(text.length - 1)
  return rest === 2 ? 'AQgw'.includes(last) : rest === 3 && 'AEIMQUYcgkosw048'.includes(last)
}
