// Plays a history, step by step, and checks after each that every promise holds.

import { SessionTooLargeError } from 'sealed-session'
import type { Session } from 'sealed-session'
import type { CookieStore } from '../support/cookie-store.ts'
import { stage } from './fleet.ts'
import type { Instance } from './fleet.ts'
import { entryOf, partNames, reasonsAgainst } from './ledger.ts'
import type { Entry } from './ledger.ts'
import {
  checkMark,
  checkNothingLost,
  checkQuiet,
  checkWritten,
  endBefore,
  followMark,
  hold,
  look,
} from './promises.ts'
import type { Action, History, Step, Toss } from './steps.ts'
import { ATTACKER, choose, createWorld, deployed, markIn, pairsOf, url, wholeIn } from './world.ts'
import type { Answer, Exchange, Owner, World } from './world.ts'

/** Tokens of nobody: too short, too many parts, no count, an unknown secret, an impossible count. */
const JUNK = ['', 'x', '17.x', '2.eyJhbGciOiJkaXIi', '02.x', 'eyJhbGciOiJkaXIi.AAAA.AAAA.AAAA.AAAA']

/** The most a mark counts to. */
const MOST_LOGOUTS = 999_999_999

/** @param tally told what happened, by name */
export async function play(
  [setup, steps]: History,
  tally: (what: string) => void = () => {},
): Promise<void> {
  const world = createWorld(setup, tally)
  for (const step of steps) {
    tally(`step ${step[0]}`)
    world.arrived = undefined
    await take(world, step)
    followMark(world, step)
    await look(world)
  }
}

