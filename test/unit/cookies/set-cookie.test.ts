// Formatting the `Set-Cookie` lines and the attributes of cookies that are written or deleted.

import { parseSetCookie } from 'cookie'
import { describe, expect, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import {
  attributesOf,
  deletion,
  formatSetCookie,
  formatSetCookies,
} from '../../../src/cookies/set-cookie.ts'

const NAME = '__Host-session'
const named = resolveCookieOptions({
  name: 's',
  domain: 'example.com',
  path: '/a',
  priority: 'high',
})

describe('formatSetCookie', () => {
  test('uses the write’s own path, and that of the options for the next write', () => {
    const write = { name: 's.k', value: 'v', maxAge: 60 }
    expect(formatSetCookie({ ...write, path: '/a/device' }, named)).toContain('Path=/a/device;')
    expect(formatSetCookie(write, named)).toContain('Path=/a;')
  })

  test('writes every attribute once, and a lifetime', () => {
    const line = formatSetCookie({ name: 's.1', value: 'v', maxAge: 60 }, named)
    expect(line.split('; ').toSorted()).toEqual(
      ['s.1=v', 'Max-Age=60', 'Domain=example.com', 'Path=/a', 'Priority=High']
        .concat(['HttpOnly', 'SameSite=Lax', 'Secure'])
        .toSorted(),
    )
  })

  test('writes no lifetime for a cookie that ends with the browser', () => {
    const line = formatSetCookie(
      { name: NAME, value: 'v', maxAge: undefined },
      resolveCookieOptions(),
    )
    expect(line.split('; ').toSorted()).toEqual(
      [`${NAME}=v`, 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'].toSorted(),
    )
  })

  test('writes a deletion with Max-Age 0 and Expires at the epoch', () => {
    const line = formatSetCookie(deletion(NAME), resolveCookieOptions({ partitioned: true }))
    expect(line.split('; ').toSorted()).toEqual(
      [`${NAME}=`, 'Max-Age=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Path=/']
        .concat(['HttpOnly', 'Secure', 'Partitioned', 'SameSite=Lax'])
        .toSorted(),
    )
  })

  test('does not encode a value', () => {
    const value = '2.ucs7.20468.AAECAwQFBgcICQoL.-_A.B'
    expect(formatSetCookie({ name: 's', value, maxAge: 60 }, named)).toMatch(`s=${value}; `)
  })

  test('has no attribute of a polluted Object.prototype', () => {
    const plain = formatSetCookie({ name: 's', value: 'v', maxAge: 60 }, named)
    const polluted = { expires: new Date(0), priority: 'low', partitioned: true }
    try {
      Object.assign(Object.prototype, polluted)
      expect(formatSetCookie({ name: 's', value: 'v', maxAge: 60 }, named)).toBe(plain)
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
  })
})

describe('formatSetCookies', () => {
  test('writes one line for each cookie, in their order, each with its own lifetime', () => {
    const writes = [
      { name: 's', value: 'a', maxAge: 60 },
      { name: 's.1', value: 'b', maxAge: 60 },
      deletion('s.2'),
      { name: 's.x', value: 'aaaa', maxAge: undefined },
    ]
    expect(formatSetCookies(writes, named)).toEqual(
      writes.map((write) => formatSetCookie(write, named)),
    )
    expect(formatSetCookies([], named)).toEqual([])
  })
})

describe('attributesOf', () => {
  test('has the attributes of the line, in the form of cookie stores', () => {
    for (const maxAge of [undefined, 0, 60]) {
      for (const options of [
        named,
        resolveCookieOptions({ sameSite: 'none', partitioned: true }),
      ]) {
        const { name, value, ...parsed } = parseSetCookie(
          formatSetCookie({ name: 's', value: 'v', maxAge }, options),
        )
        expect([name, value]).toEqual(['s', 'v'])
        expect(attributesOf(maxAge, options)).toEqual(parsed)
      }
    }
  })

  test('omits what is not configured, so that no store receives undefined', () => {
    expect(attributesOf(undefined, resolveCookieOptions())).toEqual({
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
    })
    expect(Object.values(attributesOf(60, resolveCookieOptions()))).not.toContain(undefined)
  })

  test('has secure: false if configured, because some stores set it by default', () => {
    expect(attributesOf(60, resolveCookieOptions({ name: 's', secure: false })).secure).toBe(false)
  })
})
