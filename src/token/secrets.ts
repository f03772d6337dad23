// What may be written down as secrets, and how it is read. Anything else is refused with the reason, and
// without a character of the secret.

import { decode } from './base64url.ts'
import { findMistake, findWrapping } from './secret-mistakes.ts'
import { findWeakness } from './secret-strength.ts'
import { SessionConfigError } from '../errors.ts'
import {
  TIMESTAMP,
  assertKnownKeys,
  describe,
  describeKind,
  isRecord,
  ownProperties,
  ownProperty,
  toTimestamp,
} from '../validate.ts'

const MAKE = 'make one with: npx sealed-session secret'

/** The base64url of `{"keys":[`: no shell, file of variables or dashboard changes a character of it. */
const ENCODED_SET = 'eyJrZXlzIjpb'

/** One configured secret. */
export interface Secret {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Its public name, where the application chose one. */
  readonly id: string | undefined
  /** Seconds since 1970 before which it opens and does not seal; 0 for always. */
  readonly activeFrom: number
}

/**
 * A secret with a name or a beginning of its own.
 *
 * @example
 * const next: SecretEntry = { secret: process.env.NEXT_SECRET, id: 'b', activeFrom: '2026-03-01' }
 */
export interface SecretEntry {
  /** A string of at least 32 bytes, taken as its UTF-8 bytes. */
  readonly secret: string
  /** 1 to 32 of `A-Z a-z 0-9 _ -`. Default: four characters derived from the secret. */
  readonly id?: string | undefined
  /** When it begins to seal: a Date, an ISO string, or seconds since 1970. Default: at once. */
  readonly activeFrom?: Date | string | number | undefined
}

/**
 * A JWK Set (RFC 7517) of symmetric keys. `activeFrom` is this library's; other members are not read.
 *
 * @example
 * const set: SecretSet = { keys: [{ kty: 'oct', kid: 'a', k: process.env.SESSION_KEY }] }
 */
export interface SecretSet {
  readonly keys: readonly {
    readonly kty: string
    /** At least 32 bytes in base64url. */
    readonly k?: string | undefined
    /** The secret's id. Default: derived, as for a string. */
    readonly kid?: string | undefined
    readonly activeFrom?: Date | string | number | undefined
  }[]
}

/**
 * Secrets as they can be written down, newest first.
 *
 * @example
 * const secrets: Secrets = [process.env.NEW_SECRET, process.env.OLD_SECRET]
 */
export type Secrets = string | readonly (string | SecretEntry)[] | SecretSet

/**
 * Returns secrets as they are written down, newest first, checked. A string is always taken as its UTF-8
 * bytes, even if it looks like hexadecimal or base64url, because another reading would be another secret.
 * A JWK's `k` is base64url by its definition. A string that begins with `{` is a JWK Set in JSON, and one
 * that begins with `eyJrZXlzIjpb` the base64url of that.
 *
 * @param now seconds; 0 if no clock runs yet, as in workerd's global scope
 * @throws SessionConfigError for anything else, for a secret that can be guessed, for two with one name,
 * and for an array of which none is active
 */
export function parseSecrets(option: unknown, now: number): readonly Secret[] {
  const entries = listEntries(option)
  if (entries.length === 0) throw new SessionConfigError('secrets', `is empty; ${MAKE}`)
  const isSingle = typeof option === 'string' && entries.length === 1
  const secrets = entries.map((entry, index) =>
    parseEntry(entry, isSingle ? 'secrets' : `secrets[${index}]`),
  )
  assertDistinct(secrets)
  if (now > 0 && secrets.every(({ activeFrom }) => activeFrom > now)) {
    throw new SessionConfigError('secrets', 'has none that is active: leave one without activeFrom')
  }
  return secrets
}

/** Whether two arrays of secrets are the same, so that what was derived from one can be kept. */
export function areSame(one: readonly Secret[], other: readonly Secret[]): boolean {
  // Compares configuration with itself, never with what a client sent, so its time tells nothing.
  return JSON.stringify(one) === JSON.stringify(other)
}

