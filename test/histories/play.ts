// Plays a history, step by step, and checks every promise after each.

import { toss } from './attacker.ts'
import { bindingsWithoutTicket, forge, prove, proveFirst, register } from './devices.ts'
import { createCookieStore } from '../support/cookie-store.ts'
import { stage } from './fleet.ts'
import { changes } from './handlers.ts'
import { assertPromise } from './assert-promise.ts'
import { absoluteEnd, endOf, lastUse, proofEnd } from './ledger.ts'
import { endBefore, followStamp } from './logouts.ts'
import { checkHealed, checkReads, checkCopy } from './promises.ts'
import { answer, begin } from './requests.ts'
import type { Action, Config, Fault, History, Step } from './steps.ts'
import {
  ATTACKER,
  ENDPOINT_URL,
  choose,
  createWorld,
  deployed,
  recordOutsideChange,
  forgetOutages,
  headersOf,
  instanceOf,
  keyName,
  pairsIn,
  sentIn,
  url,
} from './world.ts'
import type { Answer, Exchange, World } from './world.ts'

/** @param tally called with the name of each situation */
export async function play(
  [setup, steps]: History,
  tally: (what: string) => void = () => {},
): Promise<void> {
  const world = createWorld(setup, tally)
  for (const step of steps) {
    tally(`step ${step[0]}`)
    world.arriving = undefined
    await playStep(world, step)
    followStamp(world, step)
    const { arriving } = world
    settleArrival(world)
    if (arriving !== undefined) await answerToDevice(world, arriving, step)
    await checkReads(world)
  }
}

