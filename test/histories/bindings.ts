// The promises about bindings: a bound session stays bound, and keeps its ticket.

import { assertPromise } from './assert-promise.ts'
import { bindingIn, openDeviceText, proofEnd } from './ledger.ts'
import type { Entry } from './ledger.ts'
import type { Response } from './responses.ts'
import { TOLERANCE } from './steps.ts'
import type { Exchange, World } from './world.ts'

/** Returns the possible bindings of the received session: one, unless a name was received twice. */
export function bindingsOf({ ledger }: World, { request }: Exchange): readonly string[] {
  if (request?.id === undefined) return ['']
  if (request.entry !== undefined) return [request.entry.binding]
  return ledger.filter(({ id }) => id === request.id).map(({ binding }) => binding)
}

/**
 * A bound session is written with its binding, an unbound one without; `bindToDevice` alone gives another.
 * Returns the challenge that asks the browser for a key.
 */
export function checkBinding(
  world: World,
  exchange: Exchange,
  { entry, ticket }: Response,
  asked: string | undefined,
): string | undefined {
  const { action, instance } = exchange
  const isBinding = action === 'bind' && entry !== undefined && instance.config.device !== 0
  assertPromise(isBinding === (asked !== undefined), 'a binding, and nothing else, asks for a key')
  if (entry === undefined) return undefined
  const before = bindingsOf(world, exchange)
  if (!isBinding) {
    const isOver = action === 'logout' || action === 'goodbye'
    const expected = isOver ? [''] : before
    assertPromise(expected.includes(entry.binding), 'a session stays bound, or unbound', action)
    return undefined
  }
  const known = world.ledger.some(({ binding }) => binding === entry.binding)
  assertPromise(/^[\w-]{8}$/.test(entry.binding) && !known, 'a binding is a new one')
  assertPromise(
    ticket?.isBound === true && ticket.prefix === entry.binding,
    'a binding is set with its ticket',
  )
  const challenge = /;challenge="([^"]+)"$/.exec(asked ?? '')?.[1] ?? ''
  const { items } = openDeviceText(challenge, 'device-challenge', world.name)
  assertPromise(items.join() === `register,${entry.binding}`, 'a key is asked for the binding')
  return challenge
}

/** Beside a write, the ticket of a binding goes with a new one alone, and that of the session stays. */
export function checkTicketsLeft(
  world: World,
  exchange: Exchange,
  { binding }: Entry,
  deleted: readonly string[],
): void {
  const devices = deleted.flatMap((own) => bindingIn(own, world.name) ?? [])
  if (devices.length === 0) return
  assertPromise(exchange.action === 'bind', 'a write takes no ticket of a binding', exchange.action)
  const before = bindingsOf(world, exchange)
  const isKept = (own: string) => own === binding || (before.length === 1 && before[0] === own)
  assertPromise(!devices.some(isKept), 'a new binding leaves the ticket of the received session')
}

/** Whether all that a response does is to delete the ticket of a proof that has ended. */
export function isLapse(
  { name, ledger }: World,
  { request, instance }: Exchange,
  { lines, deleted }: Response,
): boolean {
  const binding = bindingIn(deleted[0] ?? '', name)
  if (request?.rejection === undefined || lines.length !== 1) return false
  if (binding === undefined) return false
  const ends = ledger
    .filter((entry) => entry.binding === binding)
    .flatMap((entry) =>
      request.sent.tickets
        .filter(({ isBound, isProven, prefix }) => isBound && isProven && prefix === binding)
        .map(({ usedAt }) => proofEnd(entry, usedAt, instance)),
    )
  const isEnded = ends.some((end) => request.openedAt >= end + TOLERANCE)
  assertPromise(isEnded, 'the ticket of a proof is deleted once it has ended')
  return true
}
