// The options that bound a session's life: the default lifetime, the named ones, and what they share.

import { SessionConfigError } from './errors.ts'
import { LIFETIME_NAME, LONGEST_LIFE } from './token/claims.ts'
import type { Lifetime, Lifetimes } from './token/claims.ts'
import { DAY_SECONDS } from './token/day.ts'
import {
  assertKnownKeys,
  booleanOption,
  describe,
  isRecord,
  ownProperties,
  ownProperty,
  refuse,
  timestampOption,
  wholeNumberOption,
} from './validate.ts'

/**
 * A named lifetime. What it leaves out is as in the default one. All times are in whole seconds, up to
 * 400 days.
 *
 * @example
 * createSessions({ secrets, lifetimes: { remembered: { maxAge: 2_592_000, idleTimeout: false } } })
 */
export interface LifetimeOptions {
  /** From the session's start to its end. */
  readonly maxAge?: number
  /** Ends a session that is not used for so long; `false` for never. */
  readonly idleTimeout?: number | false
  /**
   * Use is recorded at most this often. Default: the option `touchInterval`, if it is given and shorter
   * than this `idleTimeout`; otherwise a tenth of `idleTimeout`.
   */
  readonly touchInterval?: number | undefined
  /** Whether its cookies outlive the browser. Default: `cookie.persistent`. */
  readonly persistent?: boolean | undefined
}

/** The options that are read here. */
interface LifeOptions extends LifetimeOptions {
  readonly lifetimes?: Readonly<Record<string, LifetimeOptions>> | undefined
  readonly clockTolerance?: number | undefined
  readonly validAfter?: Date | string | number | undefined
}

const LIFETIME_OPTIONS = ['maxAge', 'idleTimeout', 'touchInterval', 'persistent']

/** Seven days: what users expect of "stay signed in" on their own device. */
const DEFAULT_MAX_AGE = 7 * DAY_SECONDS

const DEFAULT_IDLE_TIMEOUT = DAY_SECONDS

/** Five seconds cover servers that keep time with NTP. */
const DEFAULT_TOLERANCE = 5

/** Beyond a minute it is a broken clock (RFC 7519 section 4.1.4: "a few minutes" at most). */
const MAX_TOLERANCE = 60

/**
 * Returns all lifetimes, checked and complete.
 *
 * @param persistent the option `cookie.persistent`
 * @throws SessionConfigError with the option's path, what is wrong, and what to write instead
 */
export function resolveLifetimes(options: LifeOptions, persistent: boolean): Lifetimes {
  const defaults = {
    maxAge: DEFAULT_MAX_AGE,
    idleTimeout: DEFAULT_IDLE_TIMEOUT,
    touchInterval: undefined,
    persistent,
  }
  const standard = resolveLifetime(options, '', defaults)
  const named = resolveNamed(options.lifetimes, {
    ...standard,
    touchInterval: options.touchInterval,
  })
  const { clockTolerance, validAfter } = options
  return Object.freeze({
    default: standard,
    named,
    clockTolerance: secondsOption(
      'clockTolerance',
      clockTolerance === undefined ? DEFAULT_TOLERANCE : clockTolerance,
      0,
      MAX_TOLERANCE,
    ),
    validAfter: validAfter === undefined ? 0 : timestampOption('validAfter', validAfter),
    longest: Math.max(standard.maxAge, ...[...named.values()].map(({ maxAge }) => maxAge)),
  })
}

/**
 * Returns a number of seconds.
 *
 * @throws SessionConfigError unless it is a whole number within the bounds
 */
export function secondsOption(
  option: string,
  value: unknown,
  least: number,
  most: number,
  otherwise = '',
): number {
  return wholeNumberOption(option, value, least, most, ` seconds${otherwise}`)
}

interface LifetimeDefaults {
  readonly maxAge: number
  readonly idleTimeout: number
  readonly touchInterval: number | undefined
  readonly persistent: boolean
}

function resolveNamed(given: unknown, defaults: LifetimeDefaults): ReadonlyMap<string, Lifetime> {
  const named = new Map<string, Lifetime>()
  if (given === undefined) return named
  if (!isRecord(given)) {
    refuse('lifetimes', given, 'an object: { remembered: { maxAge: 2592000 } }')
  }
  for (const [name, options] of Object.entries(given)) {
    const place = `lifetimes.${name}`
    if (!LIFETIME_NAME.test(name)) {
      throw new SessionConfigError(place, 'must have a name of 1 to 32 of A-Z a-z 0-9 _ -')
    }
    if (!isRecord(options)) {
      refuse(place, options, 'an object: { maxAge: 2592000 }')
    }
    const own = ownProperties(options)
    assertKnownKeys(own, LIFETIME_OPTIONS, `${place}.`)
    named.set(name, resolveLifetime(own, `${place}.`, defaults))
  }
  return named
}

function resolveLifetime(options: object, prefix: string, defaults: LifetimeDefaults): Lifetime {
  assertGiven('maxAge', options, prefix)
  assertGiven('idleTimeout', options, prefix)
  const [maxAge, idle, interval, persistent] = LIFETIME_OPTIONS.map((name) =>
    ownProperty(options, name),
  )
  const idleTimeout =
    idle === undefined ? defaults.idleTimeout : idleOption(`${prefix}idleTimeout`, idle)
  const touchInterval =
    interval === undefined ? intervalFor(idleTimeout, defaults.touchInterval) : interval
  const lifetime = {
    maxAge: secondsOption(
      `${prefix}maxAge`,
      maxAge === undefined ? defaults.maxAge : maxAge,
      1,
      LONGEST_LIFE,
    ),
    idleTimeout,
    touchInterval: secondsOption(`${prefix}touchInterval`, touchInterval, 0, LONGEST_LIFE),
    persistent: booleanOption(`${prefix}persistent`, persistent, defaults.persistent),
  }
  if (lifetime.touchInterval >= idleTimeout) {
    throw new SessionConfigError(
      `${prefix}touchInterval`,
      `(${lifetime.touchInterval}) must be shorter than idleTimeout (${idleTimeout})`,
    )
  }
  return Object.freeze(lifetime)
}

function idleOption(option: string, value: unknown): number {
  if (value === false) return Infinity
  return secondsOption(option, value, 1, LONGEST_LIFE, ', or false')
}

/** A tenth: ten tickets within the time after which a session without use ends. */
function intervalFor(idleTimeout: number, inherited: number | undefined): number {
  if (inherited !== undefined && inherited < idleTimeout) return inherited
  return idleTimeout === Infinity ? LONGEST_LIFE : Math.floor(idleTimeout / 10)
}

/** Throws for `undefined`, because a missing setting must not become a longer lifetime. */
function assertGiven(option: string, options: object, prefix: string): void {
  if (!Object.hasOwn(options, option) || Reflect.get(options, option) !== undefined) return
  throw new SessionConfigError(`${prefix}${option}`, 'is undefined: write seconds, or leave it out')
}

/** A clock that returns NaN would make every comparison with a time false, and so every session valid. */
export function inSeconds(clock: () => number): () => number {
  return () => {
    const milliseconds = clock()
    if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.floor(milliseconds / 1000)
    throw new SessionConfigError(
      'clock',
      `returned ${describe(milliseconds)} and must return milliseconds, as Date.now does`,
    )
  }
}