/** Returns the error of a history that breaks a promise. */
export async function failureOf(history: History): Promise<Error | undefined> {
  try {
    await play(history)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Shrinks a failing history: removes steps and settings without which it still fails. */
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

/** Plays a step. */
async function playStep(world: World, step: Step): Promise<void> {
  switch (step[0]) {
    case 'ask':
      await ask(world, ...requestOf(step))
      break
    case 'answer':
      await respond(world, waiting(world, step[1], step[2], false))
      break
    case 'deliver':
      deliver(world, waiting(world, step[1], step[2], true), step[3])
      break
    case 'visit': {
      const exchange = await ask(world, ...requestOf(step))
      await respond(world, exchange)
      deliver(world, exchange, 0)
      break
    }
    case 'close':
      tabOf(world, step[1]).length = 0
      break
    case 'clock':
      advanceClock(world, step[1])
      break
    case 'until':
      advanceClock(world, secondsUntil(world, step[1]) + step[2])
      break
    case 'deploy':
      deploy(world, step[1], step[2])
      break
    case 'fault':
      beginFault(world, step[1], step[2])
      break
    case 'heal':
      endFault(world, step[1])
      break
    case 'provide':
      instanceOf(world, step[1]).provide(step[2])
      break
    case 'revoke':
      revoke(world, step[1])
      break
    case 'store':
      world.tally(`store ${step[1]}`)
      stage.parcels.happen(step[1], step[2])
      break
    case 'evict':
      evict(world, step[1])
      break
    case 'crowd':
      crowd(world, step[1])
      break
    case 'prove': {
      const exchange = await prove(world, step[2], step[3], step[4])
      if (exchange !== undefined) tabOf(world, step[1]).push(exchange)
      break
    }
    case 'steal':
      copyCookies(world)
      break
    case 'rob':
      await useCopy(world, step[1], step[2], step[3])
      break
    case 'forge':
      await forge(world, step[1], step[2], step[3])
      break
    case 'own':
      await attackersVisit(world, step[1], step[2], step[3])
      break
    case 'toss':
      toss(world, step[1], step[2], step[3], step[4])
  }
}

/**
 * Returns an exchange of a tab, or of the other one if it has none, that is answered or pending.
 */
function waiting(world: World, tab: number, nth: number, answered: boolean): Exchange | undefined {
  const isMeant = (exchange: Exchange) => (exchange.answer !== undefined) === answered
  const own = choose(tabOf(world, tab).filter(isMeant), nth)
  return own ?? choose(world.tabs.flat().filter(isMeant), nth)
}

type Request = [tab: number, instance: number, path: number, action: Action, amount: number]

function requestOf([, ...request]: readonly [kind: 'ask' | 'visit', ...Request]): Request {
  return request
}

async function ask(world: World, ...[tab, instance, path, action, amount]: Request) {
  await holdBack(world, instance)
  const others = world.tabs.flat().filter(({ isOfDevice }) => !isOfDevice)
  for (const other of others) other.alone = false
  if (others.length > 0) {
    world.orderly = false
    world.tally('requests that overlap')
  }
  const { store } = world
  const asked = { owner: 'visitor', store, instance, path, action, amount } as const
  const exchange = await begin(world, asked, others.length === 0)
  tabOf(world, tab).push(exchange)
  return exchange
}

async function respond(world: World, exchange: Exchange | undefined): Promise<void> {
  if (exchange !== undefined) exchange.answer = await answer(world, exchange)
}

/** Delivers a response, completely or in part. */
function deliver(world: World, exchange: Exchange | undefined, count: number): void {
  if (exchange?.answer === undefined) return
  world.arriving = exchange
  if (isMeantToChange(exchange)) forgetOutages(world)
  const { lines } = exchange.answer
  for (const line of lines.splice(0, count === 0 ? Infinity : count)) {
    const outcome = world.store.set(line, url(0))
    assertPromise(outcome !== 'refused', 'no browser refuses a line of ours', line.slice(0, 80))
  }
  if (lines.length === 0) return
  world.tally('a response in pieces')
  exchange.alone = false
  world.orderly = false
}

/** A browser with the feature proves itself before a request, where a ticket of its sessions is missing. */
async function holdBack(world: World, place: number): Promise<void> {
  if (!world.setup.proves) return
  for (const binding of bindingsWithoutTicket(world)) {
    const exchange = await proveFirst(world, instanceOf(world, place), binding)
    if (exchange !== undefined) takeDeviceAnswer(world, exchange)
  }
}

/** A browser with the feature registers a key when a response asks for one, at once or while others wait. */
async function answerToDevice(world: World, arrived: Exchange, step: Step): Promise<void> {
  const { answer, instance } = arrived
  const challenge = answer?.registration
  if (challenge === undefined || (answer?.lines.length ?? 0) > 0) return
  world.memory.asked.push(challenge)
  world.memory.challenges.push(challenge)
  if (!world.setup.proves) return
  const exchange = await register(world, instance, challenge)
  if (exchange === undefined) return
  if (step[0] === 'visit') takeDeviceAnswer(world, exchange)
  else tabOf(world, step[1] as number).push(exchange)
}

/** The whole answer of the endpoint arrives. */
function takeDeviceAnswer(world: World, { answer }: Exchange): void {
  for (const line of answer?.lines ?? []) world.store.set(line, ENDPOINT_URL)
  updateKnownSessions(world, answer)
}

/** The browser learns of a session to prove, or forgets it. */
function updateKnownSessions({ memory }: World, answer: Answer | undefined): void {
  if (answer?.told === undefined) return
  const { binding, isOver } = answer.told
  if (isOver) memory.known.delete(binding)
  else memory.known.add(binding)
}

/** Whether a response may change the session in the browser. */
function isMeantToChange({ action, request, instance }: Exchange): boolean {
  if (request?.rejection === 'destroyed') return true
  return changes(action, request?.id, request?.entry, instance) !== false
}

/** Records the consequences of a response that has arrived completely. */
function settleArrival(world: World): void {
  const { arriving: exchange, tabs } = world
  if (exchange?.answer === undefined || exchange.answer.lines.length > 0) return
  for (const tab of tabs) if (tab.includes(exchange)) tab.splice(tab.indexOf(exchange), 1)
  updateKnownSessions(world, exchange.answer)
  if (exchange.isOfDevice) return
  settle(world, exchange, exchange.answer)
  endBefore(world, exchange)
}

/** Records the state of the browser, if it is known. */
function settle(world: World, exchange: Exchange, { entry, outcome, keptFor }: Answer): void {
  if (!exchange.alone) {
    world.orderly = false
    return
  }
  if (outcome === 'unchanged') return
  // Such a response has replaced or deleted everything in its request.
  if (!world.attacked) world.orderly = true
  world.last = entry
  world.lastUntil = stage.now + keptFor
}

function advanceClock(world: World, seconds: number): void {
  const before = headersOf(world).join()
  stage.now += seconds
  if (headersOf(world).join() !== before) forgetOutages(world)
  // A dropped cookie does not return, even if the clock is set back.
  if (stage.now >= world.lastUntil) world.last = undefined
}

function secondsUntil(world: World, end: 'absolute' | 'idle' | 'proof'): number {
  const entry = world.ledger.at(-1)
  const instance = instanceOf(world, 0)
  if (entry === undefined) return 0
  if (end === 'proof') {
    const proven = world.tickets.findLast(({ isProven }) => isProven)
    return proven === undefined ? 0 : proofEnd(entry, proven.usedAt, instance) - instance.now()
  }
  if (end === 'absolute') return absoluteEnd(entry, instance) - instance.now()
  const sent = sentIn(world, pairsIn(world.store.header(url(0), 'peek')))
  return endOf(entry, lastUse(entry, sent, instance, instance.ring()), instance) - instance.now()
}

function deploy(world: World, nth: number, config: Partial<Config>): void {
  const place = nth % world.fleet.length
  world.outages.delete(place)
  world.fleet[place] = deployed(config, world.setup)
}

/** The change of a server's configuration by each fault. */
const FAULTS: Readonly<Record<Fault, (healthy: Config) => Partial<Config>>> = {
  'fast clock': () => ({ skew: 40_000 }),
  'slow clock': () => ({ skew: -8 }),
  'missing secret': ({ secrets }) => ({
    secrets: secrets.length > 1 ? secrets.slice(1) : [[2, 0]],
  }),
  'old serializer': () => ({ serializer: 'old' }),
  'old schema': () => ({ schema: 'old' }),
  'stripping schema': () => ({ schema: 'strip' }),
  'provider behind': ({ secrets }) => ({ provided: true, secrets: secrets.slice(-1) }),
  'no store': () => ({ overflow: false }),
  'no device': () => ({ device: 0 }),
}

/** Plays a fault of a server. */
function beginFault(world: World, nth: number, fault: Fault): void {
  const { fleet, outages, setup } = world
  const place = nth % fleet.length
  const running = instanceOf(world, place)
  const outage = outages.get(place) ?? { healthy: running, headers: headersOf(world) }
  const { config } = outage.healthy
  outages.set(place, outage)
  fleet[place] = deployed({ ...config, ...FAULTS[fault](config) }, setup)
  world.tally(`fault ${fault}`)
}

function endFault(world: World, nth: number): void {
  const { fleet, outages } = world
  const place = nth % fleet.length
  const outage = outages.get(place)
  if (outage === undefined) return
  checkHealed(world, outage)
  fleet[place] = outage.healthy
  outages.delete(place)
}

function revoke({ births, tally }: World, nth: number): void {
  const id = choose([...births.keys()], nth)
  if (id === undefined) return
  tally('revoked')
  stage.revoked.add(id)
}

function evict(world: World, nth: number): void {
  const { store, name } = world
  const isOwn = (own: string) => own.startsWith(name) || own.startsWith(keyName(name, ''))
  const lost = choose(
    store.cookies().filter((cookie) => isOwn(cookie.name)),
    nth,
  )
  if (lost === undefined) return
  world.tally('evicted')
  store.evict(lost)
  // Without the ticket or the stamp, the browser still has what the last response left.
  const isBeside = [`${name}.x`, `${name}.t`].includes(lost.name)
  if (!isBeside && !lost.name.startsWith(keyName(name, ''))) recordOutsideChange(world)
}

function crowd(world: World, count: number): void {
  for (let number = 0; number < count; number++) {
    world.store.set(`c${number}=1; Domain=example.test; Path=/c; Secure`, ATTACKER)
  }
  world.crowded = true
  recordOutsideChange(world)
}

async function attackersVisit(
  world: World,
  instance: number,
  action: Action,
  amount: number,
): Promise<void> {
  const { attackersStore: store } = world
  const asked = { owner: 'attacker', store, instance, path: 0, action, amount } as const
  const exchange = await begin(world, asked, true)
  await respond(world, exchange)
  for (const line of exchange.answer?.lines ?? []) store.set(line, url(0))
}

/** A thief keeps every cookie, whatever its end. */
function copyCookies(world: World): void {
  const { store: own, tickets, setup } = world
  const clock = () => stage.now * 1000
  const store = createCookieStore({ clock, prefixes: setup.cookie !== 'unguarded' })
  for (const { name, value, domain, hostOnly, path } of own.cookies()) {
    const scope = hostOnly ? '' : `; Domain=${domain}`
    store.set(`${name}=${value}; Path=${path}${scope}; Secure`, url(0))
  }
  const values = new Set(own.cookies().map(({ value }) => value))
  const proofs = tickets
    .filter(({ value, isProven }) => isProven && values.has(value))
    .map(({ prefix, usedAt }) => [prefix, usedAt] as const)
  world.copy = { store, proofs: new Map(proofs) }
  world.tally(proofs.length > 0 ? 'stolen proven' : 'stolen')
}

/** The thief takes over what responses set, and neither deletes nor forgets anything. */
async function useCopy(world: World, place: number, action: Action, amount: number): Promise<void> {
  if (world.copy === undefined) return
  const { store } = world.copy
  await checkCopy(world, world.copy, instanceOf(world, place))
  const asked = { owner: 'attacker', store, instance: place, path: 0, action, amount } as const
  const exchange = await begin(world, asked, true)
  await respond(world, exchange)
  for (const line of exchange.answer?.lines ?? []) {
    const isKept = !/^[^=]+=;/.test(line) && !line.startsWith(`${world.name}.x=`)
    if (isKept) store.set(line.replace(/; Max-Age=\d+/, ''), url(0))
  }
}

function tabOf({ tabs }: World, nth: number): Exchange[] {
  return tabs[nth % tabs.length] ?? []
}
