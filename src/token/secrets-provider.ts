// A ring whose secrets come from a function and change without a deploy. Requests are served from the
// last good secrets while these are fresh; the function is called beside the requests.

import { SessionConfigError } from '../errors.ts'
import { andThen } from '../steps.ts'
import { isThenable } from '../validate.ts'
import type { DayKey, MakeKey } from './jwe.ts'
import { createKeyRing } from './key-ring.ts'
import type { KeyRing, Purpose } from './key-ring.ts'
import { createProviderError } from './provider-error.ts'
import { areSame, parseSecrets } from './secrets.ts'
import type { Secret } from './secrets.ts'

/** What a ring needs whose secrets come from a function. */
export interface ProviderSettings {
  readonly name: string
  readonly lifetime: number
  readonly makeKey: MakeKey
  /** Seconds after which the function is called again. */
  readonly refresh: number
  /** Seconds for which the last good secrets stay in use while the function fails. */
  readonly grace: number
  readonly now: () => number
  readonly observe: (event: SecretsEvent) => void
}

interface SecretsEvent {
  readonly type: 'secrets'
  readonly outcome: 'changed' | 'failed'
  readonly error?: unknown
}

interface LoadedSecrets {
  readonly secrets: readonly Secret[]
  readonly ring: KeyRing
}

/** Seconds that a request waits for the function. */
const PATIENCE = 10

/** Seconds between two calls for ids that are unknown: clients can send any. */
const UNKNOWN_ID_INTERVAL = 10

/**
 * Returns the ring of the secrets that `provide` returns. It is called at the first use, and then at the
 * first use after `refresh` seconds, beside the request, without a timer, because on workerd none outlives its
 * request. A request waits for it where nothing was heard of it for twice as long, where the last good
 * secrets are older than `grace`, and, at most every ten seconds, where a token names an unknown id.
 *
 * @throws SessionConfigError at a use, if there are no secrets that are good enough to be used
 */
export function createProvidedKeyRing(provide: () => unknown, settings: ProviderSettings): KeyRing {
  const { refresh, grace } = settings
  let current: LoadedSecrets | undefined
  /** When the secrets in force were asked for. */
  let loadedAt = 0
  /** When the function last returned secrets or failed. */
  let heardAt = 0
  let calledAt = 0
  let call: Promise<LoadedSecrets> | undefined

  /** Returns the seconds since `moment`, for a clock that was put back, too. */
  function since(moment: number): number {
    return Math.abs(settings.now() - moment)
  }

  /**
   * Whether a call is under way that may still return. On workerd a call dies with the request that
   * made it, and never settles.
   */
  function isCalling(): boolean {
    return call !== undefined && since(calledAt) < 2 * PATIENCE
  }

  /** Makes a call, or joins the one that is under way. */
  function load(): Promise<LoadedSecrets> {
    if (call !== undefined && isCalling()) return call
    calledAt = settings.now()
    const before = current
    const moment = calledAt
    const made = loadSecrets(provide, before, settings)
    call = made
    // What a call returns that was given up is older than what a later one has returned.
    const isLatest = () => call === made || current === undefined
    const settle = () => {
      heardAt = settings.now()
      if (call === made) call = undefined
    }
    made
      .then(
        (loaded) => {
          const isChange = isLatest() && loaded !== current
          if (isLatest()) {
            current = loaded
            loadedAt = moment
          }
          settle()
          if (isChange && before !== undefined)
            settings.observe({ type: 'secrets', outcome: 'changed' })
        },
        (error: unknown) => {
          settle()
          if (before !== undefined) settings.observe({ type: 'secrets', outcome: 'failed', error })
        },
      )
      // An observer that throws has no caller here.
      .catch(ignoreFailure)
    return made
  }

  /** Waits for the function, and falls back on the last good secrets within `grace`. */
  async function waitForRing(): Promise<KeyRing> {
    const joined = load()
    try {
      const loaded = await withPatience(joined)
      return (current ?? loaded).ring
    } catch (error) {
      // The next request makes a call of its own, instead of waiting for one that may be lost.
      if (call === joined) call = undefined
      heardAt = settings.now()
      if (current !== undefined && since(loadedAt) < grace) return current.ring
      throw error
    }
  }

  /** Returns the ring in force; a promise only if the function has to be awaited. */
  function ringInForce(): KeyRing | Promise<KeyRing> {
    if (current === undefined) return waitForRing()
    const age = since(loadedAt)
    if (age < refresh) return current.ring
    if (age >= grace || since(heardAt) >= 2 * refresh) return waitForRing()
    if (since(calledAt) >= refresh && !isCalling()) load().catch(ignoreFailure)
    return current.ring
  }

  /** Returns the ring that has replaced `used`, or does when the function is called; else `undefined`. */
  async function findNewerRing(used: KeyRing): Promise<KeyRing | undefined> {
    if (current?.ring === used) {
      if (!isCalling() && since(calledAt) < UNKNOWN_ID_INTERVAL) return undefined
      await withPatience(load()).catch(ignoreFailure)
    }
    return current?.ring === used ? undefined : current?.ring
  }

  function open(
    ring: KeyRing,
    purpose: Purpose,
    id: string,
    day: number,
  ): DayKey | Promise<DayKey | undefined> {
    const key = ring.opening(purpose, id, day)
    return key === undefined || isThenable(key) ? openLater(key, ring, purpose, id, day) : key
  }

  async function openLater(
    found: undefined | Promise<DayKey | undefined>,
    ring: KeyRing,
    purpose: Purpose,
    id: string,
    day: number,
  ): Promise<DayKey | undefined> {
    const key = await found
    if (key !== undefined) return key
    const newer = await findNewerRing(ring)
    return newer?.opening(purpose, id, day)
  }

  return {
    sealing: (purpose, day, now) =>
      andThen(ringInForce(), (ring) => ring.sealing(purpose, day, now)),
    opening: (purpose, id, day) => andThen(ringInForce(), (ring) => open(ring, purpose, id, day)),
    has: (id) => andThen(ringInForce(), (ring) => ring.has(id)),
  }
}

/** Returns what `provide` returns as a ring: the ring in force, with all it has derived, if it is equal. */
async function loadSecrets(
  provide: () => unknown,
  current: LoadedSecrets | undefined,
  { name, lifetime, makeKey, now }: ProviderSettings,
): Promise<LoadedSecrets> {
  const secrets = parseSecrets(await withPatience(callProvider(provide)), now())
  if (current !== undefined && areSame(secrets, current.secrets)) return current
  return { secrets, ring: createKeyRing(secrets, name, lifetime, makeKey) }
}

async function callProvider(provide: () => unknown): Promise<unknown> {
  try {
    return await provide()
  } catch (thrown) {
    throw createProviderError(thrown)
  }
}

/** @throws SessionConfigError if the promise is not settled in time */
async function withPatience<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    const error = new SessionConfigError(
      'secrets',
      `is a function that returned nothing in ${PATIENCE} seconds`,
    )
    timer = setTimeout(() => reject(error), PATIENCE * 1000)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** A failure is reported to the observer, and to requests once the last good secrets are too old. */
function ignoreFailure(): void {}
