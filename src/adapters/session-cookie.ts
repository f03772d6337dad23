// `request.session.cookie`: the lifetime of a session with the members of express-session.

import { SessionConfigError } from '../errors.ts'
import type { ResolvedOptions } from '../options.ts'
import { changeLifetime } from '../session/early-claims.ts'
import { access } from '../session/state.ts'
import type { SessionState } from '../session/state.ts'
import { endsAt, lifetimeOf } from '../token/claims.ts'
import type { Lifetime } from '../token/claims.ts'
import { describe, isWholeNumber } from '../validate.ts'

/**
 * The lifetime of a session. Times are in milliseconds; `null` means until the browser is closed.
 * An assignment chooses one of the configured lifetimes.
 *
 * @example
 * // createSessions({ secrets, lifetimes: { remembered: { maxAge: 2_592_000, idleTimeout: false } } })
 * request.session.cookie.maxAge = 2_592_000_000
 */
export interface ExpressSessionCookie {
  /**
   * Milliseconds until the session ends if it is not used again.
   *
   * @throws SessionConfigError on assignment, if no configured lifetime matches
   */
  get maxAge(): number | null
  set maxAge(milliseconds: number | false | null | undefined)
  /**
   * When the session ends if it is not used again.
   *
   * @throws SessionConfigError on assignment, if no configured lifetime matches within a minute
   */
  get expires(): Date | null
  set expires(date: Date | false | null | undefined)
  /** The `maxAge` of the session's lifetime. */
  get originalMaxAge(): number | null
  set originalMaxAge(milliseconds: number | false | null | undefined)
  /** Always `true`. */
  readonly httpOnly: true
  readonly path: string
  readonly domain: string | undefined
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned: boolean
  readonly priority: 'low' | 'medium' | 'high' | undefined
}

/**
 * Tolerance of a date: it was computed with a clock in milliseconds, at some time during the
 * request.
 */
const EXPIRES_SLACK = 60_000

const ATTRIBUTES = ['path', 'domain', 'secure', 'sameSite', 'partitioned', 'priority'] as const

/** Returns the cookie of a session. */
export function createSessionCookie(
  state: SessionState,
  options: ResolvedOptions,
): ExpressSessionCookie {
  const cookie: ExpressSessionCookie = Object.create(
    null,
    Object.fromEntries([
      ...Object.entries(timesOf(state, options)),
      attribute('httpOnly', true),
      ...ATTRIBUTES.map((name) => attribute(name, options.cookie[name])),
    ]),
  )
  return Object.preventExtensions(cookie)
}

function timesOf(state: SessionState, { lifetimes, now }: ResolvedOptions): PropertyDescriptorMap {
  const current = () => lifetimeOf(access(state).claims?.lifetime ?? '', lifetimes)
  const end = () => endOf(state, current(), now())
  const choose = (name: string, wanted: unknown, slack = 0) => {
    if (wanted === undefined || wanted === null || wanted === false) {
      changeLifetime(state, find(name, null, 0))
      return
    }
    if (isWholeNumber(wanted, 1)) changeLifetime(state, find(name, wanted, slack))
    else throw new SessionConfigError(name, misfit(wanted))
  }

  function find(name: string, wanted: number | null, slack: number): string {
    const known = [[state.claims?.lifetime ?? '', current()] as const]
    const all = [...known, ['', lifetimes.default] as const, ...lifetimes.named]
    const found = all.find(([, lifetime]) => fits(lifetime, wanted, slack))
    if (found !== undefined) return found[0]
    const example = wanted === null ? 'persistent: false' : `maxAge: ${Math.round(wanted / 1000)}`
    throw new SessionConfigError(
      name,
      `is ${wanted} and no lifetime has it: write createSessions({ lifetimes: { name: { ${example} } } })`,
    )
  }

  return {
    maxAge: member(
      () => (current().persistent ? end() - now() * 1000 : null),
      (wanted) => choose('cookie.maxAge', wanted),
    ),
    expires: member(
      () => (current().persistent ? new Date(end()) : null),
      (wanted) => {
        const left = wanted instanceof Date ? wanted.getTime() - now() * 1000 : wanted
        choose('cookie.expires', left, EXPIRES_SLACK)
      },
    ),
    originalMaxAge: member(
      () => (current().persistent ? current().maxAge * 1000 : null),
      (wanted) => choose('cookie.originalMaxAge', wanted),
    ),
  }
}

/** Returns when the session ends, in milliseconds: as its cookies say, or are about to say. */
function endOf(state: SessionState, lifetime: Lifetime, now: number): number {
  const { claims, changed, touchRequested, isNew, committed, usedAt } = state
  if (claims === undefined) return (now + Math.min(lifetime.maxAge, lifetime.idleTimeout)) * 1000
  const isWritten = !committed && (changed || touchRequested || isNew)
  return endsAt(claims, isWritten ? now : usedAt, lifetime) * 1000
}

function fits({ persistent, maxAge }: Lifetime, wanted: number | null, slack: number): boolean {
  if (wanted === null) return !persistent
  return persistent && Math.abs(maxAge * 1000 - wanted) <= slack
}

function misfit(wanted: unknown): string {
  return `is ${describe(wanted)} and must be a number of milliseconds from now on: write request.session.destroy() to end the session`
}

function attribute(name: string, value: unknown): [string, PropertyDescriptor] {
  const refuse = () => {
    throw new SessionConfigError(
      `cookie.${name}`,
      'is the same for all sessions: write createSessions({ cookie: … })',
    )
  }
  return [name, member(() => value, refuse)]
}

function member(get: () => unknown, set: (value: unknown) => void): PropertyDescriptor {
  return { enumerable: true, get, set }
}
