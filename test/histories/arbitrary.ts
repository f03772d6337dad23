// Random histories, with frequencies chosen so that some hundred of them reach every situation.

import * as fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { CONFIG } from './steps.ts'
import type { Action, Config, Fault, Forgery, History, Kind, Proof, Remembered } from './steps.ts'
import type { Ring, Setup, Step, StoreEvent, Toss } from './steps.ts'

const HOUR = 3600
const DAY = 86_400

const bit = fc.constantFrom(0, 1)
const few = fc.nat(5)

const rings: readonly Ring[] = [
  [[1, 0]],
  [[2, 0]],
  // The first two rotated, staged and staged twice.
  rotated(0),
  rotated(HOUR),
  [[2, DAY], ...rotated(0)],
]

const ring = fc.constantFrom(...rings)

const parts = {
  secrets: ring,
  provided: fc.constant(true),
  maxAge: fc.constantFrom(HOUR, DAY, 400 * DAY),
  idleTimeout: fc.constantFrom<Config['idleTimeout']>(HOUR, 30 * DAY, false),
  touchInterval: fc.constantFrom(0, 60),
  remembered: fc.constantFrom<Remembered>(
    { maxAge: 30 * DAY, idleTimeout: false, touchInterval: DAY },
    { maxAge: 30 * DAY, idleTimeout: 7 * DAY, touchInterval: 600 },
    { maxAge: HOUR, idleTimeout: 600, touchInterval: 60 },
  ),
  limits: fc.constant('portable' as const),
  validAfter: fc.constantFrom(60, DAY),
  skew: fc.constantFrom(2, -2),
  device: fc.constantFrom(60, 3600),
}

/** Mostly one option differs from the usual: if all did, one rejection would hide the others. */
const config: Arbitrary<Partial<Config>> = fc
  .oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 4, arbitrary: fc.record({ secrets: parts.secrets }) },
    { weight: 4, arbitrary: fc.record({ secrets: parts.secrets, provided: parts.provided }) },
    { weight: 2, arbitrary: fc.record({ maxAge: parts.maxAge }) },
    { weight: 2, arbitrary: fc.record({ idleTimeout: parts.idleTimeout }) },
    { weight: 3, arbitrary: fc.record({ touchInterval: parts.touchInterval }) },
    { weight: 3, arbitrary: fc.record({ remembered: parts.remembered }) },
    { weight: 1, arbitrary: fc.record({ limits: parts.limits }) },
    { weight: 1, arbitrary: fc.record({ validAfter: parts.validAfter }) },
    { weight: 3, arbitrary: fc.record({ skew: parts.skew }) },
    { weight: 1, arbitrary: fc.record({ device: parts.device }) },
    { weight: 1, arbitrary: fc.record(parts, { requiredKeys: [] }) },
  )
  .map(fitting)

function rotated(activeFrom: number): Ring {
  return [
    [1, activeFrom],
    [0, 0],
  ]
}

/** An idle timeout must be longer than the interval at which use is recorded. */
function fitting(config: Partial<Config>): Partial<Config> {
  const { idleTimeout = CONFIG.idleTimeout, touchInterval = CONFIG.touchInterval } = config
  const fits = idleTimeout === false || touchInterval < idleTimeout
  return fits ? config : { ...config, touchInterval: 60 }
}

const setup: Arbitrary<Partial<Setup>> = fc.record({
  cookie: weighed<Setup['cookie']>({ host: 5, domain: 4, unguarded: 1 }),
  engine: weighed<Setup['engine']>({ node: 24, jose: 1 }),
  persistent: fc.constantFrom(true, false),
  serializer: weighed<Setup['serializer']>({ none: 2, new: 1 }),
  schema: weighed<Setup['schema']>({ none: 2, all: 1 }),
  overflow: fc.constantFrom(true, false),
  device: fc.constantFrom(0, 600),
  proves: fc.constantFrom(true, false),
  fleet: fc.array(config, { minLength: 1, maxLength: 2 }),
})

type Weights<T extends string> = Readonly<Partial<Record<T, number>>>

const ACTIONS: Weights<Action> = {
  set: 10,
  add: 3,
  same: 1,
  delete: 2,
  clear: 1,
  login: 4,
  bind: 2,
  remember: 2,
  renew: 2,
  logout: 4,
  goodbye: 1,
  flash: 2,
  peek: 1,
  take: 2,
  scope: 2,
  touch: 2,
  read: 4,
  look: 2,
  discard: 1,
  verify: 1,
  ignore: 1,
}

/**
 * Characters of text: for one cookie, just around one, two and three, and up to more than sixteen.
 */
const small = fc.constantFrom(1, 40, 200)
const medium = fc.constantFrom(2800, 2850, 3000, 3000, 3500, 5800, 5900, 9000)
const large = fc.constantFrom(20_000, 45_000, 46_500, 60_000)

