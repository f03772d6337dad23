// The tickets of bound sessions: how long a proof is good, and what the tickets of a request say.

import type { RequestCookies } from '../cookies/request-cookies.ts'
import { deviceName } from '../cookies/cookie-names.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import { usedSince } from '../device-option.ts'
import type { DeviceUse } from '../device-option.ts'
import { run } from '../steps.ts'
import { decrypt } from '../pipeline/decrypt.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { absoluteEnd, lifetimeOf } from '../token/claims.ts'
import type { Claims, Lifetime } from '../token/claims.ts'
import { parseValue } from '../token/jwe.ts'
import { formatBoundTicket, parseBoundTicket } from '../token/ticket.ts'
import type { BoundTicket } from '../token/ticket.ts'
import { sealText } from './sealed-arrays.ts'

/**
 * Registration comes within seconds of a login. Until it must have come, an ordinary response in flight
 * must not replace the proven ticket by one that is not.
 */
const REGISTRATION_SECONDS = 300

/** Whether so long after its last use an unproven ticket is renewed by use. */
export function isRenewable(age: number, { idleTimeout }: Lifetime): boolean {
  return age >= Math.min(REGISTRATION_SECONDS, Math.floor(idleTimeout / 2))
}

/** Returns for how long a proof is good: sessions in use must not idle out between two of them. */
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

/** Finds out what the tickets of a request say of a bound session: the newest of its own. */
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

/** Returns the newest ticket of a binding. Of two of one second, the proven one. */
export async function newestTicket(
  binding: string,
  { devices }: RequestCookies,
  pipeline: Pipeline,
): Promise<BoundTicket | undefined> {
  const latest = pipeline.now() + pipeline.lifetimes.clockTolerance
  let newest: BoundTicket | undefined
  for (const [name, value] of devices) {
    if (name !== binding) continue
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
  const text = await run(decrypt(parsed, 'ticket', pipeline.now(), pipeline))
  return typeof text === 'string' ? parseBoundTicket(text, parsed.day) : undefined
}
