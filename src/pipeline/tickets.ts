// The tickets of a request, and what they say of its session.

import { belongsTo, parseTicket } from '../token/ticket.ts'
import type { Ticket } from '../token/ticket.ts'
import type { Claims, Lifetimes } from '../token/claims.ts'
import { parseValue } from '../token/jwe.ts'
import { decrypt } from './decrypt.ts'
import type { Pipeline } from './pipeline.ts'

/** Returns when the session was last used: when it was sealed, or what the newest of its tickets says. */
export function lastUse(
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
export async function openTickets(
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
