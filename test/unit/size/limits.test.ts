import { describe, expect, test } from 'vitest'
import { PRESET_NAMES, RESERVE, resolveLimits } from '../../../src/size/limits.ts'
import { refusal } from '../../support/refusal.ts'

describe('a preset', () => {
  test.each(PRESET_NAMES)('%s gives four whole numbers that a session can live with', (place) => {
    const limits = resolveLimits(place, false)
    expect(Object.keys(limits)).toEqual(['cookie', 'cookies', 'requestHeader', 'responseHeader'])
    expect([limits.cookie, limits.cookies]).toEqual([4096, 16])
    for (const header of [limits.requestHeader, limits.responseHeader]) {
      expect(Number.isInteger(header)).toBe(true)
      expect(header).toBeGreaterThanOrEqual(4096 - RESERVE)
      expect(header).toBeLessThanOrEqual(16 * 4096)
    }
    expect(Object.isFrozen(limits)).toBe(true)
  })

  // As measured (README has the sources), less the kilobyte for what else is in the header.
  test.each([
    ['portable', 7168, 3072],
    ['browsers', 65_536, 64_335],
    ['chips', 10_240, 64_335],
    ['nginx', 8182, 3072],
    ['ingress-nginx', 8182, 3072],
    ['apache', 8182, 64_335],
    ['haproxy', 14_208, 14_208],
    ['node', 15_360, 15_360],
    ['bun', 15_360, 64_335],
    ['deno', 15_360, 64_335],
    ['go', 65_536, 64_335],
    ['caddy', 15_360, 64_335],
    ['traefik', 65_536, 64_335],
    ['envoy', 60_416, 60_416],
    ['iis', 15_360, 64_335],
    ['kestrel', 31_744, 64_335],
    ['tomcat', 7168, 7168],
    ['jetty', 7168, 7168],
    ['lighttpd', 7168, 64_335],
    ['varnish', 8184, 31_744],
    ['gunicorn', 8180, 64_335],
    ['uwsgi', 3072, 3072],
    ['cloudflare', 65_536, 64_335],
    ['vercel', 15_984, 64_335],
    ['netlify', 7168, 3072],
    ['aws-alb', 15_984, 30_976],
    ['aws-apigateway', 9216, 9216],
    ['aws-cloudfront', 19_456, 19_456],
    ['aws-lambda', 9216, 9216],
    ['gcp-app-engine', 13_976, 62_976],
    ['gcp-api-gateway', 58_976, 64_335],
    ['gcp-alb', 13_976, 62_976],
    ['gcp-cloud-run', 15_360, 15_360],
    ['azure-app-gateway', 7992, 64_335],
    ['azure-front-door', 63_992, 64_335],
    ['azure-app-service', 15_360, 64_335],
    ['fastly', 32_000, 64_335],
    ['akamai', 30_976, 7168],
    ['heroku', 8184, 64_335],
    ['fly', 7168, 3072],
    ['render', 7168, 3072],
    ['deno-deploy', 7168, 3072],
    ['twilio', 13_976, 13_976],
  ])(
    '%s lets a Cookie header of %i bytes through, and Set-Cookie lines of %i',
    (place, ...both) => {
      const { requestHeader, responseHeader } = resolveLimits(place, false)
      expect([requestHeader, responseHeader]).toEqual(both)
    },
  )

  test('is portable by default, a kilobyte under what is let through', () => {
    const portable = { cookie: 4096, cookies: 16, requestHeader: 7168, responseHeader: 3072 }
    expect(RESERVE).toBe(1024)
    expect(resolveLimits(undefined, false)).toEqual(portable)
    expect(resolveLimits('portable', false)).toEqual(portable)
    expect(resolveLimits({}, false)).toEqual(portable)
    expect(resolveLimits({ preset: undefined }, false)).toEqual(portable)
  })

  test('named portable is as tight as every common server', () => {
    const portable = resolveLimits('portable', false)
    const servers = ['nginx', 'apache', 'haproxy', 'node', 'bun', 'deno', 'go', 'caddy', 'envoy']
    for (const place of [...servers, 'iis', 'kestrel', 'tomcat', 'jetty', 'lighttpd', 'gunicorn']) {
      const limits = resolveLimits(place, false)
      expect(limits.requestHeader).toBeGreaterThanOrEqual(portable.requestHeader)
      expect(limits.responseHeader).toBeGreaterThanOrEqual(portable.responseHeader)
    }
  })

  test('named node is Node`s 16 kB, a kilobyte less each way', () => {
    expect(resolveLimits('node', false)).toMatchObject({
      requestHeader: 15_360,
      responseHeader: 15_360,
    })
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
  ])('has to be a known name', (option) => {
    expect(() => resolveLimits(option, false)).toThrow(refusal('limits'))
    expect(() => resolveLimits([option], false)).toThrow(refusal('limits'))
    if (option !== undefined) {
      expect(() => resolveLimits({ preset: option }, false)).toThrow(refusal('limits'))
    }
  })

  test('is not an object in itself, however it is made', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(() => resolveLimits([circular], false)).toThrow(refusal('limits'))
    expect(() => resolveLimits([Object.create(null)], false)).toThrow(refusal('limits'))
    expect(() => resolveLimits([['node']], false)).toThrow(refusal('limits'))
  })
})

