// Public keys of devices: which are accepted, and which of their members are stored.

import { decode } from '../token/base64url.ts'
import { isRecord, ownProperties } from '../validate.ts'

/** An accepted key, by its algorithm. */
export interface PublicKey {
  readonly alg: 'ES256' | 'RS256'
  /** `x` and `y` of an EC key, `n` and `e` of an RSA key, in base64url. */
  readonly parts: readonly [string, string]
}

/** Bytes of a coordinate on P-256 (RFC 7518 section 6.2.1.2). */
const COORDINATE_BYTES = 32

/** RFC 7518 section 3.3 requires at least 2 048 bits; more than 4 096 only cost time. */
const LEAST_MODULUS_BYTES = 256
const MOST_MODULUS_BYTES = 512

/** 65 537, the exponent that every secure hardware uses. */
const EXPONENT = 'AQAB'

/**
 * Returns the stored form of a JWK, or `undefined` if it is not a public key of the algorithm.
 * Reads only the members of the key itself, because the sender is not trusted.
 */
export function parsePublicJwk(jwk: unknown, alg: PublicKey['alg']): PublicKey | undefined {
  if (!isRecord(jwk)) return undefined
  const { kty, crv, x, y, n, e, d, k } = ownProperties(jwk)
  // A private or a symmetric key proves nothing, because its sender has disclosed it.
  if (d !== undefined || k !== undefined) return undefined
  const isEc = alg === 'ES256'
  if (kty !== (isEc ? 'EC' : 'RSA') || (isEc && crv !== 'P-256')) return undefined
  const key = { alg, parts: isEc ? [x, y] : [n, e] }
  return isPublicKey(key) ? key : undefined
}

/** Whether the parts of a key have the form and the size of its algorithm. */
export function isPublicKey(key: {
  readonly alg: unknown
  readonly parts: readonly unknown[]
}): key is PublicKey {
  const { alg, parts } = key
  const [first, second] = parts
  if (parts.length !== 2 || typeof first !== 'string' || typeof second !== 'string') return false
  if (alg === 'ES256') {
    return [first, second].every((part) => decode(part)?.length === COORDINATE_BYTES)
  }
  const modulus = alg === 'RS256' && second === EXPONENT ? decode(first) : undefined
  if (modulus === undefined || modulus.startsWith('\0')) return false
  return modulus.length >= LEAST_MODULUS_BYTES && modulus.length <= MOST_MODULUS_BYTES
}

/** Returns a key as a JWK with only its parts. */
export function formatJwk({ alg, parts }: PublicKey): JsonWebKey {
  const [first, second] = parts
  return alg === 'ES256'
    ? { kty: 'EC', crv: 'P-256', x: first, y: second }
    : { kty: 'RSA', n: first, e: second }
}
