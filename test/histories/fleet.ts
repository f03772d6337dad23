// The servers: one for each configuration that a history deploys, kept for later histories, since
// making day keys costs more than everything else.

import { createSessions } from 'sealed-session'
import type { SessionEvent, Sessions } from 'sealed-session'
import { OLDER_SECRET, OTHER_SECRET, SECRET, START } from '../support/mint.ts'
import type { Config, Setup } from './steps.ts'

export const SECRETS: readonly string[] = [SECRET, OLDER_SECRET, OTHER_SECRET]

/** The time and the ear of all servers: histories are played one after the other. */
export const stage: { now: number; tell: (event: SessionEvent) => void } = {
  now: START,
  tell: () => {},
}

export interface Instance {
  readonly config: Config
  readonly sessions: Sessions
  /** Seconds, by this server's clock. */
  now(): number
  /** The number of the secret that seals now. */
  sealing(): number
}

/** The cookie of the whole history, as applications configure it. */
export function cookieOf({ cookie, persistent }: Setup) {
  return cookie === 'domain'
    ? { name: 'sid', domain: 'example.test', persistent }
    : ({ name: '__Host-session', persistent } as const)
}

const instances = new Map<string, Instance>()

export function deploy(config: Config, setup: Setup): Instance {
  const { cookie, engine, persistent } = setup
  const place = JSON.stringify([config, cookie, engine, persistent])
  const known = instances.get(place)
  if (known !== undefined) return known
  const made = make(config, setup)
  instances.set(place, made)
  return made
}

function make(config: Config, setup: Setup): Instance {
  const { secrets, validAfter, skew, ...options } = config
  const now = () => stage.now + skew
  const sessions = inEngine(setup.engine, () =>
    createSessions({
      ...options,
      secrets: secrets.map(([number, after]) => ({
        secret: SECRETS[number] ?? SECRET,
        activeFrom: after === 0 ? undefined : START + after,
      })),
      validAfter: validAfter === 0 ? undefined : START + validAfter,
      cookie: cookieOf(setup),
      clock: () => now() * 1000,
      observe: (event) => stage.tell(event),
    }),
  )
  const sealing = () =>
    secrets.find(([, after]) => after === 0 || START + after <= now())?.[0] ?? -1
  return { config, sessions, now, sealing }
}

/** Without a door to `node:crypto` there is only jose's engine. */
function inEngine<T>(engine: Setup['engine'], make: () => T): T {
  if (engine === 'node') return make()
  const { getBuiltinModule } = process
  try {
    Reflect.set(process, 'getBuiltinModule', undefined)
    return make()
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
}
