// The JWT that a browser signs with the key of its device. The sender is not trusted, so every
// member is checked before it is used (RFC 8725).

import { importJWK } from 'jose/key/import'
import { compactVerify } from 'jose/jws/compact/verify'
import type { DeviceRefusal } from '../events.ts'
import { decode } from '../token/base64url.ts'
import { decodeText } from '../token/jwe.ts'
import { isRecord, ownProperties } from '../validate.ts'
import { formatJwk, parsePublicJwk } from './public-key.ts'
import type { PublicKey } from './public-key.ts'
import { parseItem } from './structured-fields.ts'

/** A proof whose signature is not verified yet. */
export interface Proof {
  readonly jwt: string
  readonly alg: PublicKey['alg']
  /** The key to register. */
  readonly key: PublicKey | undefined
  readonly challenge: string
  /** The URL for which it was made, if the browser names it. */
  readonly audience: string | undefined
}

/** Most characters of a proof. With an RSA key of 4 096 bits and its signature it has 1.7 kB. */
const MAX_PROOF = 4096

/** A proof as a structured string has quotation marks, and may have parameters. */
const MAX_FIELD = MAX_PROOF + 256

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/

/**
 * Returns the JWT of a header field: a string, or a token as Chromium sends it. Returns the empty
 * string if it is neither, `undefined` if it is too long.
 */
export function readProof(field: string): string | undefined {
  return field.length > MAX_FIELD ? undefined : (parseItem(field) ?? '')
}

/**
 * Parses a proof. Returns why it is invalid if it is. Uses no crypto.
 *
 * @param isRegistration whether it must contain a key; otherwise it must not
 */
export function parseProof(jwt: string, isRegistration: boolean): Proof | DeviceRefusal {
  if (jwt.length > MAX_PROOF) return 'too-large'
  const [, first = '', second = ''] = COMPACT.exec(jwt) ?? []
  const header = parseObject(first)
  const payload = parseObject(second)
  if (header === undefined || payload === undefined) return 'malformed'
  const { alg, typ, jwk } = header
  const { jti, aud } = payload
  // An explicit type rejects a JWT for another use (RFC 8725 section 3.11).
  if (typ !== 'dbsc+jwt') return 'malformed'
  // The header alone never decides: `none`, and HMAC with a public key (RFC 8725 section 3.1).
  if (alg !== 'ES256' && alg !== 'RS256') return 'algorithm'
  if ((jwk !== undefined) !== isRegistration) return 'key'
  const key = isRegistration ? parsePublicJwk(jwk, alg) : undefined
  if (isRegistration && key === undefined) return 'key'
  if (typeof jti !== 'string') return 'challenge'
  if (aud !== undefined && typeof aud !== 'string') return 'audience'
  return { jwt, alg, key, challenge: jti, audience: aud }
}

/** Whether a proof was signed with this key. One verification, with the key's own algorithm. */
export async function isSignedBy({ jwt, alg }: Proof, key: PublicKey): Promise<boolean> {
  if (alg !== key.alg) return false
  try {
    const imported = await importJWK(ownProperties(formatJwk(key)), alg)
    await compactVerify(jwt, imported, ownProperties({ algorithms: [alg] }))
    return true
  } catch {
    // A point that is not on the curve, an unknown critical member, or another signature.
    return false
  }
}

function parseObject(part: string): Readonly<Record<string, unknown>> | undefined {
  const characters = decode(part)
  if (characters === undefined) return undefined
  const bytes = Uint8Array.from(characters, (character) => character.charCodeAt(0))
  try {
    const value: unknown = JSON.parse(decodeText(bytes) ?? '')
    return isRecord(value) ? ownProperties(value) : undefined
  } catch {
    return undefined
  }
}
