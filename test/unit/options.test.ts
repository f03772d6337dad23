import { describe, expect, test } from 'vitest'
import { writeCookie } from '../../src/cookies/request-cookies.ts'
import { resolveOptions } from '../../src/options.ts'
import type { SessionOptions } from '../../src/options.ts'
import { refusal } from '../support/refusal.ts'

const SECRET = 'dN0cVgSgRzBfJ-0VqPNDGbpT9rN6FqCnqUKXqKkhqB0'
const OTHER = 'Zw3yF0mFjmgTOXsWl5q2Zc1EXyCkV7YvEo4hYkR9qnE'

/** Options of any shape, as they come from JavaScript. */
const resolveAny = (more: object) => resolveOptions({ secrets: SECRET, ...more })

const texts = (settings: ReturnType<typeof resolveOptions>) =>
  Array.isArray(settings.secrets)
    ? settings.secrets.map(({ bytes }) => new TextDecoder().decode(bytes))
    : settings.secrets

describe('the defaults', () => {
  const settings = resolveOptions({ secrets: SECRET })

  test('are a week at most, a day of idleness, and a tenth of it between two seals', () => {
    expect(settings.lifetime).toEqual({
      maxAge: 604_800,
      idleTimeout: 86_400,
      touchInterval: 8640,
      clockTolerance: 5,
      validAfter: 0,
    })
  })

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

  test('are lazy rotation and five minutes between two questions for the secrets', () => {
    expect(settings.rotate).toBe('lazy')
    expect(settings.secretsRefresh).toBe(300)
  })

  test('are the real clock, in whole seconds, and an observer that does nothing', () => {
    const before = Math.floor(Date.now() / 1000)
    expect(settings.now()).toBeGreaterThanOrEqual(before)
    expect(Number.isInteger(settings.now())).toBe(true)
    expect(settings.observe({ type: 'destroyed', id: undefined })).toBeUndefined()
  })

  test('stand where an option is given as undefined', () => {
    const names = ['cookie', 'touchInterval', 'clockTolerance', 'limits']
    const blank = Object.fromEntries(names.map((name) => [name, undefined]))
    expect(resolveAny(blank).lifetime).toEqual(settings.lifetime)
    expect(resolveAny(blank).cookie).toEqual(settings.cookie)
    expect(resolveAny(blank).limits).toEqual(settings.limits)
  })

  test.each(['maxAge', 'idleTimeout'])('do not stand for a %s that is undefined', (name) => {
    expect(() => resolveAny({ [name]: undefined })).toThrow(refusal(name))
  })

  test('are frozen, all the way down', () => {
    const parts = [settings, settings.cookie, settings.lifetime, settings.limits]
    expect(parts.map(Object.isFrozen)).toEqual([true, true, true, true])
  })
})

describe('unknown options', () => {
  test.each(['secret', 'maxage', 'ttl', 'password', 'cookieName', 'toString'])(
    'are refused by name: %s',
    (stranger) => {
      expect(() => resolveAny({ [stranger]: 1 })).toThrow(refusal(stranger))
    },
  )

  test('are refused inside cookie and limits, too', () => {
    expect(() => resolveAny({ cookie: { maxAge: 5 } })).toThrow(refusal('cookie.maxAge'))
    expect(() => resolveAny({ limits: { cookieSize: 5 } })).toThrow(refusal('limits.cookieSize'))
  })

  test.each([[undefined], [null], ['secret'], [[SECRET]], [5]])(
    'are not the only thing checked: the options must be an object',
    (options) => {
      expect(() => resolveOptions(options as unknown as SessionOptions)).toThrow(refusal('options'))
    },
  )
})