describe('several presets', () => {
  test('give the tightest of each bound, in any order', () => {
    const tightest = { requestHeader: 8184, responseHeader: 7168 }
    const heroku = resolveLimits('heroku', false)
    const akamai = resolveLimits('akamai', false)
    expect(heroku.requestHeader).toBeLessThan(akamai.requestHeader)
    expect(heroku.responseHeader).toBeGreaterThan(akamai.responseHeader)
    expect(resolveLimits(['heroku', 'akamai'], false)).toMatchObject(tightest)
    expect(resolveLimits(['akamai', 'heroku'], false)).toMatchObject(tightest)
    expect(resolveLimits({ preset: ['akamai', 'heroku'] }, false)).toMatchObject(tightest)
  })

  test('are as tight as the tightest, when all are named', () => {
    const all = PRESET_NAMES.map((place) => resolveLimits(place, false))
    expect(resolveLimits(PRESET_NAMES, false)).toMatchObject({
      requestHeader: Math.min(...all.map(({ requestHeader }) => requestHeader)),
      responseHeader: Math.min(...all.map(({ responseHeader }) => responseHeader)),
    })
  })

  test('are at least one', () => {
    expect(() => resolveLimits([], false)).toThrow(refusal('limits'))
    expect(() => resolveLimits({ preset: [] }, false)).toThrow(refusal('limits'))
  })

  test('are all known', () => {
    expect(() => resolveLimits(['node', 'nowhere'], false)).toThrow(refusal('limits'))
  })
})

describe('numbers', () => {
  test('override those of the preset, in both directions', () => {
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
  ] as const)('for %s hold from 1 to %i', (name, most) => {
    expect(resolveLimits({ [name]: 1 }, false)[name]).toBe(1)
    expect(resolveLimits({ [name]: most }, false)[name]).toBe(most)
    for (const value of [0, -1, most + 1, 1.5, NaN, Infinity, '5', '', null, true, {}, [5], 5n]) {
      expect(() => resolveLimits({ [name]: value }, false)).toThrow(refusal(`limits.${name}`))
    }
  })

  test.each(['cookieSize', 'Cookie', 'header', 'toString'])('have no name %s', (name) => {
    expect(() => resolveLimits({ [name]: 5 }, false)).toThrow(refusal(`limits.${name}`))
  })
})

describe('partitioned cookies', () => {
  test('are held to what Chromium keeps for a partition, too', () => {
    expect(resolveLimits('cloudflare', false).requestHeader).toBe(65_536)
    expect(resolveLimits('cloudflare', true).requestHeader).toBe(10_240)
    expect(resolveLimits('cloudflare', true)).toEqual(resolveLimits(['cloudflare', 'chips'], false))
  })

  test('stay below a tighter place, and above nothing that is given as a number', () => {
    expect(resolveLimits('portable', true)).toEqual(resolveLimits('portable', false))
    expect(resolveLimits({ requestHeader: 20_000 }, true).requestHeader).toBe(20_000)
  })
})

test('a number out of bounds is told the bounds that there are', () => {
  const told = (limits: object) => {
    try {
      resolveLimits(limits, false)
    } catch (error) {
      return String(error)
    }
    return ''
  }
  expect(told({ cookie: 4097 })).toMatch(/at least 1 and at most 4096$/)
  expect(told({ requestHeader: 0 })).toMatch(/at least 1$/)
  expect(told({ preset: 'nowhere' })).toContain('nginx, ingress-nginx')
})
