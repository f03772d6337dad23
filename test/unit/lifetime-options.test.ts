// The options that bound a session's life: defaults, bounds, and named lifetimes.

import { describe, expect, test } from 'vitest'
import { resolveLifetimes, secondsOption } from '../../src/lifetime-options.ts'
import { lifetimeOf } from '../../src/token/claims.ts'
import { untyped } from '../support/mint.ts'
import { catchError, configError } from '../support/errors.ts'

const DAY = 86_400
const NEVER = [
  NaN,
  Infinity,
  -Infinity,
  -1,
  0.5,
  60.5,
  2 ** 53,
  '60',
  '',
  true,
  null,
  {},
  [60],
  60n,
  new Date(60),
]

/** Resolves options of any shape, as they come from JavaScript. */
const resolve = (options: object, persistent = true) => resolveLifetimes({ ...options }, persistent)

/** Resolves the lifetime `long` over these default options. */
const named = (long: unknown, options: object = {}) =>
  resolve({ ...options, lifetimes: untyped({ long }) }).named.get('long')

describe('the defaults', () => {
  test('are a week, a day of idleness, and a tenth of that between two tickets', () => {
    expect(resolve({})).toEqual({
      default: { maxAge: 7 * DAY, idleTimeout: DAY, touchInterval: DAY / 10, persistent: true },
      named: new Map(),
      clockTolerance: 5,
      validAfter: 0,
      longest: 7 * DAY,
    })
  })

  test('outlive the browser as the cookie does', () => {
    expect(resolve({}, false).default.persistent).toBe(false)
  })

  test('apply to options that are undefined, except maxAge and idleTimeout', () => {
    const blank = ['touchInterval', 'lifetimes', 'clockTolerance', 'validAfter']
    expect(resolve(Object.fromEntries(blank.map((name) => [name, undefined])))).toEqual(resolve({}))
    for (const name of ['maxAge', 'idleTimeout']) {
      const error = catchError(() => resolve({ [name]: undefined }))
      expect(error).toEqual(configError(name))
      expect(String(error)).toContain('write seconds, or leave it out')
    }
  })

  test('are frozen', () => {
    const all = resolve({ lifetimes: { long: {} } })
    expect([all, all.default, all.named.get('long')].map(Object.isFrozen)).toEqual([
      true,
      true,
      true,
    ])
  })
})

describe('the times', () => {
  test.each([
    ['maxAge', 1, 400 * DAY],
    ['idleTimeout', 1, 400 * DAY],
  ] as const)('%s holds from %i to %i', (option, least, most) => {
    const spaced = { touchInterval: 0 }
    expect(resolve({ ...spaced, [option]: least }).default[option]).toBe(least)
    expect(resolve({ ...spaced, [option]: most }).default[option]).toBe(most)
    for (const value of [least - 1, most + 1, ...NEVER]) {
      expect(() => resolve({ ...spaced, [option]: value })).toThrow(configError(option))
    }
  })

  test('clockTolerance is 0 to 60', () => {
    expect(resolve({ clockTolerance: 0 }).clockTolerance).toBe(0)
    expect(resolve({ clockTolerance: 60 }).clockTolerance).toBe(60)
    for (const value of [-1, 61, ...NEVER]) {
      expect(() => resolve({ clockTolerance: value })).toThrow(configError('clockTolerance'))
    }
  })

  test('idleTimeout may be false, and no other value that is not a number', () => {
    const { idleTimeout, touchInterval } = resolve({ idleTimeout: false }).default
    expect([idleTimeout, touchInterval]).toEqual([Infinity, 400 * DAY])
    expect(() => resolve({ idleTimeout: true })).toThrow(configError('idleTimeout'))
  })

  test('touchInterval is a tenth of idleTimeout, rounded down', () => {
    expect(resolve({ idleTimeout: 1009 }).default.touchInterval).toBe(100)
    expect(resolve({ idleTimeout: 9 }).default.touchInterval).toBe(0)
  })

  test('touchInterval is shorter than idleTimeout, and not negative', () => {
    const at = (touchInterval: unknown) =>
      resolve({ idleTimeout: 100, touchInterval }).default.touchInterval
    expect([at(0), at(99)]).toEqual([0, 99])
    for (const value of [100, 101, -1, ...NEVER]) {
      expect(() => at(value)).toThrow(configError('touchInterval'))
    }
    const endless = { idleTimeout: false, touchInterval: 400 * DAY }
    expect(resolve(endless).default.touchInterval).toBe(400 * DAY)
    expect(() => resolve({ ...endless, touchInterval: 400 * DAY + 1 })).toThrow(
      configError('touchInterval'),
    )
  })

  test('validAfter is a Date, an ISO string, or seconds', () => {
    for (const moment of [new Date(1_700_000_000_000), '2023-11-14T22:13:20Z', 1_700_000_000]) {
      expect(resolve({ validAfter: moment }).validAfter).toBe(1_700_000_000)
    }
    for (const value of [1_700_000_000_000, -1, NaN, 'soon', new Date(NaN), null, true, {}]) {
      expect(() => resolve({ validAfter: value })).toThrow(configError('validAfter'))
    }
  })

  test('out of bounds are rejected with the bounds', () => {
    const message = (options: object) => String(catchError(() => resolve(options)))
    expect(message({ maxAge: 0 })).toMatch(
      /^SessionConfigError: maxAge is 0 .* from 1 to 34560000 seconds$/,
    )
    expect(message({ idleTimeout: 0 })).toMatch(/ from 1 to 34560000 seconds, or false$/)
  })
})