describe('secrets', () => {
  test('are required', () => {
    expect(() => resolveOptions({ secrets: undefined })).toThrow(refusal('secrets'))
    expect(() => resolveOptions({} as SessionOptions)).toThrow(refusal('secrets'))
  })

  test('come newest first, from one string or from a list', () => {
    expect(texts(resolveOptions({ secrets: `${SECRET},${OTHER}` }))).toEqual([SECRET, OTHER])
    expect(texts(resolveOptions({ secrets: [OTHER, SECRET] }))).toEqual([OTHER, SECRET])
  })

  test('that a function gives are not asked for yet', () => {
    let asked = 0
    const provide = () => {
      asked++
      return SECRET
    }
    expect(resolveOptions({ secrets: provide }).secrets).toBe(provide)
    expect(asked).toBe(0)
  })

  test('are never repeated by what refuses another option or another secret', () => {
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
      const error = caught(() => resolveAny(options))
      expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
      const told = `${String(error)} ${error instanceof Error ? error.stack : ''} ${JSON.stringify(error)}`
      expect(told).not.toContain(SECRET.slice(0, 12))
      expect(told).not.toContain(OTHER.slice(0, 12))
    }
  })
})

describe('the times', () => {
  const day = 86_400
  const never = [
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

  test.each([
    ['maxAge', 1, 400 * day],
    ['idleTimeout', 1, 400 * day],
    ['clockTolerance', 0, 60],
  ] as const)('%s holds from %i to %i', (option, least, most) => {
    const spaced = { touchInterval: 0 }
    expect(resolveAny({ ...spaced, [option]: least }).lifetime[option]).toBe(least)
    expect(resolveAny({ ...spaced, [option]: most }).lifetime[option]).toBe(most)
    for (const value of [least - 1, most + 1, ...never]) {
      expect(() => resolveAny({ ...spaced, [option]: value })).toThrow(refusal(option))
    }
  })

  test('secretsRefresh holds from a second to a day', () => {
    expect(resolveAny({ secretsRefresh: 1 }).secretsRefresh).toBe(1)
    expect(resolveAny({ secretsRefresh: day }).secretsRefresh).toBe(day)
    for (const value of [0, day + 1, ...never]) {
      expect(() => resolveAny({ secretsRefresh: value })).toThrow(refusal('secretsRefresh'))
    }
  })

  test('idleTimeout may be false, and is true to nothing else', () => {
    expect(resolveAny({ idleTimeout: false }).lifetime.idleTimeout).toBe(Infinity)
    expect(resolveAny({ idleTimeout: false }).lifetime.touchInterval).toBe(400 * day)
    expect(() => resolveAny({ idleTimeout: true })).toThrow(refusal('idleTimeout'))
  })

  test('touchInterval is a tenth of idleTimeout, rounded down', () => {
    expect(resolveAny({ idleTimeout: 1009 }).lifetime.touchInterval).toBe(100)
    expect(resolveAny({ idleTimeout: 9 }).lifetime.touchInterval).toBe(0)
  })

  test('touchInterval is shorter than idleTimeout, and not negative', () => {
    const at = (touchInterval: unknown) => resolveAny({ idleTimeout: 100, touchInterval })
    expect(at(0).lifetime.touchInterval).toBe(0)
    expect(at(99).lifetime.touchInterval).toBe(99)
    for (const value of [100, 101, -1, ...never]) {
      expect(() => at(value)).toThrow(refusal('touchInterval'))
    }
    const longest = resolveAny({ idleTimeout: false, touchInterval: 400 * day })
    expect(longest.lifetime.touchInterval).toBe(400 * day)
    expect(() => resolveAny({ idleTimeout: false, touchInterval: 400 * day + 1 })).toThrow(
      refusal('touchInterval'),
    )
  })

  test('validAfter is a Date, an ISO text, or seconds', () => {
    for (const moment of [new Date(1_700_000_000_000), '2023-11-14T22:13:20Z', 1_700_000_000]) {
      expect(resolveAny({ validAfter: moment }).lifetime.validAfter).toBe(1_700_000_000)
    }
    for (const value of [1_700_000_000_000, -1, NaN, 'soon', new Date(NaN), null, true, {}]) {
      expect(() => resolveAny({ validAfter: value })).toThrow(refusal('validAfter'))
    }
  })
})

test('a time out of bounds is told the bounds that there are, and what else there is', () => {
  const told = (options: object) => String(caught(() => resolveAny(options)))
  expect(told({ maxAge: 0 })).toMatch(/^SessionConfigError: maxAge is 0 .* from 1 to 34560000$/)
  expect(told({ idleTimeout: 0 })).toMatch(/ from 1 to 34560000, or false$/)
})

describe('the words and functions', () => {
  test('rotate is lazy or eager', () => {
    expect(resolveAny({ rotate: 'eager' }).rotate).toBe('eager')
    for (const value of ['Eager', '', true, 5]) {
      expect(() => resolveAny({ rotate: value })).toThrow(refusal('rotate'))
    }
  })

  test('observe is taken as it is, and revoked is one of the options', () => {
    const observe = () => {}
    expect(resolveAny({ observe, revoked: () => false }).observe).toBe(observe)
  })

  test.each(['revoked', 'observe', 'clock'])('%s is a function', (option) => {
    for (const value of ['f', {}, null, 5, true, Object.create(null)]) {
      expect(() => resolveAny({ [option]: value })).toThrow(refusal(option))
    }
  })

  test('serializer has stringify and parse', () => {
    expect(resolveAny({ serializer: JSON }).serializer).toBe(JSON)
    const halves = [{ parse: JSON.parse }, { stringify: JSON.stringify }]
    for (const value of [...halves, {}, null, 'json', { stringify: 1, parse: 2 }]) {
      expect(() => resolveAny({ serializer: value })).toThrow(refusal('serializer'))
    }
  })

  test('schema follows the Standard Schema', () => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ value: {} }) } }
    expect(resolveAny({ schema }).schema).toBe(schema)
    for (const value of [null, {}, { '~standard': {} }, { validate: () => true }, 'schema']) {
      expect(() => resolveAny({ schema: value })).toThrow(refusal('schema'))
    }
  })
})

