// The options of the sessions. An application changes them with a deployment; here the page's forms do.

import { randomBytes } from 'node:crypto'
import { createSessions } from 'sealed-session'
import type { LimitsPreset, SessionEvent, Sessions } from 'sealed-session'

/** What the playground itself keeps in a session, beside what its visitor sets. */
export interface Data {
  [key: string]: unknown
  user?: string
  cart?: unknown[]
}

export interface Choice {
  readonly limits: LimitsPreset
  readonly timeouts: Timeouts
}

export interface Configuration {
  readonly choice: Choice
  readonly secrets: number
  readonly sessions: Sessions<Data>
  /** What `observe` was called with, newest first. */
  readonly events: readonly SessionEvent[]
  now(): number
  choose(limits: unknown, timeouts: unknown): void
  rotate(): void
}

export interface PlaygroundOptions {
  /** Newest first. */
  readonly secrets: readonly string[]
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}

export const COOKIE = 'playground'

export const PRESETS = [
  'portable',
  'nginx',
  'heroku',
  'node',
  'vercel',
  'aws-alb',
  'cloudflare',
  'browsers',
] as const satisfies readonly LimitsPreset[]

export const TIMEOUTS = {
  usual: { label: '7 days, 1 day idle', maxAge: 604_800, idleTimeout: 86_400 },
  idle: { label: '7 days, 10 s idle', maxAge: 604_800, idleTimeout: 10 },
  short: { label: '60 s', maxAge: 60, idleTimeout: false },
} as const

/** For visitors who ask to be remembered: 30 days, and a week without use. */
const REMEMBERED = { maxAge: 2_592_000, idleTimeout: 604_800 }

export type Timeouts = keyof typeof TIMEOUTS

const MOST_EVENTS = 40

export function createConfiguration({
  secrets: configured,
  clock = Date.now,
}: PlaygroundOptions): Configuration {
  let secrets = configured
  let choice: Choice = { limits: 'portable', timeouts: 'usual' }
  let events: readonly SessionEvent[] = []
  let sessions = create()

  function create(): Sessions<Data> {
    const { maxAge, idleTimeout } = TIMEOUTS[choice.timeouts]
    return createSessions<Data>({
      secrets,
      // Safari keeps no `Secure` cookie from plain HTTP, not even on this machine. Where there is
      // HTTPS, leave this out: the default is `__Host-session`, and `Secure`.
      cookie: { name: COOKIE, secure: false },
      limits: choice.limits,
      maxAge,
      idleTimeout,
      lifetimes: { remembered: REMEMBERED },
      // One server has one clock.
      clockTolerance: 0,
      clock,
      observe: (event) => {
        events = [event, ...events].slice(0, MOST_EVENTS)
      },
    })
  }

  return {
    get choice() {
      return choice
    },
    get secrets() {
      return secrets.length
    },
    get sessions() {
      return sessions
    },
    get events() {
      return events
    },
    now: clock,
    choose(limits, timeouts) {
      choice = {
        limits: PRESETS.find((preset) => preset === limits) ?? choice.limits,
        timeouts: isTimeouts(timeouts) ? timeouts : choice.timeouts,
      }
      sessions = create()
    },
    rotate() {
      secrets = [randomBytes(32).toString('base64url'), ...secrets]
      sessions = create()
    },
  }
}

function isTimeouts(value: unknown): value is Timeouts {
  return typeof value === 'string' && Object.hasOwn(TIMEOUTS, value)
}