/** Whether the history breaks a promise, and which error says so. */
export async function failureOf(history: History): Promise<Error | undefined> {
  try {
    await play(history)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** A failing history without the steps and the settings that it fails without. */
export async function smallest(history: History): Promise<History> {
  const [setup, steps] = history
  const shorter: History[] = steps.map((_, index) => [setup, steps.toSpliced(index, 1)])
  const plainer = Object.keys(setup).map((key): History => {
    const { [key as keyof typeof setup]: _, ...others } = setup
    return [others, steps]
  })
  const fleets = (setup.fleet ?? []).map((_, index): History => {
    const fleet = setup.fleet?.toSpliced(index, 1, {}) ?? []
    return [{ ...setup, fleet }, steps]
  })
  for (const candidate of [...shorter, ...plainer, ...fleets]) {
    if (JSON.stringify(candidate) === JSON.stringify(history)) continue
    if ((await failureOf(candidate)) !== undefined) return smallest(candidate)
  }
  return history
}

/** Does what a step says. */
async function take(world: World, step: Step): Promise<void> {
  switch (step[0]) {
    case 'ask':
      await ask(world, ...rest(step))
      break
    case 'answer':
      await answer(world, waiting(world, step[1], step[2], false))
      break
    case 'deliver':
      deliver(world, waiting(world, step[1], step[2], true), step[3])
      break
    case 'visit': {
      const exchange = await ask(world, ...rest(step))
      await answer(world, exchange)
      deliver(world, exchange, 0)
      break
    }
    case 'close':
      tabOf(world, step[1]).length = 0
      break
    case 'clock':
      pass(world, step[1])
      break
    case 'until':
      pass(world, secondsUntil(world, step[1]) + step[2])
      break
    case 'deploy':
      world.fleet[step[1] % world.fleet.length] = deployed(step[2], world.setup)
      break
    case 'evict':
      evict(world, step[1])
      break
    case 'crowd':
      crowd(world, step[1])
      break
    case 'own':
      await attackersVisit(world, step[1], step[2], step[3])
      break
    case 'toss':
      toss(world, step[1], step[2], step[3], step[4])
  }
}

/** An exchange of a tab, or of the other one if it has none, that is answered or that is not. */
function waiting(world: World, tab: number, nth: number, answered: boolean): Exchange | undefined {
  const isMeant = ({ answer }: Exchange) => (answer !== undefined) === answered
  const own = choose(tabOf(world, tab).filter(isMeant), nth)
  return own ?? choose(world.tabs.flat().filter(isMeant), nth)
}

type Request = [tab: number, instance: number, path: number, action: Action, amount: number]

function rest([, ...request]: readonly [kind: 'ask' | 'visit', ...Request]): Request {
  return request
}

async function ask(world: World, ...request: Request): Promise<Exchange> {
  const [tab, nth, path, action, amount] = request
  const others = world.tabs.flat()
  for (const other of others) other.alone = false
  if (others.length > 0) {
    world.orderly = false
    world.tally('requests that overlap')
  }
  const asked = { world, owner: 'visitor', store: world.store, nth, path, action, amount } as const
  const exchange = await begin(asked, others.length === 0)
  tabOf(world, tab).push(exchange)
  return exchange
}

interface Asked {
  readonly world: World
  readonly owner: Owner
  readonly store: CookieStore
  readonly nth: number
  readonly path: number
  readonly action: Action
  readonly amount: number
}

/** A request: its cookies go, and its handler does what it does. */
async function begin(asked: Asked, alone: boolean): Promise<Exchange> {
  const { world, owner, store, nth, path, action, amount } = asked
  world.tally(`action ${action}`)
  const order = world.requests++
  const instance = instanceOf(world, nth)
  const started = { owner, instance, order, action, alone, answer: undefined, logout: undefined }
  const header = store.header(url(path))
  if (action === 'ignore') {
    return { ...started, session: undefined, came: undefined, counts: undefined }
  }
  const pairs = pairsOf(header)
  const mark = markIn(pairs, world.name)
  const session = await instance.sessions.open(header)
  const cameId = session.id
  const valid = wholeIn(world, pairs).filter(
    (entry) => reasonsAgainst(entry, instance, mark).length === 0,
  )
  const came = valid.find((entry) => entry.id === cameId)
  act(session, action, `${order}`, amount)
  // Of several that came, a logout ends all that were opened, so it counts from the highest of them.
  const least = Math.max(mark, came?.logouts ?? 0)
  const most = Math.max(mark, ...valid.map(({ logouts }) => logouts))
  const ours = new Set(partNames(world.name))
  const ends =
    (action === 'logout' || action === 'goodbye') && pairs.some(([name]) => ours.has(name))
  const counts = ends ? ([next(least), next(most)] as const) : undefined
  const { id } = session
  if (action === 'login') hold(id !== cameId, 'a login begins another session')
  if (id !== undefined && !world.births.has(id)) {
    const [from, to] = counts ?? [least, most]
    const birth = { owner, order, at: instance.now(), logouts: to, least: from }
    world.births.set(id, { ...birth, goodbye: counts !== undefined })
  }
  const twins = new Set(pairs.map(([name]) => name)).size < pairs.length
  return { ...started, session, came: twins ? undefined : came, counts }
}

/** The count of one logout more. */
function next(logouts: number): number {
  return Math.min(logouts + 1, MOST_LOGOUTS)
}

function act(session: Session, action: Action, text: string, amount: number): void {
  const filled = `${text} ${text.padEnd(3, 'x').repeat(amount / 3)}`
  switch (action) {
    case 'set':
      return session.set('a', filled)
    case 'add':
      return session.set('b', filled)
    case 'delete':
      session.delete('a')
      return undefined
    case 'clear':
      return session.clear()
    case 'login':
      session.regenerate(amount > 100 ? { keep: ['a'], scopes: ['s'] } : {})
      return session.set('user', text)
    case 'logout':
      return session.destroy()
    case 'goodbye':
      session.destroy()
      return session.set('goodbye', filled)
    case 'flash':
      return session.flash('f', text)
    case 'take':
      session.flash('f')
      return undefined
    case 'scope':
      return session.scope('s').set('n', text)
    case 'touch':
      return session.touch()
    case 'read':
      session.get('a')
      return undefined
    case 'ignore':
  }
}

/** The response: the library's lines, or none if what was set does not fit. */
async function answer(world: World, exchange: Exchange | undefined): Promise<void> {
  if (exchange !== undefined) exchange.answer = await answerOf(world, exchange)
}

async function answerOf(world: World, exchange: Exchange): Promise<Answer> {
  const { session, instance, owner } = exchange
  const nothing = { lines: [], entry: undefined, outcome: 'unchanged', keptFor: 0 } as const
  if (session === undefined) return { ...nothing, lines: [] }
  try {
    const lines = await instance.sessions.setCookies(session)
    const entry = entryOf(lines, world.name)
    checkQuiet(exchange, lines)
    checkMark(world, exchange, lines)
    if (entry !== undefined) {
      checkWritten(world, exchange, entry)
      world.ledger.push({ ...entry, owner })
      if (entry.pairs.length > 1) world.tally('several cookies')
      const left = Math.min(Math.max(entry.expiresAt - instance.now(), 1), 400 * 86_400)
      return { lines, entry, outcome: 'written', keptFor: world.setup.persistent ? left : Infinity }
    }
    if (lines.length > 0) world.tally('only deleted')
    if (session.isEmpty) return { ...nothing, lines, outcome: 'emptied' }
    checkNothingLost(exchange)
    return { ...nothing, lines }
  } catch (error) {
    if (!(error instanceof SessionTooLargeError)) throw error
    world.tally('too large to write')
    return { ...nothing, lines: [] }
  }
}

/** A response arrives, as a whole or in pieces. */
function deliver(world: World, exchange: Exchange | undefined, count: number): void {
  const answer = exchange?.answer
  if (exchange === undefined || answer === undefined) return
  const lines = answer.lines.splice(0, count === 0 ? Infinity : count)
  for (const line of lines) {
    const outcome = world.store.set(line, url(0))
    hold(outcome !== 'refused', 'no browser refuses a line of ours', line.slice(0, 80))
  }
  if (answer.lines.length > 0) {
    world.tally('a response in pieces')
    exchange.alone = false
    world.orderly = false
    return
  }
  for (const tab of world.tabs) if (tab.includes(exchange)) tab.splice(tab.indexOf(exchange), 1)
  settle(world, exchange, answer)
  // A goodbye that does not fit is an error and no logout: the browser keeps what it had.
  if (answer.outcome !== 'unchanged') endBefore(world, exchange)
  world.arrived = exchange
}

/** What the browser has now, if that can be known. */
function settle(world: World, exchange: Exchange, { entry, outcome, keptFor }: Answer): void {
  if (!exchange.alone) {
    world.orderly = false
    return
  }
  if (outcome === 'unchanged') return
  // Such a response has replaced or deleted everything that came with its request.
  if (!world.attacked) world.orderly = true
  world.last = entry
  world.lastUntil = stage.now + keptFor
}

function pass(world: World, seconds: number): void {
  stage.now += seconds
  // What a browser has dropped stays away, though the clock be put back.
  if (stage.now >= world.lastUntil) world.last = undefined
}

function secondsUntil(world: World, end: 'absolute' | 'idle'): number {
  const entry = world.ledger.at(-1)
  const { config, now } = instanceOf(world, 0)
  if (entry === undefined) return 0
  const { maxAge, idleTimeout } = config
  const idleEnd = entry.sealedAt + (idleTimeout === false ? maxAge : idleTimeout)
  return (end === 'absolute' ? entry.startedAt + maxAge : idleEnd) - now()
}

function evict(world: World, nth: number): void {
  const ours = world.store.cookies().filter(({ name }) => name.startsWith(world.name))
  const lost = choose(ours, nth)
  if (lost === undefined) return
  world.tally('evicted')
  world.store.evict(lost)
  // Without the mark alone, what the browser has is still what the last response left.
  if (lost.name !== `${world.name}.x`) disturb(world)
}

function crowd(world: World, count: number): void {
  for (let number = 0; number < count; number++) {
    world.store.set(`c${number}=1; Domain=example.test; Path=/c; Secure`, ATTACKER)
  }
  world.crowded = true
  disturb(world)
}

async function attackersVisit(
  world: World,
  nth: number,
  action: Action,
  amount: number,
): Promise<void> {
  const { attackersStore: store } = world
  const asked = { world, owner: 'attacker', store, nth, path: 0, action, amount } as const
  const exchange = await begin(asked, true)
  await answer(world, exchange)
  for (const line of exchange.answer?.lines ?? []) store.set(line, url(0))
}

function toss(world: World, path: number, what: Toss, nth: number, part: number): void {
  for (const pair of tossed(world, what, nth, part)) {
    const attributes = `Domain=example.test; Path=${path % 2 === 0 ? '/' : '/account'}; Secure`
    const outcome = world.store.set(`${pair}; ${attributes}`, ATTACKER)
    world.tally(`tossed ${what} ${outcome}`)
    if (world.setup.cookie === 'host') hold(outcome === 'refused', '__Host- keeps subdomains out')
    if (outcome === 'refused') continue
    world.attacked = true
    // One that counts no higher leaves a logout nothing to count to.
    if (what === 'mark') world.markLost = true
    disturb(world)
  }
}

/** What an attacker can set: all that is his, and what he can read, each part under any attributes. */
function tossed(world: World, what: Toss, nth: number, part: number): string[] {
  const { ledger, name, setup } = world
  const own = ledger.filter(({ owner }) => owner === 'attacker')
  const nameOfPart = partNames(name)[part] ?? name
  switch (what) {
    case 'junk':
      // Mostly in the first part, which says what the others are.
      return [`${partNames(name)[Math.max(part - 3, 0)] ?? name}=${choose(JUNK, nth)}`]
    case 'delete':
      return [`${nameOfPart}=; Max-Age=0`]
    case 'mark':
      return [`${name}.x=${[0, 1, 2, 7, MOST_LOGOUTS, 1e9][nth] ?? ''}`]
    case 'own':
      return pairsIn(choose(own, nth))
    default: {
      // Cookies with a Domain go to the subdomains too, so he can read the visitor's.
      const pairs = pairsIn(choose(setup.cookie === 'domain' ? ledger : own, nth))
      const pair = choose(pairs, part)
      return pair === undefined ? [] : [pair]
    }
  }
}

function pairsIn(entry: Entry | undefined): string[] {
  return entry?.pairs.map(([name, value]) => `${name}=${value}`) ?? []
}

/** Something has changed the browser's cookies behind the servers' backs. */
function disturb(world: World): void {
  world.orderly = false
  for (const exchange of world.tabs.flat()) exchange.alone = false
}

function tabOf({ tabs }: World, nth: number): Exchange[] {
  return tabs[nth % tabs.length] ?? []
}

function instanceOf({ fleet, setup }: World, nth: number): Instance {
  return choose(fleet, nth) ?? deployed({}, setup)
}
