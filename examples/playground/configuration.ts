// The options of the sessions. An application changes them with a deployment; here the page's forms
// do.

import { randomBytes } from 'node:crypto'
import { createSessions } from 'sealed-session'
import type { LimitsPreset, SecretEntry, SessionEvent, Sessions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { overflow } from 'sealed-session/overflow'

/** The data of the playground itself in a session, beside that of its visitor. */
export interface Data {
  [key: string]: unknown
  user?: string
  cart?: unknown[]
  visits?: number
}

export interface Choice {
  readonly limits: LimitsPreset
  readonly timeouts: Timeouts
  /** Whether data that does not fit moves to a store. */
  readonly store: boolean
}

/** A secret, with its id. */
export interface ShownSecret {
  readonly id: string
  /** Milliseconds since 1970 from which it seals; 0 for always. */
  readonly from: number
}

export interface Configuration {
  readonly choice: Choice
  readonly secrets: readonly ShownSecret[]
  readonly sessions: Sessions<Data>
  /** The events of `observe`, newest first. */
  readonly events: readonly SessionEvent[]
  /** The contents of the store, by key. */
  readonly parcels: ReadonlyMap<string, string>
  /** A copy of a visitor's cookies, as an attacker would have one. */
  copy: string
  /** The cookies of the second browser. */
  second: string
  now(): number
  choose(limits: unknown, timeouts: unknown): void
  /** Configures the store, or removes it. */
  useStore(store: boolean): void
  rotate(): Promise<void>
  stage(): Promise<void>
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

/** How long a staged secret only opens. An application uses the time that a deployment takes. */
export const STAGED_SECONDS = 20

export type Timeouts = keyof typeof TIMEOUTS

/** How long the proof of a device is valid. An application uses ten minutes. */
export const PROOF_SECONDS = 20

const MOST_EVENTS = 40

/** A store in this process's memory. An application uses one that all its servers share. */
export function memoryStore(parcels: Map<string, string>) {
  return {
    getItem: (key: string) => parcels.get(key),
    setItem: (key: string, value: string) => parcels.set(key, value),
    removeItem: (key: string) => parcels.delete(key),
  }
}

/** Puts a new secret first: it seals from now on. */
export function rotate(secrets: readonly SecretEntry[]): SecretEntry[] {
  return [newSecret(), ...secrets]
}

/** Puts a new secret first, which opens at once and seals in 20 seconds. */
export function stage(secrets: readonly SecretEntry[], now: number): SecretEntry[] {
  const activeFrom = new Date(now + STAGED_SECONDS * 1000)
  return [{ ...newSecret(), activeFrom }, ...secrets]
}

function newSecret(): SecretEntry {
  return { secret: randomBytes(32).toString('base64url') }
}

export function createConfiguration({
  secrets: configured,
  clock = Date.now,
}: PlaygroundOptions): Configuration {
  let secrets: readonly SecretEntry[] = configured.map((secret) => ({ secret }))
  let shown: readonly ShownSecret[] = []
  let choice: Choice = { limits: 'portable', timeouts: 'usual', store: false }
  const parcels = new Map<string, string>()
  let events: readonly SessionEvent[] = []
  let sessions = create()
  void show()

  function create(): Sessions<Data> {
    const { maxAge, idleTimeout } = TIMEOUTS[choice.timeouts]
    return createSessions<Data>({
      secrets,
      // Safari stores no `Secure` cookie from plain HTTP, not even on this machine. With HTTPS,
      // omit this: the default is `__Host-session`, and `Secure`.
      cookie: { name: COOKIE, secure: false },
      limits: choice.limits,
      overflow: choice.store ? overflow({ storage: memoryStore(parcels) }) : undefined,
      device: deviceBound({ interval: PROOF_SECONDS }),
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

  async function use(next: readonly SecretEntry[]): Promise<void> {
    secrets = next
    sessions = create()
    await show()
  }

  async function show(): Promise<void> {
    shown = await Promise.all(
      secrets.map(async ({ secret, activeFrom }) => ({
        id: await findId(secret),
        from: activeFrom instanceof Date ? activeFrom.getTime() : 0,
      })),
    )
  }

  return {
    copy: '',
    second: '',
    get choice() {
      return choice
    },
    get secrets() {
      return shown
    },
    get sessions() {
      return sessions
    },
    get events() {
      return events
    },
    parcels,
    now: clock,
    useStore(store) {
      choice = { ...choice, store }
      sessions = create()
    },
    choose(limits, timeouts) {
      choice = {
        ...choice,
        limits: PRESETS.find((preset) => preset === limits) ?? choice.limits,
        timeouts: isTimeouts(timeouts) ? timeouts : choice.timeouts,
      }
      sessions = create()
    },
    rotate: () => use(rotate(secrets)),
    stage: () => use(stage(secrets, clock())),
  }
}

/** Returns the id of a secret, which an event has. */
async function findId(secret: string): Promise<string> {
  let id = ''
  const sessions = createSessions<{ sealed: boolean }>({
    secrets: secret,
    observe: (event) => {
      if (event.type === 'sealed') id = event.secretId
    },
  })
  const session = await sessions.open(null)
  session.set('sealed', true)
  await sessions.seal(session)
  return id
}

function isTimeouts(value: unknown): value is Timeouts {
  return typeof value === 'string' && Object.hasOwn(TIMEOUTS, value)
}
