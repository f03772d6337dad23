// The identity and times of a session, and all arithmetic with time. Everything here is in whole seconds
// since 1970; nothing here reads a clock.

import { encode } from './base64url.ts'
import { DAY_SECONDS, dayOf } from './day.ts'
import type { RejectionReason } from '../errors.ts'

/** The identity and times of one session. */
export interface Claims {
  /** 128 random bits in 22 characters. */
  readonly id: string
  readonly startedAt: number
  /** When this token was sealed, which is also a use of the session. */
  readonly sealedAt: number
  /** Seconds from the start to the absolute end. Fixed when the session begins. */
  readonly life: number
  /** The logout stamps that the browser sent when the session began: four characters each. */
  readonly stamps: string
  /** The name of the session's lifetime; empty for the default one. */
  readonly lifetime: string
  /** What names the device that the session is bound to; empty for none. */
  readonly binding: string
}

/** The configured bounds of a kind of session, in seconds. */
export interface Lifetime {
  readonly maxAge: number
  /** `Infinity` when switched off. */
  readonly idleTimeout: number
  readonly touchInterval: number
  /** Whether its cookies outlive the browser. */
  readonly persistent: boolean
}

/** All configured lifetimes, and what they share. */
export interface Lifetimes {
  readonly default: Lifetime
  readonly named: ReadonlyMap<string, Lifetime>
  readonly clockTolerance: number
  /** Sessions that started before this moment are refused; 0 refuses none. */
  readonly validAfter: number
  /** The longest `maxAge` of all: no token that is older can be valid. */
  readonly longest: number
}

/** Browsers keep no cookie longer (RFC 6265bis section 5.5), so no session lives longer. */
export const LONGEST_LIFE: number = 400 * DAY_SECONDS

/** A lifetime's name travels in every request. */
export const LIFETIME_NAME: RegExp = /^[A-Za-z0-9_-]{1,32}$/

/** Builds the identity and times of a session that begins now. */
export function createClaims(
  now: number,
  stamps: string,
  lifetime: string,
  lifetimes: Lifetimes,
  binding = '',
): Claims {
  const { maxAge } = lifetimeOf(lifetime, lifetimes)
  return { id: createId(), startedAt: now, sealedAt: now, life: maxAge, stamps, lifetime, binding }
}

/** Draws a session id: 128 random bits (NIST SP 800-63B section 5.1 asks for 64). */
export function createId(): string {
  return encode(crypto.getRandomValues(new Uint8Array(16)))
}

/** Draws a logout stamp: 24 random bits, which only have to differ from a browser's former ones. */
export function createStamp(): string {
  return encode(crypto.getRandomValues(new Uint8Array(3)))
}

/** Draws the id of a binding: 48 random bits, which only tell one browser's bindings apart. */
export function createBinding(): string {
  return encode(crypto.getRandomValues(new Uint8Array(6)))
}

/** Returns the claims of the same session sealed again now. Its start and its end stay. */
export function resealClaims(claims: Claims, now: number): Claims {
  // After a clock went back, the seal must not precede the start; use within the tolerance must not
  // put it after the end: no reader would accept it.
  const sealedAt = Math.min(Math.max(now, claims.startedAt), claims.startedAt + claims.life)
  return { ...claims, sealedAt }
}

/** Returns the lifetime of that name, or the default one if none of that name is configured. */
export function lifetimeOf(name: string, lifetimes: Lifetimes): Lifetime {
  return (name === '' ? undefined : lifetimes.named.get(name)) ?? lifetimes.default
}

/** Returns when a session ends whatever is done, under the current configuration. */
export function absoluteEnd({ startedAt, life }: Claims, { maxAge }: Lifetime): number {
  return startedAt + Math.min(life, maxAge)
}

/**
 * Returns for how many seconds the browser keeps the cookies; `undefined` until it is closed. At least 1:
 * within the tolerance a session may be sealed at its very end, and `Max-Age=0` would delete it.
 */
export function cookieMaxAge(
  claims: Claims,
  now: number,
  lifetimes: Lifetimes,
): number | undefined {
  const lifetime = lifetimeOf(claims.lifetime, lifetimes)
  return lifetime.persistent ? Math.max(absoluteEnd(claims, lifetime) - now, 1) : undefined
}

/** Returns the same for what may have to outlast a session: as long as any can live. */
export function longestMaxAge({ longest, clockTolerance, ...all }: Lifetimes): number | undefined {
  const isPersistent = [all.default, ...all.named.values()].some(({ persistent }) => persistent)
  return isPersistent ? Math.min(longest + clockTolerance, LONGEST_LIFE) : undefined
}

/** Returns when a session ends if it is not used again after `usedAt`. */
export function endsAt(claims: Claims, usedAt: number, lifetime: Lifetime): number {
  return Math.min(absoluteEnd(claims, lifetime), usedAt + lifetime.idleTimeout)
}

/**
 * Whether use at `now` should be written down: the last one is `touchInterval` old, and a new one
 * would move the session's end. (Close to the absolute end, none would.)
 */
export function ticketDue(
  claims: Claims,
  usedAt: number,
  now: number,
  lifetime: Lifetime,
): boolean {
  return (
    now - usedAt >= lifetime.touchInterval &&
    endsAt(claims, now, lifetime) > endsAt(claims, usedAt, lifetime)
  )
}

/** Returns the oldest and the newest day on which an acceptable token can have been sealed. */
export function sealingWindow(now: number, lifetimes: Lifetimes): [number, number] {
  const { longest, clockTolerance } = lifetimes
  return [dayOf(now - longest - clockTolerance), dayOf(now + clockTolerance)]
}

/**
 * Returns why these times are not accepted now, or `undefined`. The token's own end and the current
 * configuration are both checked, because lowering a timeout must apply to sessions already issued.
 */
export function rejectionReason(
  claims: Claims,
  usedAt: number,
  now: number,
  lifetimes: Lifetimes,
): Extract<RejectionReason, 'expired' | 'idle' | 'not-yet-valid' | 'revoked'> | undefined {
  const { clockTolerance, validAfter } = lifetimes
  const lifetime = lifetimeOf(claims.lifetime, lifetimes)
  // "On or after" (RFC 7519 section 4.1.4): the second of the end itself is past it.
  const latestEnd = now - clockTolerance
  if (claims.sealedAt > now + clockTolerance) return 'not-yet-valid'
  if (absoluteEnd(claims, lifetime) <= latestEnd) return 'expired'
  if (usedAt + lifetime.idleTimeout <= latestEnd) return 'idle'
  return claims.startedAt < validAfter ? 'revoked' : undefined
}
