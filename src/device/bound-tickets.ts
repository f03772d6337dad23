// The tickets of bound sessions: how long a proof is valid, and what the tickets of a request say.

import type { RequestCookies } from '../cookies/request-cookies.ts'
import { deviceName } from '../cookies/cookie-names.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import { usedSince } from '../device-option.ts'
import type { DeviceUse } from '../device-option.ts'
import { decrypt } from '../pipeline/decrypt.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { absoluteEnd, lifetimeOf } from '../token/claims.ts'
import type { Claims, Lifetime } from '../token/claims.ts'
import { parseValue } from '../token/jwe.ts'
import { formatBoundTicket, parseBoundTicket } from '../token/ticket.ts'
import type { BoundTicket } from '../token/ticket.ts'
import { sealText } from './sealed-arrays.ts'

/**
 * Time within which registration comes, usually seconds after a login. Before it is over, an ordinary
 * response in flight must not replace the proven ticket by an unproven one.
 */
const REGISTRATION_SECONDS = 300

/** Most tickets of one binding that are opened. A name can come from several scopes; more is noise. */
const MAX_TICKETS = 4

/** Whether a use renews an unproven ticket so long after the last one. */
export function isRenewable(age: number, { idleTimeout }: Lifetime): boolean {
  return age >= Math.min(REGISTRATION_SECONDS, Math.floor(idleTimeout / 2))
}

/** Returns how long a proof is valid: a session in use must not idle out between two proofs. */
export function proofLife(interval: number, { idleTimeout }: Lifetime): number {
  return Math.max(1, Math.min(interval, Math.floor(idleTimeout / 2)))
}

/** Whether a proof has ended, under the current configuration. */
export function hasProofEnded(provenAt: number, life: number, pipeline: Pipeline): boolean {
  return provenAt + life <= pipeline.now() - pipeline.lifetimes.clockTolerance
}

/** Seals the ticket of a proof that was made now. */
export async function sealProvenTicket(
  claims: Claims,
  interval: number,
  pipeline: Pipeline,
): Promise<CookieWrite> {
  const { binding } = claims
  const { cookie, lifetimes } = pipeline
  const usedAt = pipeline.now()
  const lifetime = lifetimeOf(claims.lifetime, lifetimes)
  const life = Math.min(proofLife(interval, lifetime), absoluteEnd(claims, lifetime) - usedAt)
  const text = formatBoundTicket({ binding, usedAt, isProven: true })
  const value = await sealText('ticket', text, usedAt, pipeline)
  return { name: deviceName(cookie.name, binding), value, maxAge: Math.max(1, life) }
}

/** Finds the newest ticket of a bound session among the tickets of a request. */
export async function findBoundUse(
  claims: Claims,
  cookies: RequestCookies,
  interval: number,
  pipeline: Pipeline,
): Promise<DeviceUse> {
  const { binding } = claims
  const ticket = await newestTicket(binding, cookies, pipeline)
  const now = pipeline.now()
  if (ticket === undefined) return { ...usedSince(now), reason: 'unproven' }
  const usedAt = Math.max(claims.sealedAt, ticket.usedAt)
  if (!ticket.isProven) return usedSince(usedAt)
  const life = proofLife(interval, lifetimeOf(claims.lifetime, pipeline.lifetimes))
  if (hasProofEnded(ticket.usedAt, life, pipeline)) {
    return { ...usedSince(now), reason: 'unproven', lapsed: { binding } }
  }
  return usedSince(usedAt, ticket.usedAt)
}

/** Returns the newest ticket of a binding. Of two from the same second, the proven one. */
export async function newestTicket(
  binding: string,
  { devices }: RequestCookies,
  pipeline: Pipeline,
): Promise<BoundTicket | undefined> {
  const latest = pipeline.now() + pipeline.lifetimes.clockTolerance
  let newest: BoundTicket | undefined
  // Those of other bindings take no room: logins that bind may be in flight at the same time.
  const own = devices.filter(([name]) => name === binding).slice(0, MAX_TICKETS)
  for (const [, value] of own) {
    // oxlint-disable-next-line no-await-in-loop
    const ticket = await openBoundTicket(value, pipeline)
    if (ticket?.binding !== binding || ticket.usedAt > latest) continue
    if (newest === undefined || isNewerTicket(ticket, newest)) newest = ticket
  }
  return newest
}

function isNewerTicket(one: BoundTicket, other: BoundTicket): boolean {
  return one.usedAt === other.usedAt ? one.isProven : one.usedAt > other.usedAt
}

async function openBoundTicket(
  value: string,
  pipeline: Pipeline,
): Promise<BoundTicket | undefined> {
  const parsed = parseValue(value)
  if (parsed === undefined) return undefined
  const text = await decrypt(parsed, 'ticket', pipeline.now(), pipeline)
  return typeof text === 'string' ? parseBoundTicket(text, parsed.day) : undefined
}