describe('named lifetimes', () => {
  test('inherit omitted members from the default one', () => {
    const options = { maxAge: 5000, idleTimeout: 1000, touchInterval: 50 }
    expect(named({}, options)).toEqual({ ...options, persistent: true })
    expect(named({ maxAge: 9000 }, options)).toEqual({
      ...options,
      maxAge: 9000,
      persistent: true,
    })
    expect(named({ persistent: false }, options)).toEqual({ ...options, persistent: false })
  })

  test('outlive the browser if the cookie does, unless they say otherwise', () => {
    const lifetimes = { short: {}, long: { persistent: true } }
    const all = resolveLifetimes({ lifetimes }, false).named
    expect([all.get('short')?.persistent, all.get('long')?.persistent]).toEqual([false, true])
  })

  test('have a tenth of their own idleTimeout between two tickets, if none is configured', () => {
    expect(named({ idleTimeout: 3000 })?.touchInterval).toBe(300)
    expect(named({ idleTimeout: false })?.touchInterval).toBe(400 * DAY)
    expect(named({ idleTimeout: 3000 }, { touchInterval: 20 })?.touchInterval).toBe(20)
  })

  test('have a tenth too if the configured interval is longer than their own idleTimeout', () => {
    expect(named({ idleTimeout: 600 }, { touchInterval: 3600 })?.touchInterval).toBe(60)
  })

  test('are checked like the default one, with their own path', () => {
    for (const [wrong, name] of [
      [{ maxAge: 0 }, 'maxAge'],
      [{ maxAge: undefined }, 'maxAge'],
      [{ idleTimeout: undefined }, 'idleTimeout'],
      [{ idleTimeout: '1h' }, 'idleTimeout'],
      [{ idleTimeout: 60, touchInterval: 60 }, 'touchInterval'],
      [{ persistent: 'yes' }, 'persistent'],
      [{ maxage: 5 }, 'maxage'],
      [{ clockTolerance: 5 }, 'clockTolerance'],
    ] as const) {
      expect(() => named(wrong)).toThrow(configError(`lifetimes.long.${name}`))
    }
  })

  test.each([null, 5, 'long', true, [], () => ({})])('must be objects, and not %j', (value) => {
    expect(() => named(value)).toThrow(configError('lifetimes.long'))
    expect(() => resolve({ lifetimes: untyped(value) })).toThrow(configError('lifetimes'))
  })

  test.each(['', 'a b', 'a.b', 'ü', 'x'.repeat(33), '"'])('may not have a name like %j', (name) => {
    expect(() => resolve({ lifetimes: { [name]: {} } })).toThrow(configError(`lifetimes.${name}`))
  })

  test.each(['a', 'A-Z_9', 'constructor', '__proto__', 'x'.repeat(32)])(
    'may have a name like %j',
    (name) => {
      const lifetimes = Object.fromEntries([[name, { maxAge: 60 }]])
      expect(resolve({ lifetimes }).named.get(name)?.maxAge).toBe(60)
    },
  )

  test('are not read from a polluted prototype, nor are their members', () => {
    const inherited = Object.create({ long: { maxAge: 60 } })
    expect(resolve({ lifetimes: inherited }).named.size).toBe(0)
    const long = Object.create({ maxAge: 60, persistent: false })
    expect(named(long)).toEqual(resolve({}).default)
  })

  test('bound, with the default one, the age of tokens', () => {
    const lifetimes = { brief: { maxAge: 60 }, long: { maxAge: 30 * DAY } }
    expect(resolve({ lifetimes }).longest).toBe(30 * DAY)
    expect(resolve({ maxAge: 40 * DAY, lifetimes }).longest).toBe(40 * DAY)
  })

  test('that are no longer configured fall back to the default one', () => {
    const lifetimes = resolve({ lifetimes: { long: { maxAge: 60 } } })
    expect(lifetimeOf('long', lifetimes).maxAge).toBe(60)
    expect(lifetimeOf('gone', lifetimes)).toBe(lifetimes.default)
    expect(lifetimeOf('', lifetimes)).toBe(lifetimes.default)
  })
})

describe('secondsOption', () => {
  test('returns whole numbers within the bounds, and names the bounds for any other', () => {
    expect([secondsOption('x', 0, 0, 5), secondsOption('x', 5, 0, 5)]).toEqual([0, 5])
    const error = catchError(() => secondsOption('x', 6, 0, 5, ', or never'))
    expect(error).toEqual(configError('x'))
    expect(String(error)).toMatch(/is 6 and must be a whole number from 0 to 5 seconds, or never$/)
  })
})
