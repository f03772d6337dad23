// What may be a secret. Everything else is refused when the sessions are created, with the reason and
// without the secret.

import { SessionConfigError } from './errors.ts'

/** A key of A256GCM (RFC 7518 section 5.3) has 256 bits; a shorter secret cannot fill it. */
const SECRET_BYTES = 32

/**
 * An estimate below this many bits is refused. 32 random hexadecimal digits, the weakest form in
 * common use, are estimated at 93 bits even when only 9 of the 16 digits happen to occur.
 */
const SECRET_BITS = 80

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
  'mysecret',
  'supersecret',
  'topsecret',
  'secretkey',
  'sessionsecret',
  'cookiesecret',
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

/**
 * The `secrets` option as a list of secrets, newest first: one string with commas between several
 * secrets, or a list of strings. A secret is always taken as its UTF-8 text, whatever it looks like.
 *
 * @throws SessionConfigError for anything else, and for a secret that can be guessed
 */
export function parseSecrets(option: unknown): readonly string[] {
  const make = `make one with: node -p "crypto.randomBytes(32).toString('base64url')"`
  if (option === undefined || option === null || option === '') {
    throw new SessionConfigError(
      'secrets',
      `is ${option === '' ? 'an empty string' : String(option)}: is the environment variable set? ${make}`,
    )
  }
  const listed = Array.isArray(option)
  if (!listed && typeof option !== 'string') {
    throw new SessionConfigError(
      'secrets',
      `must be a string (several secrets separated by commas) or a list of strings, newest first`,
    )
  }
  const secrets: readonly unknown[] = listed ? option : option.split(',')
  if (secrets.length === 0) throw new SessionConfigError('secrets', `is an empty list; ${make}`)

  const seen = new Set<string>()
  return secrets.map((entry, index) => {
    const where = secrets.length === 1 && !listed ? 'secrets' : `secrets[${index}]`
    if (typeof entry !== 'string') {
      throw new SessionConfigError(where, `must be a string, not ${describe(entry)}`)
    }
    const secret = entry.trim()
    if (listed && secret.includes(',')) {
      throw new SessionConfigError(
        where,
        'holds a comma, which separates secrets: pass the string itself, not in a list',
      )
    }
    const weakness = weaknessOf(secret)
    if (weakness !== undefined) throw new SessionConfigError(where, `${weakness}; ${make}`)
    if (seen.has(secret)) {
      throw new SessionConfigError(where, 'is the same secret once more: name each secret once')
    }
    seen.add(secret)
    return secret
  })
}

/** Why a secret can be guessed, or `undefined`. Never repeats the secret. */
export function weaknessOf(secret: string): string | undefined {
  if (secret === '') return 'is empty'
  if (/-----BEGIN|"kty"\s*:\s*"(?:RSA|EC|OKP)"/.test(secret)) {
    return 'is an asymmetric key: anybody can encrypt to a public key, so a session needs a random text'
  }
  const bytes = new TextEncoder().encode(secret)
  if (bytes.length < SECRET_BYTES) {
    return `has ${bytes.length} bytes and needs at least ${SECRET_BYTES}`
  }
  const plain = secret.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (EXAMPLES.some((example) => plain.includes(example))) {
    return 'is a text from an example, which attackers try first'
  }
  if (periodOf(bytes) < SECRET_BYTES && periodOf(bytes) < bytes.length) {
    return 'repeats a shorter text'
  }
  if (bitsOf(bytes) < SECRET_BITS) return 'has too little variety to be random'
  return undefined
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
function describe(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value
}