function listEntries(option: unknown): readonly unknown[] {
  if (option === undefined || option === null || option === '') {
    const advice =
      typeof document === 'object'
        ? 'import this on the server'
        : `set the environment variable; ${MAKE}`
    throw new SessionConfigError('secrets', `is ${describe(option)}: ${advice}`)
  }
  if (Array.isArray(option)) return option
  if (typeof option === 'string') {
    const given = option.trim()
    const text = (given.startsWith(ENCODED_SET) && decode(given)) || given
    if (text.startsWith('{') && !text.startsWith('{{')) return listEntries(parseJwkSet(text))
    const wrapping = findWrapping(text)
    if (wrapping !== undefined) throw new SessionConfigError('secrets', wrapping)
    return text.split(',')
  }
  const keys = isRecord(option) ? ownProperty(option, 'keys') : undefined
  if (Array.isArray(keys)) return keys
  throw new SessionConfigError(
    'secrets',
    'must be a string, an array, a JWK Set, or a function that returns one',
  )
}

function parseJwkSet(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not as the cause: the parser's message quotes the text.
    throw new SessionConfigError('secrets', 'is no valid JSON: write a JWK Set')
  }
}

function parseEntry(given: unknown, path: string): Secret {
  if (typeof given === 'string') {
    return { bytes: parseText(given, path), id: undefined, activeFrom: 0 }
  }
  if (!isRecord(given)) {
    throw new SessionConfigError(path, `must be a string or an object, not ${describeKind(given)}`)
  }
  const entry = ownProperties(given)
  const activeFrom = parseActiveFrom(entry['activeFrom'], `${path}.activeFrom`)
  if ('kty' in entry) {
    return { bytes: parseJwk(entry, path), id: parseId(entry['kid'], `${path}.kid`), activeFrom }
  }
  // A secret that is written as a key must not appear in the error.
  if (Object.keys(entry).some((name) => name.length > 'activeFrom'.length)) {
    throw new SessionConfigError(path, 'has an unknown member: write secret, id, activeFrom')
  }
  assertKnownKeys(entry, ['secret', 'id', 'activeFrom'], `${path}.`)
  const { secret, id } = entry
  if (typeof secret !== 'string') {
    throw new SessionConfigError(`${path}.secret`, `must be a string, not ${describeKind(secret)}`)
  }
  return { bytes: parseText(secret, `${path}.secret`), id: parseId(id, `${path}.id`), activeFrom }
}

function parseText(text: string, path: string): Uint8Array<ArrayBuffer> {
  const secret = text.trim()
  if (secret.includes(',')) {
    throw new SessionConfigError(path, 'holds a comma: pass the string, not an array')
  }
  const mistake = findMistake(secret)
  if (mistake !== undefined) throw new SessionConfigError(path, mistake)
  const bytes = new TextEncoder().encode(secret)
  assertStrong(secret, bytes, path)
  return bytes
}

function parseJwk(jwk: Readonly<Record<string, unknown>>, path: string): Uint8Array<ArrayBuffer> {
  const { kty, k } = jwk
  if (kty !== 'oct') {
    throw new SessionConfigError(`${path}.kty`, 'must be "oct"')
  }
  const text = typeof k === 'string' ? decode(k) : undefined
  if (text === undefined) throw new SessionConfigError(`${path}.k`, 'must be base64url')
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  assertStrong(text, bytes, `${path}.k`)
  return bytes
}

/** An id travels in every request, before a full stop. */
function parseId(id: unknown, path: string): string | undefined {
  if (id === undefined) return undefined
  if (typeof id === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(id)) return id
  throw new SessionConfigError(path, 'must be 1 to 32 of A-Z a-z 0-9 _ -')
}

/** The value is not shown: a secret may have been written in its place. */
function parseActiveFrom(value: unknown, path: string): number {
  const seconds = value === undefined ? 0 : toTimestamp(value)
  if (seconds !== undefined) return seconds
  throw new SessionConfigError(path, `must be ${TIMESTAMP}`)
}

function assertStrong(text: string, bytes: Uint8Array, path: string): void {
  const weakness = findWeakness(text, bytes.length)
  if (weakness !== undefined) throw new SessionConfigError(path, `${weakness}; ${MAKE}`)
}

/** Throws for the first secret that has the id or, without ids, the bytes of another before it. */
function assertDistinct(secrets: readonly Secret[]): void {
  // No id holds a comma.
  const names = secrets.map(({ id, bytes }) => id ?? bytes.join())
  for (const [index, name] of names.entries()) {
    const twin = names.indexOf(name)
    if (twin === index) continue
    throw new SessionConfigError(
      `secrets[${index}]`,
      `has the same text or id as secrets[${twin}]: write another`,
    )
  }
}
