// What stands in a token beside the data (RFC 7519 claims), and all arithmetic with time. Everything
// here is in whole seconds since 1970 (NumericDate); nothing here reads a clock.

import { encode } from './base64url.ts'
import type { RejectionReason } from '../errors.ts'
import { isRecord, isWholeNumber } from '../validate.ts'

/** One session's identity and times. */
export interface Claims {
  /** `jti`: 128 random bits, the same over every renewal. */
  readonly id: string
  /** `nbf`: when the session began; its absolute end is counted from here. */
  readonly startedAt: number
  /** `iat`: when this token was sealed; idleness is counted from here. */
  readonly sealedAt: number
  /** `exp`: the nearer of the two ends, for any reader that has no configuration. */
  readonly expiresAt: number
  /** `out`: how often this browser had logged out when the session began. */
  readonly logouts: number
}

/** The configured bounds, in seconds. */
export interface Lifetime {
  readonly maxAge: number
  /** `Infinity` when switched off. */
  readonly idleTimeout: number
  readonly touchInterval: number
  readonly clockTolerance: number
  /** Sessions started before this moment are refused; 0 refuses none. */
  readonly validAfter: number
}

/** A payload taken apart. */
export interface Payload {
  readonly claims: Claims
  /** What stands beside the claims, not looked at yet. */
  readonly members: Readonly<Record<string, unknown>>
  /** The text from `"d":` on, to compare with later; `undefined` where another writer arranged it. */
  readonly text: string | undefined
}

/** Browsers keep no cookie longer (RFC 6265bis section 5.5), so no session of ours lives longer. */
export const LONGEST_LIFE: number = 400 * 86_400

/** The identity and times of a session that begins now. */
export function createClaims(now: number, logouts: number, lifetime: Lifetime): Claims {
  const id = encode(crypto.getRandomValues(new Uint8Array(16)))
  return { id, startedAt: now, sealedAt: now, expiresAt: endOf(now, now, lifetime), logouts }
}

/** The same session sealed again now. Its start stays, so its absolute end does. */
export function resealClaims(claims: Claims, now: number, lifetime: Lifetime): Claims {
  // A clock that went back must not put the seal before the session's start, and use within the
  // tolerance must not put it behind the session's end: no reader would take it.
  const end = claims.startedAt + lifetime.maxAge
  const sealedAt = Math.min(Math.max(now, claims.startedAt), end)
  return { ...claims, sealedAt, expiresAt: endOf(claims.startedAt, sealedAt, lifetime) }
}

/** When a session of these claims ends under the current configuration, if it is not used again. */
export function endsAt(claims: Claims, lifetime: Lifetime): number {
  return Math.min(claims.expiresAt, endOf(claims.startedAt, claims.sealedAt, lifetime))
}

function endOf(startedAt: number, sealedAt: number, lifetime: Lifetime): number {
  return Math.min(startedAt + lifetime.maxAge, sealedAt + lifetime.idleTimeout)
}

/**
 * Whether a session that was only read should be sealed again: the last seal is `touchInterval` old
 * and a new one would move its end. (Close to the absolute end, nothing would.)
 */
export function renewalDue(claims: Claims, now: number, lifetime: Lifetime): boolean {
  return (
    now - claims.sealedAt >= lifetime.touchInterval &&
    resealClaims(claims, now, lifetime).expiresAt > endsAt(claims, lifetime)
  )
}

/** The oldest and the newest day on which an acceptable token can have been sealed. */
export function sealingWindow(now: number, lifetime: Lifetime): [number, number] {
  return [now - lifetime.maxAge - lifetime.clockTolerance, now + lifetime.clockTolerance]
}

/**
 * Why these times are not accepted now, or `undefined`. Checked against the token and against the
 * current configuration: lowering a timeout applies to sessions that are already out.
 */
export function rejectionReason(
  claims: Claims,
  now: number,
  lifetime: Lifetime,
): Extract<RejectionReason, 'expired' | 'idle' | 'not-yet-valid' | 'revoked'> | undefined {
  // "On or after" (RFC 7519 section 4.1.4): the second of the end itself is past it.
  const past = (end: number) => now >= end + lifetime.clockTolerance
  if (claims.sealedAt > now + lifetime.clockTolerance) return 'not-yet-valid'
  if (past(claims.startedAt + lifetime.maxAge)) return 'expired'
  if (past(claims.sealedAt + lifetime.idleTimeout)) return 'idle'
  // The ends under today's configuration are not reached, so a former, shorter one made this; which of
  // its two ends it was, the token does not say.
  if (past(claims.expiresAt)) return 'idle'
  return claims.startedAt < lifetime.validAfter ? 'revoked' : undefined
}

/** Claims and the contents' text as a payload. The contents are last, so that their text can be cut. */
export function formatPayload(claims: Claims, contents: string): string {
  return opening(claims) + contents
}

/** A payload's claims and contents, or `undefined` if it is not our claims. */
export function parsePayload(payload: string): Payload | undefined {
  const members = parseObject(payload)
  if (members === undefined) return undefined
  const {
    jti: id,
    iat: sealedAt,
    exp: expiresAt,
    nbf: startedAt = sealedAt,
    out: logouts = 0,
  } = members
  if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{22}$/.test(id)) return undefined
  if (!isWholeNumber(sealedAt, 0) || !isWholeNumber(expiresAt, 0) || !isWholeNumber(startedAt, 0))
    return undefined
  if (!isWholeNumber(logouts, 0)) return undefined
  if (startedAt > sealedAt || sealedAt > expiresAt) return undefined
  if (expiresAt - startedAt > LONGEST_LIFE) return undefined
  if (!Object.hasOwn(members, 'd')) return undefined

  const claims = { id, startedAt, sealedAt, expiresAt, logouts }
  const head = opening(claims)
  const text = payload.startsWith(head) ? payload.slice(head.length) : undefined
  return { claims, members, text }
}

/** Members that have their usual value are left out: every byte travels on every request. */
function opening({ id, startedAt, sealedAt, expiresAt, logouts }: Claims): string {
  const nbf = startedAt === sealedAt ? '' : startMember(startedAt)
  const out = logouts === 0 ? '' : `"out":${logouts},`
  return `{"jti":"${id}","iat":${sealedAt},"exp":${expiresAt},${nbf}${out}`
}

function startMember(startedAt: number): string {
  return `"nbf":${startedAt},`
}

/** Characters that a later renewal adds to a token: the start, once it is not the sealing time. */
export function renewalGrowth({ startedAt, sealedAt }: Claims): number {
  return startedAt === sealedAt ? Math.ceil((startMember(startedAt).length * 4) / 3) : 0
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    // Under no prototype: what other code has put on `Object.prototype` is no claim.
    return isRecord(value) ? Object.setPrototypeOf(value, null) : undefined
  } catch {
    return undefined
  }
}
