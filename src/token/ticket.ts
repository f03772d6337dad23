// A ticket: when a session was last used, sealed by itself, so that use never writes the session. That of
// a session that is bound to a device also says whether the device has proven itself.

import { DAY_SECONDS, startOfDay } from './day.ts'
import { isWholeNumber } from '../validate.ts'

/** A ticket's content. */
export interface Ticket {
  /** The beginning of the id of the session that it belongs to. */
  readonly prefix: string
  /** Seconds since 1970. */
  readonly usedAt: number
}

/**
 * Characters of an id that a ticket repeats: 48 bits. A browser sends the tickets of its own sessions
 * alone, so this only has to tell those apart.
 */
const PREFIX_LENGTH = 8

const PREFIX = /^[A-Za-z0-9_-]{8}$/

/** Returns the text of a ticket of the session with this id. */
export function formatTicket(id: string, usedAt: number): string {
  return `["${prefixOf(id)}",${usedAt % DAY_SECONDS}]`
}

/**
 * Returns the content of a ticket, or `undefined` if it is not ours.
 *
 * @param day the day of the key that opened it
 */
export function parseTicket(text: string, day: number): Ticket | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [prefix, used]: unknown[] = value
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) return undefined
  if (!isWholeNumber(used, 0, DAY_SECONDS - 1)) return undefined
  return { prefix, usedAt: startOfDay(day) + used }
}

/** The content of a bound session's ticket. */
export interface BoundTicket {
  /** The binding that it belongs to. */
  readonly binding: string
  /** When the session was last used, or its device proven, in seconds since 1970. */
  readonly usedAt: number
  readonly isProven: boolean
}

/** Returns the text of a bound session's ticket. */
export function formatBoundTicket({ binding, usedAt, isProven }: BoundTicket): string {
  return `["${binding}",${usedAt % DAY_SECONDS},${isProven ? 1 : 0}]`
}

/** Returns the content of a bound session's ticket, or `undefined` if it is not ours. */
export function parseBoundTicket(text: string, day: number): BoundTicket | undefined {
  const [, plain = '', mark] = /^(\["[^"]*",[0-9]+),([01])\]$/.exec(text) ?? []
  const ticket = parseTicket(`${plain}]`, day)
  return ticket && { binding: ticket.prefix, usedAt: ticket.usedAt, isProven: mark === '1' }
}

/** Whether a ticket belongs to the session with this id. */
export function belongsTo({ prefix }: Ticket, id: string): boolean {
  return prefix === prefixOf(id)
}

function prefixOf(id: string): string {
  return id.slice(0, PREFIX_LENGTH)
}

/** The longest text of a ticket, in bytes: `["abcdefgh",86399]`. */
export const TICKET_BYTES: number = formatTicket('abcdefgh', DAY_SECONDS - 1).length

/** The longest text of a bound session's ticket: `["abcdefgh",86399,1]`. */
export const BOUND_TICKET_BYTES: number = TICKET_BYTES + ',1'.length
