// Why a secret can be guessed, as far as its text tells: it is published, it is made of words, or it has
// a pattern. A random secret of a usual form (hexadecimal, base64, base64url, UUIDs of version 4, letters
// and digits) is refused less than once in 10^6.

import { decode } from './base64url.ts'
import { KEYBOARD, LETTERS, LOOKALIKES, PUBLISHED, WORDS } from './guessable-texts.ts'

/** A key of A256GCM (RFC 7518 section 5.3) has 256 bits; a shorter secret cannot fill it. */
const MIN_SECRET_BYTES = 32

/**
 * Secrets with a lower estimate are refused. 32 random hexadecimal digits, the weakest of the usual forms,
 * have 109 on average and below 76 once in 10^4; of 10^6 none had less than this.
 */
const MIN_SECRET_BITS = 50

/**
 * Returns why a secret can be guessed, or `undefined` if nothing tells that it can. Prose is not
 * recognised but by its common words: that would take a table of its own in every bundle.
 *
 * @param text the secret, or one character for each of its bytes
 * @param byteLength how many bytes it has
 */
export function findWeakness(text: string, byteLength: number): string | undefined {
  if (byteLength === 0) return 'is empty'
  if (text.includes('-----BEGIN')) {
    return 'is an asymmetric key'
  }
  if (byteLength < MIN_SECRET_BYTES) {
    return `has ${byteLength} bytes and needs at least ${MIN_SECRET_BYTES}`
  }
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (PUBLISHED.some((part) => plain.includes(part))) {
    return 'is published, as in an example'
  }
  // The versions that are made from a time or from a name (RFC 9562 section 5).
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[12356][0-9a-f]{3}-/i.test(text)) {
    return 'is a UUID that is not random'
  }
  if (isPhrase(text)) return 'is made of words'
  // A random text may end as it begins: a repetition is one that is there twice.
  const period = findPeriod(text)
  const isRepetition = period <= text.length / 2
  if (isRepetition && period < MIN_SECRET_BYTES) return 'repeats a shorter text'
  if (estimateBits(isRepetition ? text.slice(0, period) : text) < MIN_SECRET_BITS) {
    return 'is made of words, or has little variety'
  }
  const decoded = decodeSecretText(text)
  if (decoded === undefined) return undefined
  if (!isPhrase(decoded) && estimateBits(decoded) >= MIN_SECRET_BITS) return undefined
  return 'is made of words, in another encoding'
}

/**
 * Whether a text is three words or more with something between them, each spelled as words, names and
 * years are: `acme-corp-cookie-key-2025`. Random texts mix capitals and digits in other ways.
 */
function isPhrase(text: string): boolean {
  if (!/^[ -~]+$/.test(text)) return false
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const isWord = /^(?:(?:[A-Z]?[a-z]+)+|[A-Z]+)?[0-9]{0,4}$/
  // A random text with many other marks has shorter pieces.
  const areLong = words.join('').length >= 3 * words.length
  return words.length >= 3 && areLong && words.every((word) => isWord.test(word))
}

/** Returns the length of the shortest text that `text` repeats, its last time perhaps in part. */
function findPeriod(text: string): number {
  let period = 1
  while (!text.startsWith(text.slice(period))) period++
  return period
}

/**
 * Estimates how many bits of a text are random: Shannon's measure of how the characters are spread that
 * belong to no word, counted for those of them that follow no pattern.
 */
function estimateBits(text: string): number {
  const known = markWords(text)
  const counts = new Map<string, number>()
  let unknown = 0
  let surprising = 0
  for (const [at, character] of text.split('').entries()) {
    if (known[at] === 1) continue
    unknown++
    counts.set(character, (counts.get(character) ?? 0) + 1)
    const isRepeated = text.indexOf(text.slice(Math.max(0, at - 3), at + 1)) < at - 3
    if (!isRepeated && !continuesRun(text, at)) surprising++
  }
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / unknown)
  return (bits / unknown) * surprising || 0
}

/**
 * Whether a character continues a run: `aaaa`, `4567` or `fedc`, one that goes on in other steps as `acegi`,
 * or two that alternate as `a1b2c3`.
 */
function continuesRun(text: string, at: number): boolean {
  const step = (from: number, distance: number) =>
    text.charCodeAt(from) - text.charCodeAt(from - distance)
  const last = step(at, 1)
  const before = step(at - 1, 1)
  if (last === before || (Math.abs(last) <= 1 && Math.abs(before) <= 1)) return true
  return Math.abs(step(at, 2)) <= 1 && Math.abs(step(at - 1, 2)) <= 1
}

/** Marks words of templates, spelled with lookalikes too, rows of a keyboard, and years. */
function markWords(text: string): Uint8Array {
  const known = new Uint8Array(text.length)
  const lower = text.toLowerCase()
  // A letter that is two in lower case would shift what follows.
  if (lower.length !== text.length) return known
  const spelled = lower.replace(/[013457@$!]/g, (found) =>
    LETTERS.charAt(LOOKALIKES.indexOf(found)),
  )
  for (const spelling of [lower, spelled]) {
    for (const word of WORDS) {
      for (let at = spelling.indexOf(word); at !== -1; at = spelling.indexOf(word, at + 1)) {
        known.fill(1, at, at + word.length)
      }
    }
  }
  for (let at = 4; at <= lower.length; at++) {
    if (KEYBOARD.includes(lower.slice(at - 4, at))) known.fill(1, at - 4, at)
  }
  if (isHexadecimal(text)) return known
  for (const { index } of text.matchAll(/(?:19|20)[0-9]{2}/g)) known.fill(1, index, index + 4)
  return known
}

/** Whether a text has no letter that is not a hexadecimal digit. UUIDs are such texts, too. */
function isHexadecimal(text: string): boolean {
  return !/[g-z]/i.test(text)
}

/** Returns the printable text that hexadecimal digits or base64 stand for, or `undefined`. */
function decodeSecretText(text: string): string | undefined {
  const isHex = /^(?=.*[a-f])(?:[0-9a-f]{2})+$/i.test(text)
  const decoded = isHex
    ? text.replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16)))
    : decode(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))
  return decoded !== undefined && /^[ -~]+$/.test(decoded) ? decoded : undefined
}
