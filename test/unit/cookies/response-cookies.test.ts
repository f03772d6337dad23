// The cookies that one response sets for a session, and their sizes.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJoined, join } from '../../../src/cookies/chunks.ts'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { NO_COOKIES, parseRequestCookies } from '../../../src/cookies/request-cookies.ts'
import type { RequestCookies } from '../../../src/cookies/request-cookies.ts'
import { buildResponseCookies, partDeletions } from '../../../src/cookies/response-cookies.ts'
import type { ResponseContext } from '../../../src/cookies/response-cookies.ts'
import { formatSetCookie, formatSetCookies } from '../../../src/cookies/set-cookie.ts'
import { resolveLimits } from '../../../src/size/limits.ts'
import { measureUsage } from '../../../src/size/measure.ts'

const COOKIE = resolveCookieOptions({ name: 's', domain: 'example.com', path: '/a' })
const LIMITS = resolveLimits({ preset: 'browsers', cookie: 400 }, false)
const KEY = { id: 'ucs7', day: 20_468 }

/** The prefix of a value: a secret id, a day and an IV. */
const HEAD = 'ucs7.20468.AAECAwQFBgcICQoL.'

/**
 * The pair of a ticket: its name, and a secret id, a day, an IV, 18 bytes in base64url and a tag.
 */
const TICKET = 's.t='.length + 'ucs7.20468.'.length + 16 + 1 + 24 + 1 + 22
const STAMP = 's.x=aaaa'.length

function context(
  request: Partial<RequestCookies> = {},
  more: Partial<ResponseContext> = {},
): ResponseContext {
  return {
    request: { ...NO_COOKIES, ...request },
    beside: [],
    binding: '',
    cookie: COOKIE,
    limits: LIMITS,
    ...more,
  }
}

/** Returns a value of this length. */
function valueOf(length: number): string {
  return (HEAD + 'eyJhbGci'.repeat(length / 8 + 1)).slice(0, length)
}

describe('buildResponseCookies', () => {
  test('writes a value that fits one cookie as it is, with the lifetime given', () => {
    for (const maxAge of [600, undefined]) {
      const { writes } = buildResponseCookies(valueOf(100), KEY, maxAge, context())
      expect(writes).toEqual([{ name: 's', value: valueOf(100), maxAge }])
    }
  })

  test('fills each line exactly to the limit', () => {
    const { writes, sizes } = buildResponseCookies(valueOf(900), KEY, 600, context())
    const lengths = formatSetCookies(writes, COOKIE).map(({ length }) => length)
    expect(lengths).toEqual([400, 400, lengths[2]])
    expect(writes.map(({ name }) => name)).toEqual(['s', 's.1', 's.2'])
    expect(sizes.lines).toEqual(lengths)
  })

  test('returns its value from the cookies that a browser sends back, for any length', () => {
    const lengths = fc.integer({ min: HEAD.length, max: 4000 })
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 34_560_000 }), (length, maxAge) => {
        const value = valueOf(length)
        const { writes, sizes } = buildResponseCookies(value, KEY, maxAge, context())
        const lines = formatSetCookies(writes, COOKIE)
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(LIMITS.cookie)
        const header = lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
        const joined = join(parseRequestCookies(header, 's').parts)
        expect(joined.filter(isJoined)).toEqual([{ value }])
        expect(sizes.lines).toEqual(lines.map((line) => line.length))
        expect([sizes.token, sizes.cookies]).toEqual([length, lines.length])
      }),
    )
  })

  test('deletes the parts that were received and are not written again', () => {
    const parts = [['5.a'], ['b'], [], ['d'], ['e', 'e']]
    const { writes, sizes } = buildResponseCookies(valueOf(100), KEY, 600, context({ parts }))
    expect(writes.slice(1)).toEqual(
      ['s.1', 's.3', 's.4'].map((name) => ({ name, value: '', maxAge: 0 })),
    )
    expect(sizes.lines).toEqual(writes.map((write) => formatSetCookie(write, COOKIE).length))
    expect(sizes.cookies).toBe(1)
  })

  test('deletes no part that it has just written, no ticket and no stamp', () => {
    const request = { parts: [['2.a'], ['b']], tickets: ['t'], stamps: 'aaaa' }
    const { writes } = buildResponseCookies(valueOf(900), KEY, 600, context(request))
    expect(writes.map(({ name, maxAge }) => [name, maxAge])).toEqual([
      ['s', 600],
      ['s.1', 600],
      ['s.2', 600],
    ])
  })

  test('writes the other cookies last, and counts their lines but not their pairs', () => {
    const beside = [{ name: 's.x', value: 'aaaa', maxAge: 605 }]
    const { writes, sizes } = buildResponseCookies(valueOf(100), KEY, 600, context({}, { beside }))
    expect(writes.at(-1)).toEqual(beside[0])
    expect(sizes.lines).toHaveLength(2)
    expect(sizes.pairs).toEqual(['s='.length + 100, TICKET, STAMP])
  })

  test('counts a ticket and a stamp before they exist, and each existing stamp', () => {
    const pairsOf = (request: Partial<RequestCookies>) =>
      buildResponseCookies(valueOf(100), KEY, 600, context(request)).sizes.pairs.slice(1)
    expect(pairsOf({})).toEqual([TICKET, STAMP])
    expect(pairsOf({ tickets: ['t'], stamps: 'aaaa' })).toEqual([TICKET, STAMP])
    expect(pairsOf({ stamps: 'aaaabbbbcccc' })).toEqual([TICKET, STAMP, STAMP, STAMP])
  })

  test('passes on the bytes of the other cookies', () => {
    const { sizes } = buildResponseCookies(valueOf(100), KEY, 600, context({ otherBytes: 33 }))
    expect(sizes.otherBytes).toBe(33)
  })

  test.each([1, 2, 9, 10, 16])(
    'has exactly the capacity of %i cookies: one more character needs one more cookie',
    (cookies) => {
      const limits = resolveLimits({ preset: 'browsers', cookie: 200, cookies }, false)
      const build = (length: number) =>
        buildResponseCookies(valueOf(length), KEY, 600, context({}, { limits })).sizes
      const { capacity } = build(HEAD.length)
      const [full, over] = [build(capacity), build(capacity + 1)]
      expect([full.cookies, over.cookies]).toEqual([cookies, cookies + 1])
      expect([measureUsage(full, limits).level, measureUsage(over, limits).level]).toEqual([
        'warn',
        'over',
      ])
    },
  )
})

describe('partDeletions', () => {
  test('delete every received part, the first one too, or those from a number on', () => {
    const request = { ...NO_COOKIES, parts: [['a'], [], ['c'], ['d', 'd']] }
    const names = (from?: number) => partDeletions(request, COOKIE, from).map(({ name }) => name)
    expect(names()).toEqual(['s', 's.2', 's.3'])
    expect(names(1)).toEqual(['s.2', 's.3'])
    expect(names(3)).toEqual(['s.3'])
    expect(names(4)).toEqual([])
  })

  test('are empty for a browser without parts', () => {
    expect(partDeletions(NO_COOKIES, COOKIE)).toEqual([])
    expect(partDeletions({ ...NO_COOKIES, tickets: ['t'], stamps: 'aaaa' }, COOKIE)).toEqual([])
  })

  test('have the attributes of the cookies that they delete', () => {
    const [write] = partDeletions({ ...NO_COOKIES, parts: [['a']] }, COOKIE)
    const line = write === undefined ? '' : formatSetCookie(write, COOKIE)
    expect(line).toMatch(/^s=; Max-Age=0; Domain=example\.com; Path=\/a; /)
  })
})
