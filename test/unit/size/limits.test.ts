import { describe, expect, test } from 'vitest'
import { findSources, resolveLimits } from '../../../src/size/limits.ts'
import { PRESET_NAMES } from '../../../src/size/presets.ts'
import { configError } from '../../support/errors.ts'

describe('a preset', () => {
  test.each(PRESET_NAMES)('%s gives four frozen whole numbers', (preset) => {
    const limits = resolveLimits(preset, false)
    expect(Object.keys(limits)).toEqual(['cookie', 'cookies', 'requestHeader', 'responseHeader'])
    expect([limits.cookie, limits.cookies]).toEqual([4096, 16])
    expect(Number.isInteger(limits.requestHeader)).toBe(true)
    expect(Number.isInteger(limits.responseHeader)).toBe(true)
    expect(Object.isFrozen(limits)).toBe(true)
  })

  test('is portable by default', () => {
    const portable = { cookie: 4096, cookies: 16, requestHeader: 7168, responseHeader: 3072 }
    expect(resolveLimits(undefined, false)).toEqual(portable)
    expect(resolveLimits('portable', false)).toEqual(portable)
    expect(resolveLimits({}, false)).toEqual(portable)
    expect(resolveLimits({ preset: undefined }, false)).toEqual(portable)
  })

  test.each([
    'Node',
    'node ',
    '',
    'nodejs',
    '__proto__',
    'constructor',
    'toString',
    null,
    5,
    5n,
    true,
    Symbol('node'),
    () => 'node',
  ])('must be a known name', (option) => {
    expect(() => resolveLimits(option, false)).toThrow(configError('limits'))
    expect(() => resolveLimits([option], false)).toThrow(configError('limits'))
    expect(() => resolveLimits({ preset: option }, false)).toThrow(configError('limits'))
  })

  test('must be a string in an array, not an object', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(() => resolveLimits([circular], false)).toThrow(configError('limits'))
    expect(() => resolveLimits([Object.create(null)], false)).toThrow(configError('limits'))
    expect(() => resolveLimits([['node']], false)).toThrow(configError('limits'))
  })
})

describe('several presets', () => {
  test('give the tightest of each limit in any order', () => {
    const tightest = { requestHeader: 8184, responseHeader: 7168 }
    expect(resolveLimits('heroku', false)).toMatchObject({ requestHeader: 8184 })
    expect(resolveLimits('akamai', false)).toMatchObject({ responseHeader: 7168 })
    expect(resolveLimits(['heroku', 'akamai'], false)).toMatchObject(tightest)
    expect(resolveLimits(['akamai', 'heroku'], false)).toMatchObject(tightest)
    expect(resolveLimits({ preset: ['akamai', 'heroku'] }, false)).toMatchObject(tightest)
  })

  test('are as tight as the tightest of all presets when all are named', () => {
    const all = PRESET_NAMES.map((preset) => resolveLimits(preset, false))
    expect(resolveLimits(PRESET_NAMES, false)).toMatchObject({
      requestHeader: Math.min(...all.map(({ requestHeader }) => requestHeader)),
      responseHeader: Math.min(...all.map(({ responseHeader }) => responseHeader)),
    })
  })

  test('must be at least one, and all known', () => {
    expect(() => resolveLimits([], false)).toThrow(configError('limits'))
    expect(() => resolveLimits({ preset: [] }, false)).toThrow(configError('limits'))
    expect(() => resolveLimits(['node', 'nowhere'], false)).toThrow(configError('limits'))
  })
})

