// What may be a secret. Everything else is refused with the reason and without the secret.

import { decode } from './base64url.ts'
import { SessionConfigError } from '../errors.ts'
import {
  isRecord,
  timestampOption,
  ownProperty,
  ownProperties,
  assertKnownKeys,
} from '../validate.ts'

/** A key of A256GCM (RFC 7518 section 5.3) has 256 bits; a shorter secret cannot fill it. */
const SECRET_BYTES = 32

/**
 * An estimate below this many bits is refused. 32 random hexadecimal digits, the weakest form in
 * common use, are estimated at 97 bits on average, below 60 once in 10^4 and below 50 once in 10^6.
 */
const SECRET_BITS = 40

/**
 * Texts that documentation and templates print where a secret belongs, without their punctuation.
 * Eight letters or more each: a random secret holds one of them less than once in 10^9.
 */
const EXAMPLES = [
  'changeme',
  'replaceme',
  'replacewith',
  'yoursecret',
  'yourpassword',
  'supersecret',
  'placeholder',
  'complexpassword',
  'atleast32',
  'keyboardcat',
  'opensslrand',
  'randomlygenerated',
  'thisisasecret',
  'notasecret',
  'correcthorsebatterystaple',
  'loremipsum',
]

const MAKE = `make one with: node -p "crypto.randomBytes(32).toString('base64url')"`

/** One configured secret. */
export interface Secret {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Its public name, where the application chose one. */
  readonly id: string | undefined
  /** Seconds since 1970 before which it opens and does not seal; 0 for always. */
  readonly activeFrom: number
}

/** A secret with a name or a beginning of its own. */
export interface SecretEntry {
  /** At least 32 bytes of text, taken as its UTF-8 bytes. */
  readonly secret: string
  /** 1 to 32 of `A-Z a-z 0-9 _ -`. Default: four characters derived from the secret. */
  readonly id?: string | undefined
  /** When it begins to seal: a Date, its ISO text, or seconds since 1970. Default: at once. */
  readonly activeFrom?: Date | string | number | undefined
}

/** A JWK Set (RFC 7517) of symmetric keys. `activeFrom` is ours; other members are not read. */
export interface SecretSet {
  readonly keys: readonly {
    readonly kty: string
    /** At least 32 bytes in base64url. */
    readonly k?: string | undefined
    /** The secret's id. Default: derived, as for a text. */
    readonly kid?: string | undefined
    readonly activeFrom?: Date | string | number | undefined
  }[]
}

/** Secrets as they can be written down. */
export type Secrets = string | readonly (string | SecretEntry)[] | SecretSet

/**
 * Secrets as written down, newest first, checked. A text is always taken as its UTF-8 bytes, even if
 * it looks like hexadecimal or base64url: another reading would be another secret. A JWK's `k` is
 * base64url by its definition. A string that begins with `{` is a JWK Set's JSON text.
 *
 * @param now seconds; 0 if no clock runs yet, as in workerd's global scope
 * @throws SessionConfigError for anything else, for a secret that can be guessed, two with one name,
 * and a list of which none is active
 */
export function parseSecrets(option: unknown, now: number): readonly Secret[] {
  const entries = entriesOf(option)
  if (entries.length === 0) throw new SessionConfigError('secrets', `is empty; ${MAKE}`)
  const single = typeof option === 'string' && entries.length === 1
  const secrets = entries.map((entry, index) =>
    parseEntry(entry, single ? 'secrets' : `secrets[${index}]`),
  )
  for (const [index, secret] of secrets.entries()) {
    const twin = secrets.findIndex((other) => isSame(other, secret))
    if (twin === index) continue
    throw new SessionConfigError(
      `secrets[${index}]`,
      `has the ${secret.id === undefined ? 'same text' : 'same id'} as secrets[${twin}]: a token must name one secret only`,
    )
  }
  if (now > 0 && secrets.every(({ activeFrom }) => activeFrom > now)) {
    throw new SessionConfigError('secrets', 'has none that is active yet: keep the present one too')
  }
  return secrets
}

/** Whether two lists of secrets are the same, so that what was derived from one can be kept. */
export function areSame(one: readonly Secret[], other: readonly Secret[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ bytes, id, activeFrom }, index) => {
      const match = other[index]
      return (
        match !== undefined &&
        match.id === id &&
        match.activeFrom === activeFrom &&
        areEqual(match.bytes, bytes)
      )
    })
  )
}

function entriesOf(option: unknown): readonly unknown[] {
  if (option === undefined || option === null || option === '') {
    throw new SessionConfigError(
      'secrets',
      `is ${option === '' ? 'an empty string' : String(option)}: is the environment variable set? ${MAKE}`,
    )
  }
  if (Array.isArray(option)) return option
  if (typeof option === 'string') {
    const text = option.trim()
    if (text.startsWith('{')) return entriesOf(parseJson(text))
    refuseWrapped(text)
    return text.split(',')
  }
  const keys = isRecord(option) ? ownProperty(option, 'keys') : undefined
  if (Array.isArray(keys)) return keys
  throw new SessionConfigError(
    'secrets',
    'must be a string (several secrets separated by commas), a list, newest first, a JWK Set, or a function that returns one of these',
  )
}

/**
 * What stands around the whole text would belong to its first and last secret, and, once another is
 * put in front, to other ones: everybody would be logged out.
 */
