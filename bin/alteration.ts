// Finds out how a value that is not authentic was altered: which characters differ, or for which
// other use it was sealed. Tries to undo each alteration; a result is reported only if it is
// authentic.

import { findAlteredCharacter } from './ghash.ts'
import { computeTag, decryptUnchecked, deriveKey, openWith } from './sealed.ts'
import type { SealedParts, Secret, Use } from './sealed.ts'

/** The result. Characters of the whole value count from 1. */
export interface Alteration {
  readonly what: string
  readonly from?: number
  readonly to?: number
}

/** Names that many applications give the cookie. */
const USUAL_NAMES = ['__Host-session', '__Secure-session', 'session', 'sid']

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const LONGEST_LIFE_DAYS = 400

/** Finds out why a value is not authentic under the secrets; `undefined` if that is unknown. */
export function findAlteration(
  parts: SealedParts,
  secrets: readonly Secret[],
  use: Use,
  names: readonly string[],
): Alteration | undefined {
  const secret = secrets.find(({ id }) => id === parts.id)
  if (secret === undefined) return findAlteredId(parts, secrets, use)
  const key = deriveKey(secret.bytes, parts.day, use)
  // A plaintext that begins like a payload was encrypted with this key.
  const isOurs = decryptUnchecked(key, parts).subarray(0, 2).toString() === '["'
  const made = isOurs ? undefined : findOtherUse(parts, secret, use, names)
  const day = isOurs || made ? undefined : findAlteredDay(parts, secret, use)
  return made ?? day ?? findAlteredText(parts, key)
}

function findAlteredId(
  parts: SealedParts,
  secrets: readonly Secret[],
  use: Use,
): Alteration | undefined {
  for (const { id, bytes } of secrets) {
    if (openWith(deriveKey(bytes, parts.day, use), { ...parts, id }) === undefined) continue
    return { what: `the id of the secret was altered: it was ${id}`, from: 1, to: parts.id.length }
  }
  return undefined
}

function findOtherUse(
  parts: SealedParts,
  { bytes }: Secret,
  { purpose, name }: Use,
  names: readonly string[],
): Alteration | undefined {
  for (const other of new Set([name, ...names, ...USUAL_NAMES])) {
    for (const kind of ['cookie', 'ticket', 'token']) {
      if (other === name && kind === purpose) continue
      const key = deriveKey(bytes, parts.day, { purpose: kind, name: other })
      if (openWith(key, parts) === undefined) continue
      const made = kind === 'cookie' ? 'a session' : kind === 'ticket' ? 'a ticket' : 'a bare token'
      return { what: `it is authentic, as ${made} of the cookie name ${other}` }
    }
  }
  return undefined
}

function findAlteredDay(parts: SealedParts, { bytes }: Secret, use: Use): Alteration | undefined {
  const today = Math.floor(Date.now() / 86_400_000)
  for (let day = today + 1; day >= today - LONGEST_LIFE_DAYS; day--) {
    if (openWith(deriveKey(bytes, day, use), { ...parts, day }) === undefined) continue
    const from = parts.id.length + 2
    const to = from + String(parts.day).length - 1
    return { what: `the day was altered: it was ${day}`, from, to }
  }
  return undefined
}

function findAlteredText(parts: SealedParts, key: Buffer): Alteration | undefined {
  const plaintext = decryptUnchecked(key, parts)
  const starts = startsOf(parts)
  const unreadable = findUnreadable(plaintext)
  if (unreadable === undefined && isPayload(plaintext)) {
    const range = findDifference(parts.tag, computeTag(key, parts, plaintext))
    // A letter of the ciphertext may be altered as well; then every character of the tag differs.
    if (range.to - range.from < parts.tag.length / 2) {
      const from = starts.tag + range.from
      return { what: 'the tag was altered', from, to: starts.tag + range.to }
    }
  }
  const single = findSingle(parts, key, plaintext)
  if (single !== undefined) return single
  if (unreadable === undefined) return { what: 'more than one character of it was altered' }
  const [first, last] = unreadable
  if (first < 8 && last > plaintext.length / 2) {
    return {
      what: 'nothing of it can be read: it was made for something else, or the IV was altered',
    }
  }
  const from = starts.ciphertext + Math.floor((first * 4) / 3)
  const to =
    starts.ciphertext + Math.min(Math.ceil(((last + 1) * 4) / 3), parts.ciphertext.length) - 1
  return { what: 'the ciphertext was altered, or put together from two sessions', from, to }
}

/** Finds a single altered character: of the ciphertext by algebra, of the IV by trial. */
function findSingle(parts: SealedParts, key: Buffer, plaintext: Buffer): Alteration | undefined {
  const starts = startsOf(parts)
  const difference = xor(parts.tag, computeTag(key, parts, plaintext))
  const inText = findAlteredCharacter(key, difference, parts.ciphertext.length)
  const what = 'one character was altered, in the'
  if (inText !== undefined && canBeRestored(parts, key, 'ciphertext', inText)) {
    const place = starts.ciphertext + inText
    return { what: `${what} ciphertext`, from: place, to: place }
  }
  for (let at = 0; at < parts.iv.length; at++) {
    if (!canBeRestored(parts, key, 'iv', at)) continue
    return { what: `${what} IV`, from: starts.iv + at, to: starts.iv + at }
  }
  return undefined
}

/** Whether another character at this position makes the value authentic. */
function canBeRestored(
  parts: SealedParts,
  key: Buffer,
  field: 'iv' | 'ciphertext',
  at: number,
): boolean {
  const text = parts[field]
  return Array.from(ALPHABET).some((character) => {
    const tried = text.slice(0, at) + character + text.slice(at + 1)
    return tried !== text && openWith(key, { ...parts, [field]: tried }) !== undefined
  })
}

function xor(one: string, other: string): Buffer {
  const bytes = Buffer.from(one, 'base64url')
  const others = Buffer.from(other, 'base64url')
  return Buffer.from(bytes.map((byte, at) => byte ^ (others[at] ?? 0)))
}

/** Returns where each part of a value begins, counted from 1. */
function startsOf({
  id,
  day,
  iv,
  ciphertext,
}: SealedParts): Record<'iv' | 'ciphertext' | 'tag', number> {
  const atIv = id.length + String(day).length + 3
  const atCiphertext = atIv + iv.length + 1
  return { iv: atIv, ciphertext: atCiphertext, tag: atCiphertext + ciphertext.length + 1 }
}

/**
 * Returns the first and the last byte that cannot be in our JSON: control characters, and invalid
 * UTF-8.
 */
function findUnreadable(plaintext: Buffer): [number, number] | undefined {
  const isBad: boolean[] = []
  for (let at = 0; at < plaintext.length; at++) {
    const byte = plaintext[at] ?? 0
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0
    const text = plaintext.subarray(at, at + length)
    const isText = length > 0 && byte >= 0x20 && !text.toString().includes('\ufffd')
    isBad[at] = !isText
    if (isText) at += length - 1
  }
  const first = isBad.indexOf(true)
  return first === -1 ? undefined : [first, isBad.lastIndexOf(true)]
}

function isPayload(plaintext: Buffer): boolean {
  try {
    return Array.isArray(JSON.parse(plaintext.toString()))
  } catch {
    return false
  }
}

function findDifference(one: string, other: string): { from: number; to: number } {
  const differs = Array.from(one, (character, at) => character !== other[at])
  return { from: differs.indexOf(true), to: differs.lastIndexOf(true) }
}
