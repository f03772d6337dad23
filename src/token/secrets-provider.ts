// A ring whose secrets come from a function and change without a deploy. Requests are served from the
// last good ring; the function is asked beside them.

import { SessionConfigError } from '../errors.ts'
import type { SessionEvent } from '../events.ts'
import { createKeyRing } from './key-ring.ts'
import type { MakeKey, KeyRing } from './key-ring.ts'
import { areSame, parseSecrets } from './secrets.ts'
import type { Secret } from './secrets.ts'

/** What a ring from a provider needs to know. */
export interface ProviderSettings {
  readonly name: string
  readonly lifetime: number
  readonly makeKey: MakeKey
  /** Seconds after which the provider is asked again. */
  readonly refresh: number
  readonly now: () => number
  readonly observe: (event: SessionEvent) => void
}

interface Current {
  readonly secrets: readonly Secret[]
  readonly ring: KeyRing
}

/** Seconds that a request waits for a first answer. Later ones never wait. */
const PATIENCE = 10

/**
 * The ring of what `provide` returns. Asked at the first use, then at the first use `refresh` seconds
 * later, and so on: no timer of our own, since on workerd none outlives its request.
 *
 * @throws SessionConfigError at a use, if the first answer fails, is unusable, or takes 10 seconds
 */
export function createProvidedKeyRing(provide: () => unknown, settings: ProviderSettings): KeyRing {
  let current: Current | undefined
  let asking: Promise<Current> | undefined
  let askedAt = 0

  /** Seconds since the last question, also for a clock that was put back. */
  function age(): number {
    return Math.abs(settings.now() - askedAt)
  }

  /**
   * One question at a time, unless the last one is lost: on workerd it dies with the request that
   * asked it, and never settles.
   */
  function isFree(): boolean {
    return asking === undefined || age() >= 2 * PATIENCE
  }

  function ask(): Promise<Current> {
    askedAt = settings.now()
    const question = answer(provide, current, settings)
    asking = question
    const settle = (found: Current | undefined) => {
      // A question that was given up may be answered after a later one: what it says is older.
      if (asking === question || current === undefined) current = found ?? current
      if (asking === question) asking = undefined
    }
    question.then(settle, () => settle(undefined))
    return question
  }

  /** Asked on the way of a request: there is nothing else to serve it from. */
  async function first(): Promise<Current> {
    const question = asking !== undefined && !isFree() ? asking : ask()
    try {
      return await withPatience(question)
    } catch (error) {
      // Whoever comes next asks again, instead of waiting for a question that may be lost.
      if (asking === question) asking = undefined
      if (current !== undefined) return current
      throw error instanceof SessionConfigError ? error : failure(error)
    }
  }

  /** Asked beside the requests: there is no caller for what goes wrong, only the observer. */
  async function refresh(): Promise<void> {
    const before = current
    let event: SessionEvent = { type: 'secrets', outcome: 'changed' }
    try {
      const found = await ask()
      if (found === before || found !== current) return
    } catch (error) {
      event = { type: 'secrets', outcome: 'failed', error }
    }
    settings.observe(event)
  }

  async function ring(): Promise<KeyRing> {
    if (current === undefined) return (await first()).ring
    if (age() >= settings.refresh && isFree()) refresh().catch(ignore)
    return current.ring
  }

  return {
    sealing: async (purpose, day, now) => (await ring()).sealing(purpose, day, now),
    opening: async (purpose, id, day) => (await ring()).opening(purpose, id, day),
  }
}

/** The provider's answer as a ring: the present one, with all it has derived, if nothing changed. */
async function answer(
  provide: () => unknown,
  current: Current | undefined,
  { name, lifetime, makeKey, now }: ProviderSettings,
): Promise<Current> {
  let option: unknown
  try {
    option = await withPatience(Promise.resolve(provide()))
  } catch (cause) {
    throw failure(cause)
  }
  const secrets = parseSecrets(option, now())
  if (current !== undefined && areSame(secrets, current.secrets)) return current
  return { secrets, ring: createKeyRing(secrets, name, lifetime, makeKey) }
}

function failure(cause: unknown): SessionConfigError {
  return new SessionConfigError('secrets', 'is a function that failed: see cause', { cause })
}

async function withPatience<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${PATIENCE} seconds`)), PATIENCE * 1000)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** An observer that throws has no caller here that could be told. */
function ignore(): void {}