describe('numbers', () => {
  test('override those of the preset in both directions', () => {
    const given = { cookie: 2000, cookies: 3, requestHeader: 100_000, responseHeader: 500 }
    expect(resolveLimits(given, false)).toEqual(given)
    expect(resolveLimits({ preset: 'node', ...given }, false)).toEqual(given)
  })

  test('leave the others to the preset', () => {
    expect(resolveLimits({ preset: 'node', cookies: 2 }, false)).toEqual({
      ...resolveLimits('node', false),
      cookies: 2,
    })
    expect(resolveLimits({ requestHeader: 5000 }, false)).toEqual({
      ...resolveLimits('portable', false),
      requestHeader: 5000,
    })
    expect(resolveLimits({ cookies: undefined }, false).cookies).toBe(16)
  })

  test.each([
    ['cookie', 4096],
    ['cookies', 16],
    ['requestHeader', Number.MAX_SAFE_INTEGER],
    ['responseHeader', Number.MAX_SAFE_INTEGER],
  ] as const)('for %s must be whole and from 1 to %i', (name, most) => {
    expect(resolveLimits({ [name]: 1 }, false)[name]).toBe(1)
    expect(resolveLimits({ [name]: most }, false)[name]).toBe(most)
    for (const value of [0, -1, most + 1, 1.5, NaN, Infinity, '5', '', null, true, {}, [5], 5n]) {
      expect(() => resolveLimits({ [name]: value }, false)).toThrow(configError(`limits.${name}`))
    }
  })

  test.each(['cookieSize', 'Cookie', 'header', 'toString'])('cannot be given for %s', (name) => {
    expect(() => resolveLimits({ [name]: 5 }, false)).toThrow(configError(`limits.${name}`))
  })
})

describe('partitioned cookies', () => {
  test('are also subject to Chromium’s limit for a partition', () => {
    expect(resolveLimits('cloudflare', false).requestHeader).toBe(65_536)
    expect(resolveLimits('cloudflare', true).requestHeader).toBe(10_240)
    expect(resolveLimits('cloudflare', true)).toEqual(resolveLimits(['cloudflare', 'chips'], false))
  })

  test('keep a tighter preset and every given number', () => {
    expect(resolveLimits('portable', true)).toEqual(resolveLimits('portable', false))
    expect(resolveLimits({ requestHeader: 20_000 }, true).requestHeader).toBe(20_000)
  })
})

describe('the sources of limits', () => {
  const sources = (option: unknown, partitioned = false) =>
    findSources(resolveLimits(option, partitioned))

  test('name for each header the preset that is the tight one', () => {
    const nginx = { requestHeader: 'nginx', responseHeader: 'nginx', partitioned: false }
    expect(sources(['node', 'nginx'])).toEqual(nginx)
    expect(sources(['nginx', 'node'])).toEqual(nginx)
    expect(sources(['heroku', 'akamai'])).toMatchObject({
      requestHeader: 'heroku',
      responseHeader: 'akamai',
    })
    expect(sources(undefined)).toMatchObject({
      requestHeader: 'portable',
      responseHeader: 'portable',
    })
  })

  test('name the first of two presets that are equally tight', () => {
    expect(sources(['nginx', 'ingress-nginx']).requestHeader).toBe('nginx')
    expect(sources(['ingress-nginx', 'nginx']).requestHeader).toBe('ingress-nginx')
  })

  test('name none for a number', () => {
    expect(sources({ preset: 'node', requestHeader: 9000 })).toMatchObject({
      requestHeader: undefined,
      responseHeader: 'node',
    })
  })

  test('name chips where the cookies are partitioned and that is the tight one', () => {
    expect(sources('cloudflare', true)).toMatchObject({ requestHeader: 'chips', partitioned: true })
    expect(sources('nginx', true)).toMatchObject({ requestHeader: 'nginx', partitioned: true })
  })

  test('are unknown for limits that were not resolved', () => {
    const { ...copy } = resolveLimits('node', true)
    expect(findSources(copy)).toEqual({
      requestHeader: undefined,
      responseHeader: undefined,
      partitioned: false,
    })
  })

  test('are not part of the limits', () => {
    expect(Reflect.ownKeys(resolveLimits('node', true))).toEqual([
      'cookie',
      'cookies',
      'requestHeader',
      'responseHeader',
    ])
  })
})

test('the message for a number out of bounds has the bounds', () => {
  const message = (limits: object) => {
    try {
      resolveLimits(limits, false)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(message({ cookie: 4097 })).toMatch(/is 4097 .* a whole number from 1 to 4096$/)
  expect(message({ requestHeader: 0 })).toMatch(
    /is 0 .* a whole number from 1 to 9007199254740991$/,
  )
  expect(message({ preset: 'nowhere' })).toContain('nginx, ingress-nginx')
})
