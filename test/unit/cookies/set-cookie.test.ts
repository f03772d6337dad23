import { parseSetCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { join } from '../../../src/cookies/chunks.ts'
import { parseRequestCookies } from '../../../src/cookies/request-cookies.ts'
import type { RequestCookies } from '../../../src/cookies/request-cookies.ts'
import { resolveLimits } from '../../../src/size/limits.ts'
import { clear, buildSetCookies } from '../../../src/cookies/set-cookie.ts'
import { measureUsage } from '../../../src/size/report.ts'

const COOKIE = resolveCookieOptions({ name: 's', domain: 'example.com', path: '/a' })
const LIMITS = resolveLimits({ preset: 'browsers', cookie: 400 }, false)

const jar = (more: Partial<RequestCookies> = {}): RequestCookies => ({
  parts: [],
  logouts: 0,
  otherBytes: 0,
  ...more,
})
const before = (more: Partial<RequestCookies> = {}, logout?: number) => ({
  jar: jar(more),
  logout,
  markAge: 605,
  growth: 0,
})

const namesOf = (lines: readonly string[]) => lines.map((line) => parseSetCookie(line).name)
const deletion = { value: '', maxAge: 0, expires: new Date(0), domain: 'example.com', path: '/a' }

describe('layOut', () => {
  test('writes a token that fits one cookie as its value, with the lifetime given', () => {
    const { lines } = buildSetCookies('token', 600, before(), COOKIE, LIMITS)
    expect(lines.map((line) => parseSetCookie(line))).toEqual([
      {
        name: 's',
        value: 'token',
        maxAge: 600,
        domain: 'example.com',
        path: '/a',
        httpOnly: true,
        secure: true,
        sameSite: 'lax',
      },
    ])
  })

  test.each([0, -5])('never deletes what it writes: a lifetime of %i is a second', (maxAge) => {
    const [line = ''] = buildSetCookies('token', maxAge, before(), COOKIE, LIMITS).lines
    expect(parseSetCookie(line).maxAge).toBe(1)
  })

  test('fills each line to the limit exactly, and none beyond it', () => {
    const { lines } = buildSetCookies('e'.repeat(900), 600, before(), COOKIE, LIMITS)
    expect(lines.map(({ length }) => length)).toEqual([400, 400, lines[2]?.length])
    expect(namesOf(lines)).toEqual(['s', 's.1', 's.2'])
  })

  test('gives back its token when a browser returns the cookies, for any length', () => {
    const lengths = fc.integer({ min: 1, max: 4000 })
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 34_560_000 }), (length, maxAge) => {
        const token = Array.from({ length }, (_, at) => 'eyJhbGci'[at % 8]).join('')
        const { lines, load } = buildSetCookies(token, maxAge, before(), COOKIE, LIMITS)
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(LIMITS.cookie)
        const header = lines.map((line) => line.slice(0, line.indexOf(';'))).join('; ')
        expect(join(parseRequestCookies(header, 's').parts)).toEqual([{ token }])
        expect(load.lines).toEqual(lines.map((line) => line.length))
        expect(load.cookies).toBe(lines.length)
      }),
    )
  })

  test('deletes the parts that came and are not written again, as they were set', () => {
    const parts = [['5.a'], ['b'], [], ['d'], ['e', 'e']]
    const { lines } = buildSetCookies('token', 600, before({ parts }), COOKIE, LIMITS)
    expect(namesOf(lines)).toEqual(['s', 's.1', 's.3', 's.4'])
    for (const line of lines.slice(1)) expect(parseSetCookie(line)).toMatchObject(deletion)
  })

  test('deletes nothing that it has just written', () => {
    const parts = [['2.a'], ['b']]
    const { lines } = buildSetCookies('e'.repeat(900), 600, before({ parts }), COOKIE, LIMITS)
    expect(namesOf(lines)).toEqual(['s', 's.1', 's.2'])
    expect(lines.some((line) => line.includes('Max-Age=0'))).toBe(false)
  })

  test('leaves the mark of a logout, for as long as it is told', () => {
    const { lines, load } = buildSetCookies('token', 600, before({ logouts: 6 }, 7), COOKIE, LIMITS)
    expect(namesOf(lines)).toEqual(['s', 's.x'])
    expect(parseSetCookie(lines[1] ?? '')).toMatchObject({ value: '7', maxAge: 605, path: '/a' })
    expect(load.pairs).toEqual(['s=token'.length, 's.x=7'.length])
    expect(load.cookies).toBe(1)
  })

  test('counts a mark that is there already, and does not write it again', () => {
    const { lines, load } = buildSetCookies('token', 600, before({ logouts: 12 }), COOKIE, LIMITS)
    expect(namesOf(lines)).toEqual(['s'])
    expect(load.pairs).toEqual(['s=token'.length, 's.x=12'.length])
  })

  test('hands on what the other cookies take', () => {
    expect(
      buildSetCookies('t', 600, before({ otherBytes: 33 }), COOKIE, LIMITS).load.otherBytes,
    ).toBe(33)
  })

  test.each([1, 2, 9, 10, 16])(
    'has a capacity that is exactly what %i cookies hold: a character more needs one more',
    (cookies) => {
      const limits = resolveLimits({ preset: 'browsers', cookie: 200, cookies }, false)
      const { capacity } = buildSetCookies('t', 600, before(), COOKIE, limits).load
      const full = buildSetCookies('e'.repeat(capacity), 600, before(), COOKIE, limits)
      const over = buildSetCookies('e'.repeat(capacity + 1), 600, before(), COOKIE, limits)
      expect(full.load.cookies).toBe(cookies)
      expect(over.load.cookies).toBe(cookies + 1)
      expect([
        measureUsage(full.load, limits).level,
        measureUsage(over.load, limits).level,
      ]).toEqual(['warn', 'over'])
    },
  )
})

describe('clear', () => {
  test('says nothing to a browser that has nothing', () => {
    expect(clear(before(), COOKIE)).toEqual([])
  })

  test('deletes every part that came, the first one too', () => {
    const lines = clear(before({ parts: [['a'], [], ['c']] }), COOKIE)
    expect(namesOf(lines)).toEqual(['s', 's.2'])
    for (const line of lines) expect(parseSetCookie(line)).toMatchObject(deletion)
  })

  test('leaves the mark of a logout', () => {
    const lines = clear(before({ parts: [['a']], logouts: 1 }, 2), COOKIE)
    expect(namesOf(lines)).toEqual(['s', 's.x'])
    expect(parseSetCookie(lines[1] ?? '')).toMatchObject({ value: '2', maxAge: 605 })
  })

  test('does not touch a mark when there was no logout', () => {
    expect(clear(before({ logouts: 3 }), COOKIE)).toEqual([])
  })
})