/** Seconds: often within the life of a session, sometimes far beyond, and back again. */
const clock = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 4, 6, 60, 600, HOUR, 3 * HOUR, 9 * HOUR) },
  { weight: 2, arbitrary: fc.constantFrom(DAY, 6 * DAY, 30 * DAY, 100 * DAY) },
  { weight: 2, arbitrary: fc.constantFrom(-1, -4, -30, -HOUR, -2 * DAY) },
)

const pieces = fc.constantFrom(0, 1, 1, 2)
const end = fc.constantFrom('absolute', 'idle', 'proof')
const around = fc.constantFrom(-3, -1, 0, 4, 5, 6)

const toss = weighed<Toss>({ junk: 3, own: 5, splice: 6, delete: 1, ticket: 3, stamp: 3 })

const fault = weighed<Fault>({
  'fast clock': 1,
  'slow clock': 1,
  'missing secret': 1,
  'old serializer': 1,
  'old schema': 1,
  'stripping schema': 1,
  'provider behind': 1,
  'no store': 1,
  'no device': 1,
})

const proof = weighed<Proof>({ new: 3, old: 1 })
const forgery = weighed<Forgery>({ sign: 1, register: 1 })

/** A thief logs in nowhere: to bind a session anew is as good as a login. */
const copyUse = weighed<Action>({ read: 3, set: 2, touch: 3, renew: 1, login: 1, logout: 1 })

const storeEvent = weighed<StoreEvent>({ down: 2, up: 4, lose: 1, swap: 1 })

/** The parameters of one kind of history: how often each kind of step is taken, and with what. */
interface Kinds {
  readonly steps: Weights<Kind>
  readonly actions?: Weights<Action>
  readonly amount?: Arbitrary<number>
  readonly passing?: Arbitrary<number>
}

function historyOf({
  steps,
  actions = ACTIONS,
  amount = small,
  passing = clock,
}: Kinds): Arbitrary<History> {
  const action = weighed(actions)
  const nth = fc.integer({ min: -1, max: 5 })
  const all: { readonly [K in Kind]: Arbitrary<Step> } = {
    ask: tuple(fc.constant('ask'), bit, bit, bit, action, amount),
    answer: tuple(fc.constant('answer'), bit, few),
    deliver: tuple(fc.constant('deliver'), bit, few, pieces),
    visit: tuple(fc.constant('visit'), bit, bit, bit, action, amount),
    close: tuple(fc.constant('close'), bit),
    clock: tuple(fc.constant('clock'), passing),
    until: tuple(fc.constant('until'), end, around),
    deploy: tuple(fc.constant('deploy'), bit, config),
    fault: tuple(fc.constant('fault'), bit, fault),
    heal: tuple(fc.constant('heal'), bit),
    provide: tuple(fc.constant('provide'), bit, ring),
    revoke: tuple(fc.constant('revoke'), nth),
    store: tuple(fc.constant('store'), storeEvent, nth),
    evict: tuple(fc.constant('evict'), nth),
    crowd: tuple(fc.constant('crowd'), fc.integer({ min: 25, max: 40 })),
    prove: tuple(fc.constant('prove'), bit, bit, few, proof),
    steal: tuple(fc.constant('steal')),
    rob: tuple(fc.constant('rob'), bit, copyUse, amount),
    forge: tuple(fc.constant('forge'), bit, few, forgery),
    own: tuple(fc.constant('own'), bit, action, amount),
    toss: tuple(fc.constant('toss'), bit, toss, few, few),
  }
  const weighted = Object.entries(all).flatMap(([kind, arbitrary]) => {
    const weight = steps[kind as Kind]
    return weight === undefined ? [] : [{ weight, arbitrary }]
  })
  return fc.tuple(
    setup,
    fc.array(fc.oneof(...weighted), { minLength: 8, maxLength: 28, size: 'max' }),
  )
}

/** One visitor's life without faults: lives, ends, deployments. */
const calm = historyOf({
  steps: {
    visit: 200,
    clock: 50,
    until: 40,
    deploy: 30,
    provide: 10,
    crowd: 3,
    evict: 3,
    revoke: 3,
  },
  amount: fc.oneof({ weight: 9, arbitrary: small }, { weight: 2, arbitrary: medium }),
})

/** Logins, logouts and writes that overtake each other. */
const racing = historyOf({
  steps: {
    ask: 100,
    answer: 90,
    deliver: 100,
    visit: 60,
    clock: 10,
    close: 10,
    evict: 3,
    revoke: 3,
  },
  actions: { set: 4, login: 3, renew: 1, logout: 5, goodbye: 1, read: 1, touch: 1 },
})

