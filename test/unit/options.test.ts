// The options of `createSessions`: every default, and what is rejected.

import { describe, expect, test } from 'vitest'
import { LONGEST_TICKET } from '../../src/cookies/response-cookies.ts'
import { formatSetCookie } from '../../src/cookies/set-cookie.ts'
import { resolveOptions } from '../../src/options.ts'
import type { SessionOptions } from '../../src/options.ts'
import { schemaOf } from '../support/schema.ts'
import { catchError, configError } from '../support/errors.ts'
import { untyped } from '../support/mint.ts'

const SECRET = 'dN0cVgSgRzBfJ-0VqPNDGbpT9rN6FqCnqUKXqKkhqB0'
const OTHER = 'Zw3yF0mFjmgTOXsWl5q2Zc1EXyCkV7YvEo4hYkR9qnE'

/** Resolves options of any shape, as they come from JavaScript. */
const resolveAny = (more: object) => resolveOptions({ secrets: SECRET, ...more })

const stringsOf = (settings: ReturnType<typeof resolveOptions>) =>
  Array.isArray(settings.secrets)
    ? settings.secrets.map(({ bytes }) => new TextDecoder().decode(bytes))
    : settings.secrets

describe('the defaults', () => {
  const settings = resolveOptions({ secrets: SECRET })

  test('are a host-only cookie, the portable limits, strict JSON and no schema', () => {
    expect(settings.cookie.name).toBe('__Host-session')
    expect(settings.limits).toEqual({
      cookie: 4096,
      cookies: 16,
      requestHeader: 7168,
      responseHeader: 3072,
    })
    expect(settings.serializer).toBeUndefined()
    expect(settings.schema).toBeUndefined()
  })

  test('are five minutes between two calls of the secrets function, and a day without a result', () => {
    expect([settings.secretsRefresh, settings.secretsGrace]).toEqual([300, 86_400])
  })

  test('are the real clock, in whole seconds, and an observer that does nothing', () => {
    const before = Math.floor(Date.now() / 1000)
    expect(settings.now()).toBeGreaterThanOrEqual(before)
    expect(Number.isInteger(settings.now())).toBe(true)
    expect(settings.observe({ type: 'destroyed', id: undefined })).toBeUndefined()
  })

  test('apply to options that are undefined', () => {
    const names = ['cookie', 'touchInterval', 'lifetimes', 'clockTolerance', 'limits', 'schema']
      .concat(['secretsRefresh', 'secretsGrace', 'serializer', 'validAfter', 'revoked'])
      .concat(['observe', 'clock'])
    const blank = resolveAny(Object.fromEntries(names.map((name) => [name, undefined])))
    for (const part of ['cookie', 'lifetimes', 'limits', 'serializer', 'schema'] as const) {
      expect(blank[part]).toEqual(settings[part])
    }
    expect([blank.secretsRefresh, blank.secretsGrace]).toEqual([300, 86_400])
  })

  test.each(['maxAge', 'idleTimeout'])('do not apply to a %s that is undefined', (name) => {
    expect(() => resolveAny({ [name]: undefined })).toThrow(configError(name))
  })

  test('are deeply frozen', () => {
    const parts = [settings, settings.cookie, settings.lifetimes, settings.lifetimes.default]
    expect([...parts, settings.limits].map(Object.isFrozen)).toEqual([true, true, true, true, true])
  })
})

describe('unknown options', () => {
  test.each(['secret', 'maxage', 'ttl', 'password', 'cookieName', 'rotate', 'toString'])(
    'are rejected by name: %s',
    (stranger) => {
      expect(() => resolveAny({ [stranger]: 1 })).toThrow(configError(stranger))
    },
  )

  test('are not read from a polluted prototype', () => {
    const given = Object.create({ maxAge: 60, idleTimeout: 60, secret: SECRET })
    const { lifetimes } = resolveOptions(Object.assign(given, { secrets: SECRET }))
    expect(lifetimes.default.maxAge).toBe(604_800)
  })

  test('are rejected inside cookie, lifetimes and limits too', () => {
    expect(() => resolveAny({ cookie: { maxAge: 5 } })).toThrow(configError('cookie.maxAge'))
    expect(() => resolveAny({ lifetimes: { brief: { maxage: 5 } } })).toThrow(
      configError('lifetimes.brief.maxage'),
    )
    expect(() => resolveAny({ limits: { cookieSize: 5 } })).toThrow(
      configError('limits.cookieSize'),
    )
  })

  test.each([[undefined], [null], ['secret'], [[SECRET]], [5]])(
    'are reported only if the options are an object: %j',
    (options) => {
      expect(() => resolveOptions(untyped<SessionOptions>(options))).toThrow(configError('options'))
    },
  )
})

