// Everything there is while a history is played: the browser, the servers, what is in flight, and what
// is known of every session that was begun or written.

import type { Session } from 'sealed-session'
import { createCookieStore } from '../support/cookie-store.ts'
import type { CookieStore } from '../support/cookie-store.ts'
import { START } from '../support/mint.ts'
import { cookieOf, deploy, stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { pairOf } from './ledger.ts'
import type { Entry, Pair } from './ledger.ts'
import { CONFIG, SETUP } from './steps.ts'
import type { Action, Config, Setup } from './steps.ts'

export type Owner = 'visitor' | 'attacker'

/** How a session began. */
export interface Birth {
  readonly owner: Owner
  /** The place of its request among all requests. */
  readonly order: number
  readonly at: number
  /** The count of logouts that it has to be begun under, or the highest that it may be. */
  readonly logouts: number
  /** The lowest: lower where a name came twice, and not all that can be paired need be opened. */
  readonly least: number
  /** By a write after the end of another, in one request. */
  readonly goodbye: boolean
}

/** A request and what became of it. */
export interface Exchange {
  readonly owner: Owner
  readonly instance: Instance
  readonly order: number
  readonly action: Action
  /** Nothing else was on its way from the request to the response. */
  alone: boolean
  /** Not for a handler that ignores the session. */
  readonly session: Session | undefined
  /** The state that came and was opened, where no cookie came twice. */
  readonly came: Entry | undefined
  /** The counts that this request, a logout, may leave in the mark. */
  readonly counts: readonly [least: number, most: number] | undefined
  /** The one that its response leaves. */
  logout: number | undefined
  answer: Answer | undefined
}

export interface Answer {
  /** Those that have not arrived yet. */
  lines: string[]
  readonly entry: Entry | undefined
  /** `unchanged` also where the handler ignored the session, or what it wrote was too large. */
  readonly outcome: 'written' | 'emptied' | 'unchanged'
  /** Seconds for which the browser is to keep what is written. */
  readonly keptFor: number
}

export interface World {
  readonly setup: Setup
  readonly name: string
  readonly store: CookieStore
  readonly attackersStore: CookieStore
  readonly fleet: Instance[]
  readonly tabs: readonly Exchange[][]
  /** Whose response this step has brought as a whole. */
  arrived: Exchange | undefined
  readonly ledger: (Entry & { readonly owner: Owner })[]
  readonly births: Map<string, Birth>
  /** Sessions of this browser that a logout has ended for good. */
  readonly ended: Set<string>
  requests: number
  /** The count of logouts that the browser sends. */
  mark: number
  /** It was taken from the browser, at least once. */
  markLost: boolean
  /** By the response of an older logout. */
  putBack: boolean
  /** What the browser has is what the last response left, and nothing else. */
  orderly: boolean
  /** That state, if there is one. */
  last: Entry | undefined
  lastUntil: number
  /** Cookies of the attacker have got in. */
  attacked: boolean
  crowded: boolean
  readonly looked: Map<string, string>
  readonly tally: (what: string) => void
}

/** More than a session takes, fewer than in real browsers: a crowd is quicker. */
const MOST_COOKIES = 40

export const ATTACKER = 'https://evil.example.test/'

export function url(path: number): string {
  return `https://app.example.test/${path % 2 === 0 ? '' : 'account'}`
}

export function createWorld(given: Partial<Setup>, tally: (what: string) => void): World {
  const setup = { ...SETUP, ...given }
  stage.now = START
  stage.tell = (event) => {
    if (event.type === 'sealed') tally(`sealed ${event.cause}`)
    if (event.type === 'rejected') tally(`rejected ${event.reason}`)
  }
  const clock = () => stage.now * 1000
  const prefixes = setup.cookie !== 'unguarded'
  return {
    setup,
    name: cookieOf(setup).name,
    store: createCookieStore({ clock, most: MOST_COOKIES, prefixes }),
    attackersStore: createCookieStore({ clock }),
    fleet: setup.fleet.map((config) => deployed(config, setup)),
    tabs: [[], []],
    arrived: undefined,
    ledger: [],
    births: new Map(),
    ended: new Set(),
    requests: 0,
    mark: 0,
    markLost: false,
    putBack: false,
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
  return deploy({ ...CONFIG, ...config }, setup)
}

/** What a `Cookie` header says, and whether any of our names stands in it twice. */
export function pairsOf(header: string): readonly Pair[] {
  return header === '' ? [] : header.split('; ').map(pairOf)
}

/** The count of logouts that a request brings: the highest, where the mark comes twice. */
export function markIn(pairs: readonly Pair[], name: string): number {
  const counts = pairs
    .filter(([key, value]) => key === `${name}.x` && /^[1-9][0-9]{0,8}$/.test(value))
    .map(([, value]) => Number(value))
  return Math.max(0, ...counts)
}

/** The element that a number chooses, if there is any. */
export function choose<T>(list: readonly T[], nth: number): T | undefined {
  return list.at(nth < 0 ? 0 : nth % Math.max(list.length, 1))
}

/** The states of which a request brings every part. */
export function wholeIn(world: World, pairs: readonly Pair[]): World['ledger'] {
  const sent = new Map<string, string[]>()
  for (const [name, value] of pairs) sent.set(name, [...(sent.get(name) ?? []), value])
  return world.ledger.filter((entry) =>
    entry.pairs.every(([name, value]) => sent.get(name)?.includes(value)),
  )
}