function refuseWrapped(text: string): void {
  const isQuoted = /^(["'`]).+\1$/s.test(text)
  if (!isQuoted && !/^\[.*\]$/s.test(text)) return
  throw new SessionConfigError(
    'secrets',
    `is in ${isQuoted ? 'quotes' : 'brackets'}, which would be part of the secrets: write it without, several with commas between`,
  )
}

/** The parser's own message would quote the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SessionConfigError('secrets', 'begins like a JWK Set and is not valid JSON')
  }
}

function parseEntry(given: unknown, where: string): Secret {
  if (typeof given === 'string') return parseText(given, where)
  if (!isRecord(given)) {
    throw new SessionConfigError(where, `must be a string or an object, not ${kindOf(given)}`)
  }
  const entry = ownProperties(given)
  const { activeFrom } = entry
  const from = activeFrom === undefined ? 0 : timestampOption(`${where}.activeFrom`, activeFrom)
  if ('kty' in entry) {
    return { ...parseJwk(entry, where), id: idOf(entry['kid'], `${where}.kid`), activeFrom: from }
  }
  assertKnownKeys(entry, ['secret', 'id', 'activeFrom'], `${where}.`)
  const { secret, id } = entry
  if (typeof secret !== 'string') {
    throw new SessionConfigError(`${where}.secret`, `must be a string, not ${kindOf(secret)}`)
  }
  return { ...parseText(secret, `${where}.secret`), id: idOf(id, `${where}.id`), activeFrom: from }
}

function parseText(text: string, where: string): Secret {
  const secret = text.trim()
  if (secret.includes(',')) {
    throw new SessionConfigError(
      where,
      'holds a comma, which separates secrets: pass the string itself, not in a list',
    )
  }
  const bytes = new TextEncoder().encode(secret)
  refuseWeak(bytes, secret, where)
  return { bytes, id: undefined, activeFrom: 0 }
}

function parseJwk(jwk: Readonly<Record<string, unknown>>, where: string): Pick<Secret, 'bytes'> {
  const { kty, k } = jwk
  if (kty !== 'oct') {
    throw new SessionConfigError(
      `${where}.kty`,
      'must be "oct": what is encrypted to a public key may come from anybody',
    )
  }
  const text = typeof k === 'string' ? decode(k) : undefined
  if (text === undefined) throw new SessionConfigError(`${where}.k`, 'must be base64url')
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  refuseWeak(bytes, text, `${where}.k`)
  return { bytes }
}

/** A `kid` is `<id>.<day>`, and travels in every request. */
function idOf(id: unknown, where: string): string | undefined {
  if (id === undefined) return undefined
  if (typeof id === 'string' && /^[A-Za-z0-9_-]{1,32}$/.test(id)) return id
  throw new SessionConfigError(where, 'must be 1 to 32 of A-Z a-z 0-9 _ -: four are plenty')
}

/** Why a secret can be guessed: as an error that never repeats it. */
function refuseWeak(bytes: Uint8Array, text: string, where: string): void {
  const weakness = weaknessOf(bytes, text)
  if (weakness !== undefined) throw new SessionConfigError(where, `${weakness}; ${MAKE}`)
}

function weaknessOf(bytes: Uint8Array, text: string): string | undefined {
  if (bytes.length === 0) return 'is empty'
  if (text.includes('-----BEGIN')) {
    return 'is an asymmetric key: what is encrypted to a public key may come from anybody'
  }
  if (bytes.length < SECRET_BYTES) {
    return `has ${bytes.length} bytes and needs at least ${SECRET_BYTES}`
  }
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (EXAMPLES.some((example) => plain.includes(example))) {
    return 'is a text from an example, which attackers try first'
  }
  // Any random text may end as it begins: a repetition is one that is there twice.
  const period = periodOf(bytes)
  if (period < SECRET_BYTES && period <= bytes.length / 2) return 'repeats a shorter text'
  const bits = bitsOf(bytes.subarray(0, period))
  return bits < SECRET_BITS ? 'has too little variety to be random' : undefined
}

function isSame(one: Secret, other: Secret): boolean {
  if (one.id !== undefined && one.id === other.id) return true
  return one.id === other.id && areEqual(one.bytes, other.bytes)
}

/** Compares configuration with itself, never with what a client sent: time tells nobody anything. */
function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** The length of the shortest text that `bytes` is a repetition of (Knuth, Morris and Pratt). */
function periodOf(bytes: Uint8Array): number {
  const border = new Uint32Array(bytes.length)
  let matched = 0
  for (let at = 1; at < bytes.length; at++) {
    while (matched > 0 && bytes[at] !== bytes[matched]) matched = border[matched - 1] ?? 0
    if (bytes[at] === bytes[matched]) matched++
    border[at] = matched
  }
  return bytes.length - matched
}

/**
 * An upper estimate of the entropy: Shannon's measure of how the bytes are spread, counted only for
 * bytes that do not continue a run such as `aaaa`, `4567` or `fedc`.
 */
function bitsOf(bytes: Uint8Array): number {
  const counts = new Map<number, number>()
  let surprising = 0
  let previous = -2
  for (const byte of bytes) {
    counts.set(byte, (counts.get(byte) ?? 0) + 1)
    if (Math.abs(byte - previous) > 1) surprising++
    previous = byte
  }
  let bitsPerByte = 0
  for (const count of counts.values()) {
    const share = count / bytes.length
    bitsPerByte -= share * Math.log2(share)
  }
  return bitsPerByte * surprising
}

/** A wrong value's kind, never its text. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value
}
