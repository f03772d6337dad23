import { describe, expect, test } from 'vitest'
import { controlsSharedCache, restrictCaching, varyOnCookie } from '../../../src/http/caching.ts'

describe('varyOnCookie', () => {
  test.each([
    [null, 'Cookie'],
    ['', 'Cookie'],
    [' ', 'Cookie'],
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['Accept-Encoding, Origin', 'Accept-Encoding, Origin, Cookie'],
    ['X-Cookie', 'X-Cookie, Cookie'],
    ['Cookie-2', 'Cookie-2, Cookie'],
    ['Cookie', undefined],
    ['cookie', undefined],
    ['Origin,COOKIE ,Accept', undefined],
    ['*', undefined],
    ['Origin, *', undefined],
  ])('of %j is %j', (vary, expected) => {
    expect(varyOnCookie(vary)).toBe(expected)
  })
})

describe('restrictCaching beside a cookie', () => {
  test.each([
    'private',
    'no-store',
    'Private, max-age=600',
    'max-age=0,NO-STORE',
    ' private ',
    'max-age=0, \t private \t ',
    'x-public, x-s-maxage=1, private',
    'no-stores=1, no-store',
    ',, private,',
    'private, no-cache="set-cookie"',
    'no-store, private="a"',
    'no-cache="x, public", private',
    'max-age=600, ext="a\\"b, public", private',
  ])('keeps %j, because it says enough', (field) => {
    expect(restrictCaching(field, true)).toBeUndefined()
  })

  test.each([
    [null],
    [''],
    ['public'],
    ['public, max-age=600'],
    ['s-maxage=600, stale-while-revalidate=60'],
    ['no-cache'],
    ['must-revalidate'],
    ['x-private'],
    ['max-age=600, ext="a"'],
    // With field names, the directive is not about the whole response.
    ['private="set-cookie"'],
    ['private=set-cookie'],
    ['private="set-cookie", private'],
    ['private, private="set-cookie"'],
    ['private=""'],
    ['no-store=1'],
    // Nothing inside a quoted string is a directive.
    ['no-cache="x, private"'],
    ['no-cache="x, no-store, "'],
    ['ext="\\", private, \\""'],
    // Contradictory: a cache may obey the other directive.
    ['private, public'],
    ['private, public="a"'],
    ['private, s-maxage'],
    ['no-store, no-store="a"'],
    ['public, s-maxage=600, private'],
    ['no-store, s-maxage="600"'],
    ['no-store, PUBLIC'],
    // Invalid: a cache may parse it differently.
    ['private; max-age=600'],
    ['private = 1'],
    ['max-age 600, private'],
    ['ext="a, private'],
    ['private "x"'],
    ['private, =1'],
  ])('replaces %j by private, no-store', (field) => {
    expect(restrictCaching(field, true)).toBe('private, no-store')
  })

  test.each([['no-cache, no-transform'], ['No-Transform'], ['public, no-transform, max-age=600']])(
    'keeps no-transform of %j, which compression of a stream obeys',
    (field) => {
      expect(restrictCaching(field, true)).toBe('private, no-store, no-transform')
    },
  )

  // A quadratic parser takes minutes, and fails by the timeout. No shorter time is measured, because
  // that would depend on the load of the machine.
  test('runs in linear time', () => {
    for (const part of ['a="', 'a,', '"\\', ' ', 'a=', '\\"']) {
      expect(restrictCaching(part.repeat(500_000), true)).toBe('private, no-store')
    }
  })
})

describe('restrictCaching beside a session that was only read', () => {
  test.each([[null], [''], [' ']])('makes %j private', (field) => {
    expect(restrictCaching(field, false)).toBe('private')
  })

  test.each(['public, max-age=600', 'no-cache', 'private', 'ext="broken'])(
    'keeps %j of the application',
    (field) => {
      expect(restrictCaching(field, false)).toBeUndefined()
    },
  )
})

test.each([
  ['CDN-Cache-Control', true],
  ['cdn-cache-control', true],
  ['Vercel-CDN-Cache-Control', true],
  ['Netlify-CDN-Cache-Control', true],
  ['Cloudflare-CDN-Cache-Control', true],
  ['Surrogate-Control', true],
  ['X-Accel-Expires', true],
  ['Edge-Control', true],
  ['X-LiteSpeed-Cache-Control', true],
  ['Oxygen-Cache-Control', true],
  ['Cache-Control', false],
  ['Surrogate-Key', false],
  ['X-Accel-Buffering', false],
  ['CDN-Cache-Control-2', false],
  ['ETag', false],
])('%s controls a shared cache: %s', (name, expected) => {
  expect(controlsSharedCache(name)).toBe(expected)
})
