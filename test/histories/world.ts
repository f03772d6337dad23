// The state while a history is played: the browser, the servers, the responses in flight, and the
// facts about every session that began or was written.

import type { Session } from 'sealed-session'
import { createCookieStore } from '../support/cookie-store.ts'
import type { CookieStore } from '../support/cookie-store.ts'
import { ENDPOINT } from '../support/device-browser.ts'
import { START } from '../support/mint.ts'
import { cookieOptions, deploy, stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { bindingIn, pairOf, partNames } from './ledger.ts'
import type { Entry, Pair, Sent, Ticket } from './ledger.ts'
import { CONFIG, SETUP } from './steps.ts'
import type { Action, Config, Ring, Setup } from './steps.ts'

export type Owner = 'visitor' | 'attacker'

/** How a session began. */
export interface Birth {
  readonly owner: Owner
  /** The position of its request among all requests. */
  readonly order: number
  readonly at: number
  readonly life: number
  readonly lifetime: string
  /** The logout stamps that it began with. */
  readonly stamps: readonly string[]
  /** The logout in the same request, after whose end it began. */
  readonly goodbyeOf: Exchange | undefined
}

/** A request and its results. */
export interface Exchange {
  readonly owner: Owner
  readonly instance: Instance
  readonly order: number
  readonly action: Action
  /** It is between the browser and the endpoint, and changes no part of a session. */
  readonly isOfDevice: boolean
  /** Whether no other request was in flight from the request to the response. */
  alone: boolean
  /** Whether the handler has kept some of the received contents; `undefined` if unknown. */
  readonly carriesReceived: boolean | undefined
  /** Not for a handler that ignores the session. */
  readonly session: Session | undefined
  readonly request: Received | undefined
  /**
   * The stamp of the request's logout; `undefined` until its response is made, or without a logout.
   */
  stamp: string | undefined
  /** Whether the stamp has arrived in the browser. */
  stampArrived: boolean
  answer: Answer | undefined
}

/** The cookies of a request, and the session that they opened. */
export interface Received {
  /** By the clock of its server. */
  readonly openedAt: number
  /** The names of the received parts of the session, and of the tickets that are read. */
  readonly names: ReadonlySet<string>
  /** Whether a part was received, valid or not. */
  readonly hasParts: boolean
  /** Whether a name was received twice. */
  readonly hasTwins: boolean
  readonly sent: Sent
  /** The secrets in use before and after it was opened. */
  readonly rings: readonly Ring[]
  /** The id of the session that was opened. */
  readonly id: string | undefined
  readonly rejection: string | undefined
  /** The state that was opened, if no name was received twice. */
  readonly entry: Entry | undefined
}

export interface Answer {
  /** Those that have not arrived yet. */
  lines: string[]
  readonly entry: Entry | undefined
  /** The effect on the session in the browser. */
  readonly outcome: 'written' | 'emptied' | 'unchanged'
  /** Seconds for which the browser must keep the written cookies. */
  readonly keptFor: number
  /** The challenge to register a key. */
  readonly registration?: string | undefined
  /** What the endpoint tells the browser of one of its sessions. */
  readonly told?: { readonly binding: string; readonly isOver: boolean } | undefined
}

/** What the browser's device knows. */
export interface DeviceMemory {
  /** Challenges to register a key that have come. */
  readonly asked: string[]
  /** Every challenge that has come, of either kind. */
  readonly challenges: string[]
  /** The sessions that it has registered a key for, by their binding. */
  readonly known: Set<string>
}

/** A cookie with the key of a device. */
export interface KeyCookie {
  readonly name: string
  readonly value: string
  readonly secret: number
  readonly binding: string
  readonly provenAt: number
}

/** What a thief has. */
export interface Copy {
  readonly store: CookieStore
  /** When the proofs were made that came with it, by their binding. */
  readonly proofs: ReadonlyMap<string, number>
}

/** A server with a fault. */
export interface Outage {
  readonly healthy: Instance
  /**
   * The parts of the session that the browser sent to each page when it began; `undefined` after a
   * step that was meant to change them.
   */
  headers: readonly string[] | undefined
}

export interface World {
  readonly setup: Setup
  readonly name: string
  readonly store: CookieStore
  readonly attackersStore: CookieStore
  readonly fleet: Instance[]
  /** By the position of the server in the fleet. */
  readonly outages: Map<number, Outage>
  readonly tabs: readonly Exchange[][]
  readonly ledger: (Entry & { readonly owner: Owner })[]
  readonly tickets: (Ticket & { readonly owner: Owner })[]
  readonly keys: KeyCookie[]
  readonly memory: DeviceMemory
  copy: Copy | undefined
  readonly births: Map<string, Birth>
  /** When each session, or binding, was last used, by the clock of the server that recorded it. */
  readonly uses: Map<string, number>
  /** Sessions of this browser that a logout has ended for good. */
  readonly ended: Set<string>
  requests: number
  /** The value of the browser's own cookie for the stamp. */
  stamp: string | undefined
  /** The exchange whose response this step has delivered, in part or completely. */
  arriving: Exchange | undefined
  /** Whether the browser has exactly what the last response left. */
  orderly: boolean
  /** That state, if there is one. */
  last: Entry | undefined
  lastUntil: number
  /** Whether cookies of the attacker have been stored. */
  attacked: boolean
  crowded: boolean
  readonly looked: Map<Instance, string>
  readonly tally: (what: string) => void
}

/** More cookies than a session takes, but fewer than in real browsers, because that is faster. */
const MOST_COOKIES = 40

export const ATTACKER = 'https://evil.example.test/'

export function url(path: number): string {
  return `https://app.example.test/${path % 2 === 0 ? '' : 'account'}`
}

export function createWorld(given: Partial<Setup>, tally: (what: string) => void): World {
  const setup = { ...SETUP, ...given }
  stage.now = START
  stage.revoked.clear()
  stage.parcels.reset()
  stage.observe = (event) => {
    if (event.type === 'sealed') tally(`sealed ${event.cause}`)
    if (event.type === 'sealed' && event.moved !== undefined) tally('moved')
    if (event.type === 'rejected') tally(`rejected ${event.reason}`)
    if (event.type === 'device') tally(`device ${event.outcome} ${event.reason ?? ''}`.trim())
  }
  const clock = () => stage.now * 1000
  const prefixes = setup.cookie !== 'unguarded'
  return {
    setup,
    name: cookieOptions(setup).name,
    store: createCookieStore({ clock, most: MOST_COOKIES, prefixes }),
    attackersStore: createCookieStore({ clock }),
    fleet: setup.fleet.map((config) => deployed(config, setup)),
    outages: new Map(),
    tabs: [[], []],
    ledger: [],
    tickets: [],
    keys: [],
    memory: { asked: [], challenges: [], known: new Set() },
    copy: undefined,
    births: new Map(),
    uses: new Map(),
    ended: new Set(),
    requests: 0,
    stamp: undefined,
    arriving: undefined,
    orderly: true,
    last: undefined,
    lastUntil: Infinity,
    attacked: false,
    crowded: false,
    looked: new Map(),
    tally,
  }
}

export function deployed(config: Partial<Config>, setup: Setup): Instance {
  const { serializer, schema, overflow, device } = setup
  return deploy({ ...CONFIG, serializer, schema, overflow, device, ...config }, setup)
}

/** Returns the pairs of a `Cookie` header. */
export function pairsIn(header: string): readonly Pair[] {
  return header === '' ? [] : header.split('; ').map(pairOf)
}

/** The most cookies of one name that are read. */
const MOST_TWINS = 4

/** Returns what a request sends beside the parts of a session. */
export function sentIn({ name, tickets }: World, pairs: readonly Pair[]): Sent {
  const valuesOf = (own: string) => pairs.filter(([key]) => key === own).map(([, value]) => value)
  const stamps = valuesOf(`${name}.x`).filter((value) => /^[\w-]{4}$/.test(value))
  const values = new Set(valuesOf(`${name}.t`).slice(0, MOST_TWINS))
  const bound = deviceTicketsIn(name, pairs)
  return {
    stamps: [...new Set(stamps)].slice(0, MOST_TWINS),
    tickets: tickets.filter(({ value, prefix, isBound }) =>
      isBound
        ? bound.some(([key, sent]) => sent === value && bindingIn(key, name) === prefix)
        : values.has(value),
    ),
  }
}

/** Returns the tickets of bound sessions that may be opened. */
export function deviceTicketsIn(name: string, pairs: readonly Pair[]): readonly Pair[] {
  const bound = pairs.filter(([key]) => /^[\w-]{8}$/.test(bindingIn(key, name) ?? ''))
  return bound.filter(([key], at) => {
    const before = bound.slice(0, at).filter(([other]) => other === key)
    return before.length < MOST_TWINS
  })
}

/** The path of the device's endpoint. */
export const ENDPOINT_URL = `https://app.example.test${ENDPOINT}`

/** Returns the name of the cookie that holds the key of a binding. */
export function keyName(name: string, binding: string): string {
  return `${name.replace('__Host-', '__Secure-')}.k.${binding}`
}

/** Returns the element that a number chooses, if there is any. */
export function choose<T>(list: readonly T[], nth: number): T | undefined {
  return list.at(nth < 0 ? 0 : nth % Math.max(list.length, 1))
}

/** Returns the states of which a request brings every part. */
export function wholeIn(world: World, pairs: readonly Pair[]): World['ledger'] {
  const sent = new Map<string, string[]>()
  for (const [name, value] of pairs) sent.set(name, [...(sent.get(name) ?? []), value])
  return world.ledger.filter((entry) =>
    entry.pairs.every(([name, value]) => sent.get(name)?.includes(value)),
  )
}

/** Whether one of the session's cookies was received twice. */
export function hasTwins({ name }: World, pairs: readonly Pair[]): boolean {
  const names = pairs.map(([own]) => own).filter((own) => own.startsWith(name))
  return new Set(names).size < names.length
}

/** Returns the parts of the session that the browser sends to each page. */
export function headersOf(world: World): string[] {
  const names = new Set(partNames(world.name))
  return [0, 1].map((path) =>
    pairsIn(world.store.header(url(path), 'peek'))
      .filter(([name]) => names.has(name))
      .join('; '),
  )
}

/**
 * Records a change of the session in the browser that is intended, or that no server can prevent.
 */
export function forgetOutages({ outages }: World): void {
  for (const outage of outages.values()) outage.headers = undefined
}

/** Records a change of the browser's cookies without a server. */
export function disturb(world: World): void {
  forgetOutages(world)
  world.orderly = false
  for (const exchange of world.tabs.flat()) exchange.alone = false
}

export function instanceOf({ fleet, setup }: World, nth: number): Instance {
  return choose(fleet, nth) ?? deployed({}, setup)
}
