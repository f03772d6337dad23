// The steps of a history: everything that happens to one browser, its visitor, the servers and an
// attacker, as plain JSON, so that a failing history is a line that can be stored and replayed.

/**
 * Numbers of secrets, newest first, each with the seconds after the beginning from which it seals.
 */
export type Ring = readonly (readonly [secret: number, activeFrom: number])[]

/** The lifetime `remembered`, in seconds. Its cookies outlive the browser. */
export interface Remembered {
  readonly maxAge: number
  readonly idleTimeout: number | false
  readonly touchInterval: number
}

/** The configuration of one server. Times are seconds. */
export interface Config {
  readonly secrets: Ring
  /** The secrets come from a function, which is called again after a minute. */
  readonly provided: boolean
  readonly maxAge: number
  readonly idleTimeout: number | false
  readonly touchInterval: number
  /** `null` on a server with only the default lifetime. */
  readonly remembered: Remembered | null
  readonly limits: 'browsers' | 'portable'
  /** Seconds after the beginning; 0 rejects no session. */
  readonly validAfter: number
  /** How far this server's clock is ahead. The tolerance covers up to 2 seconds. */
  readonly skew: number
  /** `new` reads what `old` wrote, and what was written without a serializer; `old` cannot read `new`. */
  readonly serializer: 'none' | 'old' | 'new'
  /** `old` does not know the key `b`, `strip` drops it, `all` accepts every key. */
  readonly schema: 'none' | 'old' | 'strip' | 'all'
  /** Whether data that does not fit moves to the store that all servers share. */
  readonly overflow: boolean
  /** Seconds for which a device's proof is good; 0 without the option `device`. */
  readonly device: number
}

/** Settings of a whole history. */
export interface Setup {
  /**
   * `host`: a `__Host-` name in a browser that enforces prefixes; `unguarded`: in one that does
   * not; `domain`: a plain name that all subdomains share.
   */
  readonly cookie: 'host' | 'unguarded' | 'domain'
  readonly engine: 'node' | 'jose'
  readonly persistent: boolean
  /** Of every correctly configured server. */
  readonly serializer: Config['serializer']
  readonly schema: Config['schema']
  readonly overflow: boolean
  readonly device: number
  /** The browser answers requests for a key, and proves its device before a request that needs it. */
  readonly proves: boolean
  readonly fleet: readonly Partial<Config>[]
}

/** The action of a handler on the session. */
export type Action =
  | 'set'
  | 'add'
  | 'same'
  | 'delete'
  | 'clear'
  | 'login'
  | 'bind'
  | 'remember'
  | 'renew'
  | 'logout'
  | 'goodbye'
  | 'flash'
  | 'peek'
  | 'take'
  | 'scope'
  | 'touch'
  | 'read'
  | 'look'
  | 'discard'
  | 'verify'
  | 'ignore'

/** Handlers that change nothing, for any contents of the session. */
export const UNCHANGING: ReadonlySet<Action> = new Set([
  'same',
  'peek',
  'touch',
  'read',
  'look',
  'discard',
  'verify',
  'ignore',
])

/** The cookies that an attacker sets from a sibling subdomain. */
export type Toss = 'junk' | 'own' | 'splice' | 'delete' | 'ticket' | 'stamp'

/** Temporary faults of one server. */
export type Fault =
  | 'fast clock'
  | 'slow clock'
  | 'missing secret'
  | 'old serializer'
  | 'old schema'
  | 'stripping schema'
  | 'provider behind'
  | 'no store'
  | 'no device'

/**
 * How the browser's own device answers: a challenge that it asks for, or any that it has ever had, of
 * whichever session and for whichever purpose.
 */
export type Proof = 'new' | 'old'

/** How a thief answers a challenge: with a key of his own, or by having it registered. */
export type Forgery = 'sign' | 'register'

/** Faults of the store. `lose` and `swap` change its contents. */
export type StoreEvent = 'down' | 'up' | 'lose' | 'swap'

/** Numbers that choose an element are taken modulo the number of elements. */
export type Step =
  /** A request begins: its cookies are sent, and its handler acts. */
  | readonly [
      kind: 'ask',
      tab: number,
      instance: number,
      path: number,
      action: Action,
      amount: number,
    ]
  /** A handler returns, and the response is in flight. */
  | readonly [kind: 'answer', tab: number, nth: number]
  /** A response arrives: all its lines, or the next few of them. */
  | readonly [kind: 'deliver', tab: number, nth: number, lines: number]
  /** All three, one after the other. */
  | readonly [
      kind: 'visit',
      tab: number,
      instance: number,
      path: number,
      action: Action,
      amount: number,
    ]
  /** The pending responses of this tab never arrive. */
  | readonly [kind: 'close', tab: number]
  | readonly [kind: 'clock', seconds: number]
  /** To the end of the session written last, and some seconds beyond. */
  | readonly [kind: 'until', end: 'absolute' | 'idle' | 'proof', seconds: number]
  | readonly [kind: 'deploy', instance: number, config: Partial<Config>]
  /** A fault on a server, until it is healed. */
  | readonly [kind: 'fault', instance: number, fault: Fault]
  | readonly [kind: 'heal', instance: number]
  /** A secrets function returns these secrets from now on. */
  | readonly [kind: 'provide', instance: number, secrets: Ring]
  | readonly [kind: 'store', event: StoreEvent, nth: number]
  /** The session that the application revokes on all servers; -1 is the first that began. */
  | readonly [kind: 'revoke', nth: number]
  /** The browser loses one of the session's cookies; -1 is the oldest one. */
  | readonly [kind: 'evict', nth: number]
  /** A subdomain sets more cookies than the browser stores, which evicts others. */
  | readonly [kind: 'crowd', count: number]
  /** The attacker uses the application in a browser of his own. */
  | readonly [kind: 'own', instance: number, action: Action, amount: number]
  /** The browser proves its device for a session that it knows. The answer is on its way. */
  | readonly [kind: 'prove', tab: number, instance: number, nth: number, proof: Proof]
  /** A thief gets a copy of every cookie, also of those that go to the endpoint alone. */
  | readonly [kind: 'steal']
  /** The thief uses the copy, and keeps it up to date. */
  | readonly [kind: 'rob', instance: number, action: Action, amount: number]
  /** The thief tries to prove a device for a session of the copy. */
  | readonly [kind: 'forge', instance: number, nth: number, forgery: Forgery]
  | readonly [kind: 'toss', path: number, what: Toss, nth: number, part: number]

export type Kind = Step[0]

export type History = readonly [setup: Partial<Setup>, steps: readonly Step[]]

export const SETUP: Setup = {
  cookie: 'host',
  engine: 'node',
  persistent: true,
  serializer: 'none',
  schema: 'none',
  overflow: false,
  device: 0,
  proves: false,
  fleet: [{}],
}

export const CONFIG: Config = {
  secrets: [[0, 0]],
  provided: false,
  maxAge: 604_800,
  idleTimeout: 86_400,
  touchInterval: 8640,
  remembered: null,
  limits: 'browsers',
  validAfter: 0,
  skew: 0,
  serializer: 'none',
  schema: 'none',
  overflow: false,
  device: 0,
}

/** Settings that the tests leave at their default. */
export const TOLERANCE = 5

/** Seconds after which a secrets function is called again. */
export const REFRESH = 60
