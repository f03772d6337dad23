// What the token format says about one minted token under the default configuration, written a second
// time from its description: the oracle's own opinion, beside the library's.

import { START, dayOf, secretId } from '../support/mint.ts'
import { DAY, SECRETS, headerText } from './tokens.ts'
import type { Opened } from './tokens.ts'

/** Seconds, as configured by default. */
const MAX_AGE = 7 * DAY
const IDLE = DAY
const TOLERANCE = 5
const LONGEST_LIFE = 400 * DAY

export interface Claims {
  readonly jti: string
  readonly d: unknown
  readonly [name: string]: unknown
}

/** The members of a payload, if it is an object with an id and data. */
export function claimsOf(payload: Uint8Array): Claims | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
    const value: unknown = JSON.parse(text)
    return isClaims(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether a token has to be opened: `undefined` where the model does not say, since it knows nothing
 * of scopes, messages and CSRF secrets.
 */
export function accepts(token: Opened, logouts: number): boolean | undefined {
  const { header, payload, secret, day, purpose } = token
  if (purpose !== 'cookie' || secret === SECRETS[2]) return false
  if (header !== headerText(secretId(secret), day)) return false
  const claims = claimsOf(payload)
  if (claims === undefined || !areTimely(claims, day)) return false
  const { out = 0, d, s, f, c } = claims
  if (!isWhole(out) || out < logouts || !isRecord(d) || depthOf(d) > 100) return false
  if (s !== undefined || f !== undefined || c !== undefined) return undefined
  return isWritable(d) ? true : undefined
}

/** Whether strict JSON holds a value without changing it. */
export function isWritable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && isWritable(inner))
}

function areTimely(claims: Claims, day: number): boolean {
  const { iat, exp } = claims
  const nbf = Object.hasOwn(claims, 'nbf') ? claims['nbf'] : iat
  if (!isWhole(iat) || !isWhole(exp) || !isWhole(nbf)) return false
  if (nbf > iat || iat > exp || exp - nbf > LONGEST_LIFE || dayOf(iat) !== day) return false
  const end = Math.min(nbf + MAX_AGE, iat + IDLE, exp)
  return iat <= START + TOLERANCE && START < end + TOLERANCE
}

function isClaims(value: unknown): value is Claims {
  if (!isRecord(value) || !Object.hasOwn(value, 'd')) return false
  const jti = Object.hasOwn(value, 'jti') ? value['jti'] : undefined
  return typeof jti === 'string' && /^[\w-]{22}$/.test(jti)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** How many objects stand in one another. Without recursion: payloads nest as deep as they are long. */
function depthOf(value: unknown): number {
  let level = objectsAmong([value])
  for (let depth = 0; ; depth++) {
    if (level.length === 0 || depth > 200) return depth
    level = level.flatMap((object) => objectsAmong(Object.values(object)))
  }
}

function objectsAmong(values: readonly unknown[]): object[] {
  return values.filter((value) => typeof value === 'object' && value !== null)
}