describe('the clock', () => {
  test('is read in whole seconds, rounded down', () => {
    expect(resolveAny({ clock: () => 1999.9 }).now()).toBe(1)
    expect(resolveAny({ clock: () => 0 }).now()).toBe(0)
  })

  test.each([NaN, Infinity, -1, '5', undefined, null, new Date(0)])(
    'that tells no time is found out, at once or when it is read',
    (time) => {
      expect(() => resolveAny({ clock: () => time }).now()).toThrow(refusal('clock'))
    },
  )
})

describe('the limits against the cookie', () => {
  test('must leave room in a cookie for a part of a token, or none would ever be enough', () => {
    expect(() => resolveAny({ limits: { cookie: 60 } })).toThrow(refusal('limits.cookie'))
    expect(resolveAny({ limits: { cookie: 200 } }).limits.cookie).toBe(200)
    const cookie = { name: 'n'.repeat(64), path: `/${'p'.repeat(999)}` }
    expect(() => resolveAny({ cookie, limits: { cookie: 1100 } })).toThrow(refusal('limits.cookie'))
    expect(resolveAny({ cookie }).limits.cookie).toBe(4096)
  })

  test('are enough from 64 characters beside the longest name and attributes', () => {
    const cookie = resolveOptions({ secrets: SECRET }).cookie
    const least = writeCookie(cookie, '__Host-session.15', '', 400 * 86_400).length + 64
    expect(resolveAny({ limits: { cookie: least } }).limits.cookie).toBe(least)
    const error = caught(() => resolveAny({ limits: { cookie: least - 1 } }))
    expect(error).toEqual(refusal('limits.cookie'))
    expect(String(error)).toContain(
      `must be at least ${least}: name and attributes take ${least - 64}`,
    )
  })

  test('are those of partitioned cookies where the cookie is partitioned', () => {
    const limits = 'cloudflare'
    expect(resolveAny({ limits }).limits.requestHeader).toBe(65_536)
    expect(resolveAny({ limits, cookie: { partitioned: true } }).limits.requestHeader).toBe(10_240)
  })
})

function caught(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
