// The tickets of a request, and what they say of its session.

import type { RequestCookies } from '../cookies/request-cookies.ts'
import { usedSince } from '../device-option.ts'
import type { DeviceUse } from '../device-option.ts'
import { belongsTo, parseTicket } from '../token/ticket.ts'
import type { Ticket } from '../token/ticket.ts'
import type { Claims, Lifetimes } from '../token/claims.ts'
import { parseValue } from '../token/jwe.ts'
import { decrypt } from './decrypt.ts'
import type { Pipeline } from './pipeline.ts'

/** Finds out what the tickets of a request say of a session. */
export type FindUse = (claims: Claims) => DeviceUse | Promise<DeviceUse>

/**
 * Returns a search in these cookies. A bare token has none, because the application records its use.
 * Tickets are opened when they are first needed, once for all candidates of a header.
 */
export function createFindUse(cookies: RequestCookies | undefined, pipeline: Pipeline): FindUse {
  const { device, lifetimes, now } = pipeline
  let opened: Promise<readonly Ticket[]> | undefined

  // Async, because generators measured 5 % slower here: each value would pass through one more of them.
  async function findUse(claims: Claims, tickets: readonly string[]): Promise<DeviceUse> {
    opened ??= openTickets(tickets, pipeline)
    return usedSince(lastUse(claims, await opened, now(), lifetimes))
  }

  return (claims) => {
    const { binding, sealedAt } = claims
    if (binding !== '') {
      // Fails closed: without the option nothing can be proven.
      if (device === undefined) {
        return { ...usedSince(now()), reason: 'unproven' }
      }
      if (cookies !== undefined) return device.findUse(claims, cookies)
    }
    const tickets = cookies?.tickets ?? []
    return tickets.length === 0 ? usedSince(sealedAt) : findUse(claims, tickets)
  }
}

/** Returns when the session was last used: when it was sealed, or what the newest of its tickets says. */
function lastUse(
  claims: Claims,
  tickets: readonly Ticket[],
  now: number,
  { clockTolerance }: Lifetimes,
): number {
  let latest = claims.sealedAt
  for (const ticket of tickets) {
    // A server whose clock was ahead must not keep a session in use.
    const isPast = ticket.usedAt <= now + clockTolerance
    if (isPast && belongsTo(ticket, claims.id)) latest = Math.max(latest, ticket.usedAt)
  }
  return latest
}

/** Opens tickets. Any that is not ours is left out. */
async function openTickets(
  values: readonly string[],
  pipeline: Pipeline,
): Promise<readonly Ticket[]> {
  const tickets: Ticket[] = []
  for (const value of values) {
    // oxlint-disable-next-line no-await-in-loop
    const ticket = await openTicket(value, pipeline)
    if (ticket !== undefined) tickets.push(ticket)
  }
  return tickets
}

async function openTicket(value: string, pipeline: Pipeline): Promise<Ticket | undefined> {
  const parsed = parseValue(value)
  if (parsed === undefined) return undefined
  const text = await decrypt(parsed, 'ticket', pipeline.now(), pipeline)
  return typeof text === 'string' ? parseTicket(text, parsed.day) : undefined
}
