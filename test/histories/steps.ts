// A history: everything that happens to one browser, its visitor, the servers and an attacker, as
// plain JSON, so that a failing one is a line that can be kept and played again.

/** How one server is configured. Times are seconds. */
export interface Config {
  /** Numbers of secrets, newest first, each with the seconds after the beginning at which it seals. */
  readonly secrets: readonly (readonly [secret: number, activeFrom: number])[]
  readonly maxAge: number
  readonly idleTimeout: number | false
  readonly touchInterval: number
  readonly rotate: 'lazy' | 'eager'
  readonly limits: 'browsers' | 'portable'
  /** Seconds after the beginning; 0 refuses nobody. */
  readonly validAfter: number
  /** How far this server's clock is ahead, within what the tolerance allows for. */
  readonly skew: number
}

/** What stays the same for a whole history. */
export interface Setup {
  /**
   * `host`: a `__Host-` name in a browser that knows what that means; `unguarded`: in one that does
   * not; `domain`: a plain name that all subdomains share.
   */
  readonly cookie: 'host' | 'unguarded' | 'domain'
  readonly engine: 'node' | 'jose'
  readonly persistent: boolean
  readonly fleet: readonly Partial<Config>[]
}

/** What a handler does with the session. */
export type Action =
  | 'set'
  | 'add'
  | 'delete'
  | 'clear'
  | 'login'
  | 'logout'
  | 'goodbye'
  | 'flash'
  | 'take'
  | 'scope'
  | 'touch'
  | 'read'
  | 'ignore'

/** What an attacker sets from a sibling subdomain. */
export type Toss = 'junk' | 'own' | 'splice' | 'delete' | 'mark'

/** Numbers that choose among what is there are taken modulo how much there is. */
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
  /** A handler returns, and the response is on its way. */
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
  /** Whatever this tab still waits for never arrives. */
  | readonly [kind: 'close', tab: number]
  | readonly [kind: 'clock', seconds: number]
  /** To the end of the session written last, and some seconds beyond. */
  | readonly [kind: 'until', end: 'absolute' | 'idle', seconds: number]
  | readonly [kind: 'deploy', instance: number, config: Partial<Config>]
  /** The browser loses one of the session's cookies; -1 is the one it has had longest. */
  | readonly [kind: 'evict', nth: number]
  /** A subdomain sets so many cookies that the browser has to lose others. */
  | readonly [kind: 'crowd', count: number]
  /** The attacker uses the application in a browser of his own. */
  | readonly [kind: 'own', instance: number, action: Action, amount: number]
  | readonly [kind: 'toss', path: number, what: Toss, nth: number, part: number]

export type Kind = Step[0]

export type History = readonly [setup: Partial<Setup>, steps: readonly Step[]]

export const SETUP: Setup = { cookie: 'host', engine: 'node', persistent: true, fleet: [{}] }

export const CONFIG: Config = {
  secrets: [[0, 0]],
  maxAge: 604_800,
  idleTimeout: 86_400,
  touchInterval: 8640,
  rotate: 'lazy',
  limits: 'browsers',
  validAfter: 0,
  skew: 0,
}

/** What the tests leave at its default. */
export const TOLERANCE = 5