/** Slow reads, during which other requests write, log in and log out. */
const slow = historyOf({
  steps: {
    ask: 80,
    answer: 80,
    deliver: 90,
    visit: 90,
    clock: 60,
    until: 5,
    deploy: 10,
    provide: 20,
    revoke: 5,
    fault: 5,
    heal: 5,
  },
  actions: { ...ACTIONS, set: 4, read: 8, look: 4, touch: 4, discard: 2 },
})

/** Temporary faults of servers: most requests only read. */
const failing = historyOf({
  steps: {
    visit: 120,
    ask: 20,
    answer: 20,
    deliver: 20,
    fault: 50,
    heal: 50,
    clock: 20,
    provide: 10,
  },
  actions: {
    ...ACTIONS,
    set: 4,
    add: 4,
    same: 4,
    delete: 4,
    read: 10,
    look: 6,
    touch: 4,
    clear: 0,
    logout: 1,
  },
})

/** Sessions in many cookies, some of which arrive in part or are evicted. */
const heavy = historyOf({
  steps: {
    ask: 80,
    answer: 80,
    deliver: 120,
    visit: 80,
    evict: 20,
    clock: 10,
    deploy: 10,
    crowd: 5,
  },
  actions: { set: 8, add: 3, delete: 2, clear: 1, login: 1, logout: 2, touch: 2, read: 2 },
  amount: fc.oneof(
    { weight: 3, arbitrary: small },
    { weight: 7, arbitrary: medium },
    { weight: 1, arbitrary: large },
  ),
})

/** Sessions that move to the store, and a store that fails. */
const moving = historyOf({
  steps: {
    ask: 60,
    answer: 60,
    deliver: 70,
    visit: 140,
    store: 40,
    close: 10,
    clock: 15,
    until: 5,
    deploy: 10,
    fault: 10,
    heal: 10,
    revoke: 3,
  },
  amount: fc.oneof(
    { weight: 4, arbitrary: small },
    { weight: 6, arbitrary: medium },
    { weight: 1, arbitrary: large },
  ),
}).map(([given, steps]): History => [
  {
    ...given,
    overflow: true,
    fleet: given.fleet?.map((one) => ({ ...one, limits: 'portable' })) ?? [],
  },
  steps,
])

/** Sessions that are bound to a device, answers that overtake each other, and a thief. */
const bound = historyOf({
  steps: {
    ask: 80,
    answer: 80,
    deliver: 90,
    visit: 120,
    prove: 60,
    clock: 80,
    until: 8,
    steal: 50,
    rob: 50,
    forge: 40,
    evict: 15,
    close: 5,
    deploy: 5,
    fault: 5,
    heal: 5,
    revoke: 2,
  },
  actions: { ...ACTIONS, set: 8, bind: 8, login: 4, logout: 2, renew: 4, touch: 6, read: 8 },
  amount: fc.oneof({ weight: 9, arbitrary: small }, { weight: 1, arbitrary: medium }),
  passing: fc.constantFrom(1, 20, 60, 200, 301, 605, 605, HOUR, 3 * HOUR),
}).map(([given, steps]): History => {
  const begun: Step = ['visit', 0, 0, 0, 'bind', 1]
  return [{ ...given, device: 600 }, [begun, ...steps]]
})

/** Another subdomain that sets arbitrary cookies. */
const hostile = historyOf({
  steps: { visit: 100, ask: 20, answer: 20, deliver: 20, own: 50, toss: 80, clock: 20, until: 5 },
  actions: { ...ACTIONS, touch: 8 },
  amount: fc.oneof({ weight: 3, arbitrary: small }, { weight: 3, arbitrary: medium }),
})

/** All kinds of steps. */
const mixed = historyOf({
  steps: {
    visit: 180,
    ask: 90,
    answer: 90,
    deliver: 90,
    close: 20,
    clock: 40,
    until: 10,
    deploy: 20,
    fault: 15,
    heal: 15,
    provide: 5,
    revoke: 5,
    evict: 20,
    crowd: 10,
    own: 20,
    toss: 30,
    prove: 15,
    steal: 5,
    rob: 5,
    forge: 5,
  },
  amount: fc.oneof({ weight: 8, arbitrary: small }, { weight: 4, arbitrary: medium }),
})

export const KINDS = {
  calm,
  racing,
  slow,
  failing,
  heavy,
  moving,
  bound,
  hostile,
  mixed,
} as const

export type HistoryKind = keyof typeof KINDS

export const histories: Arbitrary<History> = fc.oneof(...Object.values(KINDS))

function weighed<T extends string>(weights: Weights<T>): Arbitrary<T> {
  const choices = Object.entries<number | undefined>(weights).flatMap(([choice, weight = 0]) =>
    Array.from({ length: weight }, () => choice as T),
  )
  return fc.constantFrom(...choices)
}

function tuple<const T extends readonly unknown[]>(
  ...parts: { [K in keyof T]: Arbitrary<T[K]> }
): Arbitrary<T> {
  return fc.tuple(...parts) as unknown as Arbitrary<T>
}