describe('secrets', () => {
  test('are required', () => {
    expect(() => resolveOptions({ secrets: undefined })).toThrow(configError('secrets'))
    expect(() => resolveOptions(untyped<SessionOptions>({}))).toThrow(configError('secrets'))
  })

  test('are listed newest first, in one string or in an array', () => {
    expect(stringsOf(resolveOptions({ secrets: `${SECRET},${OTHER}` }))).toEqual([SECRET, OTHER])
    expect(stringsOf(resolveOptions({ secrets: [OTHER, SECRET] }))).toEqual([OTHER, SECRET])
  })

  test('of a function are not fetched yet', () => {
    let asked = 0
    const provide = () => {
      asked++
      return SECRET
    }
    expect(resolveOptions({ secrets: provide }).secrets).toBe(provide)
    expect(asked).toBe(0)
  })

  test('are never contained in the error of another option or another secret', () => {
    const wrong = [
      { maxAge: 0 },
      { maxAge: { toString: () => SECRET } },
      { cookie: { path: [SECRET] } },
      { limits: () => SECRET },
      { observe: { SECRET } },
      { secrets: SECRET.slice(0, 20).repeat(2) },
      { secrets: [`${SECRET},${OTHER}`] },
      { secrets: [SECRET, SECRET] },
      { secrets: [SECRET, SECRET.slice(0, 20)] },
      { secrets: `${SECRET},` },
      { secrets: { keys: [SECRET.slice(0, 20)] } },
      { secrets: `{${SECRET}` },
    ]
    for (const options of wrong) {
      const error = catchError(() => resolveAny(options))
      expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
      const text = `${String(error)} ${error instanceof Error ? error.stack : ''} ${JSON.stringify(error)}`
      expect(text).not.toContain(SECRET.slice(0, 12))
      expect(text).not.toContain(OTHER.slice(0, 12))
    }
  })
})

describe('the times of the secrets', () => {
  const day = 86_400
  const never = [NaN, Infinity, -1, 0.5, 2 ** 53, '60', '', true, null, {}, [60], 60n, new Date(60)]

  test.each([
    ['secretsRefresh', 1, day],
    ['secretsGrace', 0, 400 * day],
  ] as const)('%s holds from %i to %i', (option, least, most) => {
    expect(resolveAny({ [option]: least })[option]).toBe(least)
    expect(resolveAny({ [option]: most })[option]).toBe(most)
    for (const value of [least - 1, most + 1, ...never]) {
      expect(() => resolveAny({ [option]: value })).toThrow(configError(option))
    }
  })
})

describe('the functions', () => {
  test('observe is kept as it is, and revoked is one of the options', () => {
    const observe = () => {}
    expect(resolveAny({ observe, revoked: () => false }).observe).toBe(observe)
  })

  test.each(['revoked', 'observe', 'clock'])('%s must be a function', (option) => {
    for (const value of ['f', {}, null, 5, true, Object.create(null)]) {
      expect(() => resolveAny({ [option]: value })).toThrow(configError(option))
    }
  })

  test('serializer must have stringify and parse', () => {
    expect(resolveAny({ serializer: JSON }).serializer).toBe(JSON)
    const halves = [{ parse: JSON.parse }, { stringify: JSON.stringify }]
    for (const value of [...halves, {}, null, 'json', { stringify: 1, parse: 2 }]) {
      expect(() => resolveAny({ serializer: value })).toThrow(configError('serializer'))
    }
  })

  test('schema must follow the Standard Schema', () => {
    const schema = schemaOf(() => ({ value: {} }))
    expect(resolveAny({ schema }).schema).toBe(schema)
    for (const value of [null, {}, { '~standard': {} }, { validate: () => true }, 'schema']) {
      expect(() => resolveAny({ schema: value })).toThrow(configError('schema'))
    }
  })
})

describe('the clock', () => {
  test('is read in whole seconds, rounded down', () => {
    expect(resolveAny({ clock: () => 1999.9 }).now()).toBe(1)
    expect(resolveAny({ clock: () => 0 }).now()).toBe(0)
  })

  test.each([NaN, Infinity, -1, '5', undefined, null, new Date(0)])(
    'that returns %s is an error, at once or when it is read',
    (time) => {
      expect(() => resolveAny({ clock: () => time }).now()).toThrow(configError('clock'))
    },
  )
})

describe('the limits against the cookie', () => {
  test('must leave room in a cookie for a ticket, which is never split', () => {
    expect(() => resolveAny({ limits: { cookie: 60 } })).toThrow(configError('limits.cookie'))
    expect(resolveAny({ limits: { cookie: 300 } }).limits.cookie).toBe(300)
    const cookie = { name: 'n'.repeat(64), path: `/${'p'.repeat(999)}` }
    expect(() => resolveAny({ cookie, limits: { cookie: 1100 } })).toThrow(
      configError('limits.cookie'),
    )
    expect(resolveAny({ cookie }).limits.cookie).toBe(4096)
  })

  test('are enough if the longest ticket fits with the longest name and attributes', () => {
    const { cookie } = resolveOptions({ secrets: SECRET })
    const empty = { name: '__Host-session.15', value: '', maxAge: 400 * 86_400 }
    const frame = formatSetCookie(empty, cookie).length
    const least = frame + LONGEST_TICKET
    expect(resolveAny({ limits: { cookie: least } }).limits.cookie).toBe(least)
    const error = catchError(() => resolveAny({ limits: { cookie: least - 1 } }))
    expect(error).toEqual(configError('limits.cookie'))
    expect(String(error)).toContain(`is ${least - 1} and must be at least ${least}`)
  })

  test('are those of partitioned cookies if the cookie is partitioned', () => {
    const limits = 'cloudflare'
    expect(resolveAny({ limits }).limits.requestHeader).toBe(65_536)
    expect(resolveAny({ limits, cookie: { partitioned: true } }).limits.requestHeader).toBe(10_240)
  })
})
