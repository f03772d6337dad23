// The promises about responses: each writes what its handler changed, or what use requires, and
// nothing else.

import { stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { changes } from './handlers.ts'
import { hold } from './hold.ts'
import {
  absoluteEnd,
  bindingIn,
  endOf,
  entryOf,
  isIn,
  lifetimeOf,
  pairOf,
  sealingSecret,
  ticketOf,
  useOf,
} from './ledger.ts'
import type { Entry, Ticket, Use } from './ledger.ts'
import { bindingsOf, checkBinding, checkTicketsLeft, isLapse } from './bindings.ts'
import { keyName } from './world.ts'
import { TOLERANCE } from './steps.ts'
import type { Ring } from './steps.ts'
import type { Answer, Exchange, World } from './world.ts'

/** Seconds: no browser keeps a cookie longer. */
const LONGEST_KEPT = 400 * 86_400

/** Seconds for which a parcel is stored at least. */
const LEAST_TTL = 60

/** Seconds for which a ticket of a session that has just been bound is not renewed by use. */
const REGISTRATION_SECONDS = 300

/** The parsed lines of a response. */
export interface Response {
  readonly lines: readonly string[]
  readonly entry: Entry | undefined
  readonly ticket: Ticket | undefined
  readonly stamp: string | undefined
  /** The names of the cookies that are deleted. */
  readonly deleted: readonly string[]
}

/** Checks a response and records its writes. Returns the browser's session after it. */
export function checkResponse(
  world: World,
  exchange: Exchange,
  lines: readonly string[],
  rings: readonly Ring[],
  asked: string | undefined,
): Answer {
  const response = parseLines(lines, world.name)
  const { entry, ticket, deleted } = response
  const registration = checkBinding(world, exchange, response, asked)
  checkStamp(world, exchange, response)
  checkDeletions(world, exchange, response)
  checkUnchanged(world, exchange, response)
  if (ticket === undefined) checkNoTicket(world, exchange, response, rings)
  else checkTicket(world, exchange, ticket, response, rings)
  if (entry === undefined) checkNothingLost(exchange, response, rings)
  else checkEntry(world, exchange, entry, rings)
  const answer = { lines: [...lines], entry, keptFor: Infinity, registration }
  if (entry !== undefined) {
    return { ...answer, outcome: 'written', keptFor: keptFor(world, exchange, entry) }
  }
  return { ...answer, outcome: deleted.includes(world.name) ? 'emptied' : 'unchanged' }
}

function parseLines(lines: readonly string[], name: string): Response {
  const pairs = lines.map(pairOf)
  return {
    lines,
    entry: entryOf(lines, name),
    ticket: ticketOf(lines, name),
    stamp: pairs.find(([key]) => key === `${name}.x`)?.[1],
    // The key of a device goes with its ticket, and lies where no page's request sees it.
    deleted: pairs
      .filter(([key, value]) => value === '' && !key.startsWith(keyName(name, '')))
      .map(([key]) => key),
  }
}

/** Only a logout sets a stamp, and no existing session knows it. */
function checkStamp(world: World, exchange: Exchange, { stamp }: Response): void {
  const isLogout = exchange.action === 'logout' || exchange.action === 'goodbye'
  const ends = isLogout && exchange.request?.hasParts === true
  hold(ends === (stamp !== undefined), 'a logout, and nothing else, leaves a stamp')
  if (stamp === undefined) return
  hold(/^[\w-]{4}$/.test(stamp), 'a stamp has four characters')
  const births = [...world.births]
  const isKnown = births.some(([, { stamps }]) => stamps.includes(stamp))
  hold(!isKnown, 'a logout leaves a stamp that no session knows')
  for (const [id, birth] of births) {
    // A session that begins after the end, in the same request, is not ended by it.
    if (birth.goodbyeOf !== exchange) continue
    world.births.set(id, { ...birth, stamps: [stamp, ...birth.stamps] })
  }
  exchange.stamp = stamp
}

/** Cookies are deleted only if a session ended, was emptied, or has become smaller. */
function checkDeletions(world: World, exchange: Exchange, response: Response): void {
  const { request, action, session, instance } = exchange
  const { name } = world
  const { entry, stamp, deleted } = response
  const came = request?.names ?? new Set()
  hold(
    deleted.every((own) => came.has(own)),
    'a response deletes only what came with its request',
  )
  if (deleted.length === 0) return
  if (entry !== undefined) {
    const written = new Set(entry.pairs.map(([own]) => own))
    const isLeftOver = (own: string) => own === `${name}.t` || !written.has(own)
    hold(deleted.every(isLeftOver), 'beside a write, only what is left over is deleted')
    if (stamp === undefined) checkTicketsLeft(world, exchange, entry, deleted)
    return
  }
  if (isLapse(world, exchange, response)) {
    world.tally('the ticket of a proof that has ended deleted')
    return
  }
  const isEmptied =
    request?.id !== undefined &&
    session?.isEmpty === true &&
    changes(action, request.id, request.entry, instance) !== false
  const ended = stamp !== undefined || request?.rejection === 'destroyed' || isEmptied
  hold(ended, 'a refused cookie is deleted after a logout alone', request?.rejection)
  const isBound = (own: string) => bindingIn(own, name) !== undefined
  const isOurs = (own: string) => !isBound(own) || instance.config.device !== 0
  const left = [...came].filter((own) => isOurs(own) && !deleted.includes(own))
  const isMuch = deleted.filter((own) => isBound(own)).length >= MOST_DELETED
  hold(
    left.every((own) => isMuch && isBound(own)),
    'what is over takes all of its cookies with it',
  )
}

/** The most bindings whose cookies one response deletes. */
const MOST_DELETED = 5

/** A response to a request that changed nothing may record its use, or delete a destroyed cookie. */
function checkUnchanged(
  { name }: World,
  exchange: Exchange,
  { lines, entry, ticket }: Response,
): void {
  const { request, action, instance } = exchange
  const isAlone = lines.length === 1 || (entry !== undefined && ticket?.isBound === true)
  hold(ticket === undefined || isAlone, 'a ticket is written alone')
  if (changes(action, request?.id, request?.entry, instance) !== false) return
  hold(
    entry === undefined,
    'a response to a request that changed nothing changes no data',
    `${action}: ${lines.map((line) => line.slice(0, name.length + 8)).join()}`,
  )
}

/** A due use is recorded. */
function checkNoTicket(
  world: World,
  exchange: Exchange,
  { entry }: Response,
  rings: readonly Ring[],
): void {
  const { request, action, session, instance } = exchange
  if (request?.entry === undefined || session === undefined) return
  if (action === 'discard' || isRefusedNow(exchange, rings) !== false) return
  const isBegun = action === 'login' || action === 'remember'
  if (isBegun && entry !== undefined && entry.binding !== '') {
    const isDue = usesOf(exchange).every((use) => isRenewable(world, exchange, use))
    hold(!isDue, 'a bound session that begins anew has a ticket that lives as long')
  }
  if (changes(action, request.id, request.entry, instance) !== false) return
  const isDue = usesOf(exchange).every((use) => isTicketDue(world, exchange, use))
  hold(!isDue, 'use that is due is written down', action)
}

/** A ticket records that this session was used now, and is written when it is due. */
function checkTicket(
  world: World,
  exchange: Exchange,
  ticket: Ticket,
  { lines, entry }: Response,
  rings: readonly Ring[],
): void {
  const { session, instance, action, owner, request } = exchange
  const id = session?.id ?? ''
  const { isBound, prefix } = ticket
  const bindings = entry === undefined ? bindingsOf(world, exchange) : [entry.binding]
  const isOwn = isBound ? bindings.includes(prefix) : id.startsWith(prefix)
  hold(id !== '' && isOwn, "a ticket is the handler's session's")
  hold(isBound || bindings.includes(''), 'a bound session has no other ticket')
  hold(!ticket.isProven, 'no ordinary response makes a proven ticket')
  hold(ticket.usedAt === instance.now(), 'a ticket has the time of its response')
  hold(sealsNow(ticket.secret, rings, instance), 'the newest active secret seals')
  hold(action !== 'discard', 'nothing is written of a session whose changes are discarded')
  hold(isRefusedNow(exchange, rings) !== true, 'nothing is sealed of a session that was revoked')
  if (entry !== undefined) checkTicketBeside(world, exchange)
  else if (request?.entry !== undefined && action !== 'renew') {
    const isDue = usesOf(exchange).some((use) => isTicketDue(world, exchange, use))
    hold(isDue, 'use is written down when it is due, and not before', action)
  }
  const birth = world.births.get(id)
  const maxAge = maxAgeOf(lines.find((line) => line.includes(ticket.value)) ?? '')
  if (birth !== undefined) {
    const { persistent } = lifetimeOf(birth, instance, world.setup.persistent)
    const left = absoluteEnd({ ...birth, startedAt: birth.at }, instance) - instance.now()
    const end = persistent ? Math.max(left, 1) : undefined
    const expected = isBound ? longestKept(world, instance) : end
    hold(maxAge === expected, 'a ticket stays to the absolute end', `${maxAge}, not ${expected}`)
  }
  recordUse(world, isBound ? prefix : id, ticket.usedAt)
  world.tickets.push({ ...ticket, owner })
}

/** Beside a write, a ticket is that of a binding, or of a bound session that begins anew. */
function checkTicketBeside(world: World, exchange: Exchange): void {
  const { action } = exchange
  if (action === 'bind') return
  const isAnew = action === 'login' || action === 'remember'
  hold(isAnew, 'a ticket goes beside a session that begins', action)
  const uses = usesOf(exchange)
  const isAllowed = uses.length === 0 || uses.some((use) => isRenewable(world, exchange, use))
  hold(isAllowed, 'a session that begins anew renews an old ticket that is not proven')
}

/** A response writes the contents that its handler left, with the right times. */
function checkEntry(world: World, exchange: Exchange, entry: Entry, rings: readonly Ring[]): void {
  const { session, instance, action } = exchange
  const { id, startedAt, sealedAt } = entry
  const birth = world.births.get(id)
  hold(birth !== undefined && session?.id === id, "what is written is the handler's session")
  if (birth === undefined || session === undefined) return
  hold(action !== 'discard', 'nothing is written of a session whose changes are discarded')
  hold(isRefusedNow(exchange, rings) !== true, 'nothing is sealed of a session that was revoked')
  hold(sealsNow(entry.secret, rings, instance), 'the newest active secret seals')
  hold(sorted(entry.contents.data) === sorted(session.toJSON()), 'what is written is what was set')
  hold(
    text(entry.contents.scope) === text(session.scope('s')),
    'what is written is what was set in a scope',
  )
  hold(startedAt === birth.at, 'no write moves the start')
  hold(entry.life === birth.life, 'no write moves the absolute end')
  hold(entry.lifetime === birth.lifetime, 'a session keeps its lifetime')
  hold(
    text([...entry.stamps].toSorted()) === text([...birth.stamps].toSorted()),
    'a session carries the stamps that it began under',
    `${entry.stamps.join()}, not ${birth.stamps.join()}`,
  )
  hold(
    sealedAt === Math.min(Math.max(instance.now(), startedAt), startedAt + entry.life),
    'a write has the time of its response',
  )
  recordUse(world, id, sealedAt)
  checkParcel(world, entry, instance)
}

/** A parcel is stored as long as the session can live, and no longer. */
function checkParcel(
  { ledger }: World,
  { parcel, startedAt, life }: Entry,
  server: Instance,
): void {
  if (parcel === undefined) return
  // A reused parcel was checked when it was created, by the clock of that server.
  if (ledger.some((known) => known.parcel?.key === parcel.key)) return
  const endsAt = (stage.parcels.given(parcel.key)?.endsAt ?? 0) + server.config.skew
  const end = Math.max(startedAt + life, server.now())
  const beyond = endsAt - end
  hold(beyond >= 0 && beyond <= LEAST_TTL + 2 * TOLERANCE, 'a parcel ages out', `${beyond}`)
}

/** A handler's change that fits is written, because otherwise it would be lost silently. */
function checkNothingLost(exchange: Exchange, response: Response, rings: readonly Ring[]): void {
  const { action, request, session, instance } = exchange
  if (session === undefined || request === undefined) return
  if (changes(action, request.id, request.entry, instance) !== true) return
  const isEnd = action === 'logout' || (action === 'goodbye' && response.stamp !== undefined)
  if (isEnd || session.isEmpty) {
    const isOver = isEnd || request.id !== undefined
    const isGone = response.deleted.length > 0 || !request.hasParts
    hold(!isOver || isGone, 'what was emptied is deleted', action)
    return
  }
  hold(isRefusedNow(exchange, rings) !== false, 'a change is written', action)
}

/**
 * Whether the received session must not be sealed again: its secret was removed while the request
 * ran, or it was revoked. `undefined` if unknown.
 */
function isRefusedNow(exchange: Exchange, rings: readonly Ring[]): boolean | undefined {
  const { request, carriesReceived } = exchange
  if (request?.id === undefined || carriesReceived === false) return false
  if (stage.revoked.has(request.id)) return carriesReceived
  const { entry } = request
  if (entry === undefined) return undefined
  const known = rings.filter((ring) => isIn(ring, entry.secret)).length
  if (known === rings.length) return false
  return known === 0 ? carriesReceived : undefined
}

/** The last uses, of which one was read when the request was opened. */
function usesOf({ request, instance }: Exchange): Use[] {
  const entry = request?.entry
  if (entry === undefined || request === undefined) return []
  const { openedAt } = request
  const opened = { ...instance, now: () => openedAt }
  return request.rings.map((ring) => useOf(entry, request.sent, opened, ring))
}

function isTicketDue(world: World, exchange: Exchange, use: Use): boolean {
  const { request, action, instance } = exchange
  const entry = request?.entry
  if (entry === undefined) return false
  const now = instance.now()
  const { usedAt } = use
  if (entry.binding !== '' && !isRenewable(world, exchange, use)) return false
  if (action === 'touch') return now >= usedAt
  const { touchInterval } = lifetimeOf(entry, instance, true)
  const moves = endOf(entry, now, instance) > endOf(entry, usedAt, instance)
  return now - usedAt >= touchInterval && moves
}

/** Use renews the ticket of a bound session neither after a proof nor soon after its last use. */
function isRenewable({ births }: World, { session, instance }: Exchange, use: Use): boolean {
  const { lifetime = '' } = births.get(session?.id ?? '') ?? {}
  const { idleTimeout } = lifetimeOf({ lifetime }, instance, true)
  const half = idleTimeout === false ? Infinity : Math.floor(idleTimeout / 2)
  const least = Math.min(REGISTRATION_SECONDS, half)
  return use.provenAt === undefined && instance.now() - use.usedAt >= least
}

export function sealsNow(secret: number, rings: readonly Ring[], instance: Instance): boolean {
  return rings.some((ring) => sealingSecret(ring, instance) === secret)
}

export function recordUse({ uses }: World, id: string, usedAt: number): void {
  uses.set(id, Math.max(uses.get(id) ?? 0, usedAt))
}

/** A bound session may begin anew with any lifetime, and keeps its ticket. */
function longestKept({ setup }: World, { config }: Instance): number | undefined {
  const { maxAge, remembered } = config
  if (!setup.persistent && remembered === null) return undefined
  return Math.min(Math.max(maxAge, remembered?.maxAge ?? 0) + TOLERANCE, LONGEST_KEPT)
}

/**
 * How long the browser must keep a session: until its absolute end, or until the browser is closed.
 */
function keptFor({ setup }: World, { instance }: Exchange, entry: Entry): number {
  const { persistent } = lifetimeOf(entry, instance, setup.persistent)
  const left = Math.max(absoluteEnd(entry, instance) - instance.now(), 1)
  return persistent ? Math.min(left, LONGEST_KEPT) : Infinity
}

export function maxAgeOf(line: string): number | undefined {
  const seconds = /; Max-Age=(\d+)/.exec(line)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

/** The order of keys may change if some of them move. */
function sorted(value: object): string {
  return text(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function text(value: unknown): string {
  return JSON.stringify(value)
}
