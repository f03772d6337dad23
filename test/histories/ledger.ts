// The written states, decoded from the cookies with only Node, and the reasons of SECURITY.md to
// reject each later. Independent of the library.

import { createDecipheriv } from 'node:crypto'
import type { Session } from 'sealed-session'
import { DAY, START, dayKey, dayOf, secretId } from '../support/mint.ts'
import type { Purpose } from '../support/mint.ts'
import { SECRETS, stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { TOLERANCE } from './steps.ts'
import type { Config, Ring } from './steps.ts'

export type Pair = readonly [name: string, value: string]

/** One written state of one session. */
export interface Entry {
  readonly pairs: readonly Pair[]
  /** The number of the secret that sealed it. */
  readonly secret: number
  readonly id: string
  readonly startedAt: number
  readonly sealedAt: number
  /** Seconds from the start to the absolute end. */
  readonly life: number
  readonly lifetime: string
  /** The logout stamps that it carries. */
  readonly stamps: readonly string[]
  /** The name of the device that it is bound to; empty for none. */
  readonly binding: string
  /** The string that was stored for it. */
  readonly parcel: { readonly key: string; readonly value: string } | undefined
  /** The serializer that wrote it. */
  readonly serializer: Config['serializer']
  readonly contents: Contents
}

/** The contents of sessions here: data, the data of one scope, the messages under one key. */
export interface Contents {
  readonly data: Readonly<Record<string, unknown>>
  readonly scope: Readonly<Record<string, unknown>>
  readonly messages: readonly unknown[]
}

/** One written use of one session. */
export interface Ticket {
  readonly value: string
  readonly secret: number
  /** The first characters of the session's id; of a bound session, its binding. */
  readonly prefix: string
  readonly usedAt: number
  readonly isBound: boolean
  /** The device has proven itself at `usedAt`. */
  readonly isProven: boolean
}

/** The state of a session by the tickets of a request. */
export interface Use {
  readonly usedAt: number
  readonly provenAt: number | undefined
  /** The session is bound, and no ticket keeps it. */
  readonly isUnproven: boolean
}

/** The stamps and tickets of a request. */
export interface Sent {
  readonly stamps: readonly string[]
  readonly tickets: readonly Ticket[]
}

/** The names of the cookies that hold a session of this name. */
export function partNames(name: string): string[] {
  return Array.from({ length: 16 }, (_, index) => (index === 0 ? name : `${name}.${index}`))
}

/** Returns the state that a response's lines write, if they write one. */
export function entryOf(lines: readonly string[], name: string): Entry | undefined {
  const names = new Set(partNames(name))
  const pairs = lines.map(pairOf).filter(([part, value]) => names.has(part) && value !== '')
  if (pairs.length === 0) return undefined
  const value = pairs.map(([, part]) => part).join('')
  const { secret, day, text } = open(
    pairs.length > 1 ? value.slice(`${pairs.length}.`.length) : value,
    'cookie',
    name,
  )
  const [id, sealed, life, age, data, more = {}]: Payload = JSON.parse(text)
  const sealedAt = day * DAY + sealed
  const parcel = more.p === undefined ? undefined : parcelOf(id, more.p, name)
  return {
    pairs,
    secret,
    id,
    startedAt: sealedAt - age,
    sealedAt,
    life,
    lifetime: more.l ?? '',
    stamps: more.o?.match(/.{4}/g) ?? [],
    binding: more.b ?? '',
    parcel,
    serializer: serializerOf(data),
    contents: joined(contentsOf(data, more), parcel?.contents),
  }
}

/** Returns the contents of a token's parcel, as it was stored. */
function parcelOf(id: string, place: string, name: string) {
  const key = `parcel:${place}`
  const { value = '' } = stage.parcels.given(key) ?? {}
  const [owner, own, data, more = {}]: ParcelText = JSON.parse(open(value, 'overflow', name).text)
  if (owner !== id || own !== place) throw new Error('the parcel of another session')
  return { key, value, contents: contentsOf(data, more) }
}

function contentsOf(data: unknown, { s = {}, f = [] }: More): Contents {
  const scopes = parseText(s) as Readonly<Record<string, readonly object[]>>
  const flash = parseText(f) as readonly (readonly [string, unknown])[]
  return {
    data: { ...(parseText(data) as object) },
    scope: { ...scopes['s']?.[0] },
    messages: flash.filter(([key]) => key === 'f').map(([, message]) => message),
  }
}

function joined(kept: Contents, moved: Contents | undefined): Contents {
  if (moved === undefined) return kept
  return {
    data: { ...kept.data, ...moved.data },
    scope: { ...kept.scope, ...moved.scope },
    messages: [...kept.messages, ...moved.messages],
  }
}

/** Returns the use that a response's lines write, if they write one. */
export function ticketOf(lines: readonly string[], name: string): Ticket | undefined {
  const isTicket = (key: string) => key === `${name}.t` || bindingIn(key, name) !== undefined
  const pair = lines.map(pairOf).find(([key, sealed]) => isTicket(key) && sealed !== '')
  if (pair === undefined) return undefined
  const [key, value] = pair
  const { secret, day, text } = open(value, 'ticket', name)
  const [prefix, used, mark]: readonly [string, number, number?] = JSON.parse(text)
  const binding = bindingIn(key, name)
  if (binding !== undefined && binding !== prefix) throw new Error('the ticket of another binding')
  return {
    value,
    secret,
    prefix,
    usedAt: day * DAY + used,
    isBound: binding !== undefined,
    isProven: mark === 1,
  }
}

/** Returns the binding that a ticket's name has; `undefined` for any other cookie. */
export function bindingIn(cookie: string, name: string): string | undefined {
  return cookie.startsWith(`${name}.d.`) ? cookie.slice(`${name}.d.`.length) : undefined
}

/** Returns the array that a challenge or the cookie of a key holds, without its time. */
export function openDeviceText(
  value: string,
  purpose: 'device-challenge' | 'device-key',
  name: string,
): { secret: number; sealedAt: number; items: readonly string[] } {
  const { secret, day, text } = open(value, purpose, name)
  const [time, ...items]: readonly [number, ...string[]] = JSON.parse(text)
  return { secret, sealedAt: day * DAY + time, items }
}

/** Returns the contents of an opened session. Takes no message. */
export function contentsIn(session: Session): Contents {
  return {
    data: session.toJSON(),
    scope: session.scope('s').toJSON(),
    messages: session.peekFlash('f'),
  }
}

/** Returns the contents that a server must see of a state: a schema may drop a key. */
export function viewOf({ data, ...others }: Contents, { schema }: Config): Contents {
  if (schema !== 'strip') return { data, ...others }
  const { b: _, ...known } = data
  return { data: known, ...others }
}

export function areSame(one: Contents, other: Contents): boolean {
  const text = ({ data, scope, messages }: Contents) => JSON.stringify([data, scope, messages])
  return text(one) === text(other)
}

/** The limits of a session's life in the configuration of a server. */
export function lifetimeOf(
  { lifetime }: Pick<Entry, 'lifetime'>,
  { config }: Instance,
  persistent: boolean,
) {
  const { remembered, maxAge, idleTimeout, touchInterval } = config
  return lifetime === 'remembered' && remembered !== null
    ? { ...remembered, persistent: true }
    : { maxAge, idleTimeout, touchInterval, persistent }
}

/** The times of a session, as far as they follow from the written states. */
type Times = Pick<Entry, 'startedAt' | 'life' | 'lifetime'>

/** Returns when a session ends with any use. */
export function absoluteEnd(entry: Times, instance: Instance): number {
  const { maxAge } = lifetimeOf(entry, instance, true)
  return entry.startedAt + Math.min(entry.life, maxAge)
}

/** Returns when a session ends if it is not used after `usedAt`. */
export function endOf(entry: Times, usedAt: number, instance: Instance): number {
  const { idleTimeout } = lifetimeOf(entry, instance, true)
  const idleEnd = idleTimeout === false ? Infinity : usedAt + idleTimeout
  return Math.min(absoluteEnd(entry, instance), idleEnd)
}

/** Returns when a session was last used, by the cookies that were sent with it. */
export function lastUse(entry: Entry, sent: Sent, instance: Instance, ring: Ring): number {
  return useOf(entry, sent, instance, ring).usedAt
}

/** Returns what the tickets that were sent with a session say of it. */
export function useOf(entry: Entry, sent: Sent, instance: Instance, ring: Ring): Use {
  const { id, sealedAt, binding } = entry
  const { now, config } = instance
  if (binding === '') {
    const own = validTickets(sent, instance, ring).filter(
      ({ prefix, isBound }) => !isBound && id.startsWith(prefix),
    )
    const usedAt = Math.max(sealedAt, ...own.map((ticket) => ticket.usedAt))
    return { usedAt, provenAt: undefined, isUnproven: false }
  }
  const newest = newestTicket(binding, sent, instance, ring)
  const unproven = { usedAt: now(), provenAt: undefined, isUnproven: true }
  if (config.device === 0 || newest === undefined) return unproven
  const provenAt = newest.isProven ? newest.usedAt : undefined
  if (provenAt !== undefined && now() >= proofEnd(entry, provenAt, instance) + TOLERANCE) {
    return unproven
  }
  return { usedAt: Math.max(sealedAt, newest.usedAt), provenAt, isUnproven: false }
}

/** Returns the newest ticket of a binding. Of two of one second, the proven one. */
export function newestTicket(
  binding: string,
  sent: Sent,
  instance: Instance,
  ring: Ring,
): Ticket | undefined {
  return validTickets(sent, instance, ring)
    .filter(({ prefix, isBound }) => isBound && prefix === binding)
    .toSorted((a, b) => b.usedAt - a.usedAt || Number(b.isProven) - Number(a.isProven))[0]
}

/** Returns the tickets that a server reads: none of a clock that was ahead, none older than any session. */
function validTickets({ tickets }: Sent, instance: Instance, ring: Ring): readonly Ticket[] {
  const now = instance.now()
  const { maxAge, remembered } = instance.config
  const longest = Math.max(maxAge, remembered?.maxAge ?? 0)
  const firstDay = dayOf(now - longest - TOLERANCE)
  return tickets.filter(
    ({ usedAt, secret }) =>
      usedAt <= now + TOLERANCE && dayOf(usedAt) >= firstDay && isIn(ring, secret),
  )
}

/** Returns when a proof ends: sessions in use do not idle out between two of them. */
export function proofEnd(entry: Times, provenAt: number, instance: Instance): number {
  const { idleTimeout } = lifetimeOf(entry, instance, true)
  const most = idleTimeout === false ? Infinity : Math.floor(idleTimeout / 2)
  return provenAt + Math.max(1, Math.min(instance.config.device, most))
}

/**
 * Returns every reason for which this server must reject a state now; if there is none, it must
 * open it.
 */
export function reasonsAgainst(
  entry: Entry,
  sent: Sent,
  instance: Instance,
  ring: Ring,
  { usedAt, isUnproven }: Use = useOf(entry, sent, instance, ring),
): readonly string[] {
  const { config, now } = instance
  const { validAfter, serializer, schema } = config
  const past = (end: number) => now() >= end + TOLERANCE
  const { idleTimeout } = lifetimeOf(entry, instance, true)
  const reasons: string[] = []
  if (isUnproven) reasons.push('unproven')
  if (past(absoluteEnd(entry, instance))) reasons.push('expired')
  if (idleTimeout !== false && past(usedAt + idleTimeout)) reasons.push('idle')
  if (entry.sealedAt > now() + TOLERANCE) reasons.push('not-yet-valid')
  if (!isIn(ring, entry.secret)) reasons.push('unknown-key')
  if (validAfter > 0 && entry.startedAt < START + validAfter) reasons.push('revoked')
  if (stage.revoked.has(entry.id)) reasons.push('revoked')
  if (!sent.stamps.every((stamp) => entry.stamps.includes(stamp))) reasons.push('destroyed')
  if (!READABLE[serializer].includes(entry.serializer)) reasons.push('invalid-data')
  if (schema === 'old' && 'b' in entry.contents.data) reasons.push('invalid-data')
  reasons.push(...reasonsOfStore(entry, config, ring))
  return reasons
}

/** Why a server must reject a state because of the store. */
function reasonsOfStore({ parcel }: Entry, { overflow }: Config, ring: Ring): string[] {
  if (parcel === undefined) return []
  const found = stage.parcels.peek(parcel.key)
  if (!overflow || found === undefined) return ['incomplete']
  if (found.value === parcel.value) return []
  const [id = ''] = found.value.split('.')
  return [isIn(ring, ids.indexOf(id)) ? 'undecryptable' : 'unknown-key']
}

/** The formats that servers with each serializer can read. */
const READABLE: Readonly<Record<Config['serializer'], readonly Config['serializer'][]>> = {
  none: ['none'],
  old: ['none', 'old'],
  new: ['none', 'old', 'new'],
}

export function isIn(ring: Ring, secret: number): boolean {
  return ring.some(([number]) => number === secret)
}

/** Returns the secret that seals at a moment. */
export function sealingSecret(ring: Ring, { now }: Instance): number | undefined {
  return ring.find(([, after]) => after === 0 || START + after <= now())?.[0]
}

export function pairOf(line: string): Pair {
  const end = line.indexOf(';')
  const pair = end === -1 ? line : line.slice(0, end)
  const equals = pair.indexOf('=')
  return [pair.slice(0, equals), pair.slice(equals + 1)]
}

/** Elements of a payload. The output of a serializer is a string. */
type Payload = readonly [
  id: string,
  sealed: number,
  life: number,
  age: number,
  data: unknown,
  more?: More,
]

type ParcelText = readonly [session: string, id: string, data: unknown, more?: More]

interface More {
  readonly s?: unknown
  readonly f?: unknown
  readonly o?: string
  readonly l?: string
  readonly b?: string
  readonly p?: string
}

function parseText(value: unknown): unknown {
  return typeof value === 'string' ? JSON.parse(value.slice(1)) : value
}

function serializerOf(data: unknown): Entry['serializer'] {
  if (typeof data !== 'string') return 'none'
  return data.startsWith('o') ? 'old' : 'new'
}

const ids = SECRETS.map((secret) => secretId(secret))
const keys = new Map<string, Buffer>()

function open(
  value: string,
  purpose: Purpose,
  name: string,
): { secret: number; day: number; text: string } {
  const [id = '', digits = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
  const secret = ids.indexOf(id)
  const day = Number(digits)
  const key = keyOf(secret, purpose, day, name)
  const header = `{"alg":"dir","enc":"A256GCM","kid":"${id}.${digits}"}`
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(Buffer.from(header).toString('base64url')))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  const text = decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8')
  return { secret, day, text }
}

function keyOf(secret: number, purpose: Purpose, day: number, name: string): Buffer {
  const place = `${secret} ${purpose} ${day} ${name}`
  const key = keys.get(place) ?? dayKey({ secret: SECRETS[secret] ?? '', purpose, day, name })
  keys.set(place, key)
  return key
}
