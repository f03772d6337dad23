import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CookieSizes } from '../../../src/cookies/response-cookies.ts'
import { emptyUsage, measureUsage } from '../../../src/size/measure.ts'

const LIMITS = { cookie: 1000, cookies: 4, requestHeader: 2000, responseHeader: 3000 }

const sizes = (more: Partial<CookieSizes> = {}): CookieSizes => ({
  token: 100,
  capacity: 4000,
  cookies: 1,
  pairs: [110],
  lines: [180],
  otherBytes: 0,
  ...more,
})

describe('measureUsage', () => {
  test('counts names and values with separators, and whole lines with name and line end', () => {
    const { bytes } = measureUsage(sizes({ pairs: [500, 300, 20], lines: [600, 400, 90] }), LIMITS)
    expect(bytes.requestHeader).toBe(500 + 2 + 300 + 2 + 20)
    expect(bytes.responseHeader).toBe(600 + 400 + 90 + 3 * 'Set-Cookie: \r\n'.length)
  })

  test('counts the other cookies of the request, each with its separator', () => {
    const { bytes } = measureUsage(sizes({ otherBytes: 77 }), LIMITS)
    expect(bytes.requestHeader).toBe(77 + 110)
    expect(bytes.otherCookies).toBe(77)
  })

  test("uses the longest line of the session's parts, not of deletions", () => {
    const lines = [200, 300, 900]
    expect(measureUsage(sizes({ cookies: 2, lines }), LIMITS).bytes.cookie).toBe(300)
    expect(measureUsage(sizes({ cookies: 0, lines }), LIMITS).bytes.cookie).toBe(0)
  })

  test('counts only the parts as cookies, not the ticket and the stamp', () => {
    const usage = measureUsage(sizes({ cookies: 2, pairs: [900, 400, 90, 20] }), LIMITS)
    expect(usage.cookies).toBe(2)
    expect(usage.bytes.requestHeader).toBe(900 + 400 + 90 + 20 + 3 * 2)
  })

  test.each<[string, Partial<CookieSizes>, string, number]>([
    ['cookies', { token: 3000 }, 'cookies', 0.75],
    ['the request', { pairs: [1800] }, 'requestHeader', 0.9],
    ['the request, by its ticket and its stamp', { pairs: [1700, 76, 20] }, 'requestHeader', 0.9],
    ['the request, by other cookies', { otherBytes: 1890 }, 'requestHeader', 1],
    ['the response', { lines: [2686] }, 'responseHeader', 0.9],
    ['the response, by deletions', { lines: [100, 986, 986, 986] }, 'responseHeader', 3114 / 3000],
  ])('finds the tightest limit: %s', (_, more, tightest, used) => {
    expect(measureUsage(sizes(more), LIMITS)).toMatchObject({ tightest, used })
  })

  test('names the first of two limits that are equally tight', () => {
    const even = sizes({ token: 2000, pairs: [1000], lines: [1486] })
    expect(measureUsage(even, LIMITS)).toMatchObject({ tightest: 'cookies', used: 0.5 })
    expect(measureUsage({ ...even, token: 0 }, LIMITS).tightest).toBe('requestHeader')
  })

  test('names the cookie where only one is allowed', () => {
    const single = { ...LIMITS, cookies: 1 }
    expect(measureUsage(sizes({ token: 950, capacity: 1000 }), single)).toMatchObject({
      tightest: 'cookie',
      used: 0.95,
    })
  })

  test.each([
    [1499, 'ok'],
    [1500, 'warn'],
    [2000, 'warn'],
    [2001, 'over'],
  ])('warns from three quarters and is over beyond the whole: %i of 2000 is %s', (pair, level) => {
    expect(measureUsage(sizes({ pairs: [pair] }), LIMITS).level).toBe(level)
  })

  test('is over exactly if a limit is exceeded, and has the given limits', () => {
    const lengths = fc.integer({ min: 0, max: 5000 })
    const given = fc.record({ token: lengths, pair: lengths, line: lengths, otherBytes: lengths })
    fc.assert(
      fc.property(given, ({ token, pair, line, otherBytes }) => {
        const usage = measureUsage(
          sizes({ token, pairs: [pair], lines: [line], otherBytes }),
          LIMITS,
        )
        const isOver = token > 4000 || otherBytes + pair > 2000 || line + 14 > 3000
        expect(usage.level === 'over').toBe(isOver)
        expect(usage.limits).toBe(LIMITS)
      }),
    )
  })
})

describe('emptyUsage', () => {
  test('is ok for any size of the other cookies', () => {
    expect(emptyUsage(0, LIMITS)).toMatchObject({
      level: 'ok',
      used: 0,
      cookies: 0,
      bytes: { cookie: 0, requestHeader: 0, responseHeader: 0, otherCookies: 0 },
    })
    expect(emptyUsage(9000, LIMITS)).toMatchObject({
      level: 'ok',
      // The last one has no separator after it.
      bytes: { cookie: 0, requestHeader: 8998, responseHeader: 0, otherCookies: 9000 },
    })
  })
})
