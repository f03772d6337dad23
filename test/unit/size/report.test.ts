import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { resolveLimits } from '../../../src/size/limits.ts'
import { buildSetCookies } from '../../../src/cookies/set-cookie.ts'
import { SessionTooLargeError, createReport, measureUsage, emptyUsage } from '../../../src/size/report.ts'
import type { CookieSizes, SizeReport, SizeUsage } from '../../../src/size/report.ts'

const LIMITS = { cookie: 1000, cookies: 4, requestHeader: 2000, responseHeader: 3000 }

const load = (more: Partial<CookieSizes> = {}): CookieSizes => ({
  token: 100,
  capacity: 4000,
  pairs: [110],
  cookies: 1,
  lines: [180],
  otherBytes: 0,
  growth: 0,
  ...more,
})

describe('weigh', () => {
  test('counts names and values with separators between, and whole lines with their frame', () => {
    const { bytes } = measureUsage(load({ pairs: [500, 300, 20], lines: [600, 400, 90] }), LIMITS)
    expect(bytes.requestHeader).toBe(500 + 2 + 300 + 2 + 20)
    expect(bytes.responseHeader).toBe(600 + 400 + 90 + 3 * 'Set-Cookie: \r\n'.length)
  })

  test('counts the other cookies of the request, each with its separator', () => {
    const { bytes } = measureUsage(load({ otherBytes: 77 }), LIMITS)
    expect(bytes.requestHeader).toBe(77 + 110)
    expect(bytes.otherCookies).toBe(77)
  })

  test('takes the longest line of the session`s own cookies, not of what is deleted', () => {
    const lines = [200, 300, 900]
    expect(measureUsage(load({ cookies: 2, lines }), LIMITS).bytes.cookie).toBe(300)
    expect(measureUsage(load({ cookies: 0, lines }), LIMITS).bytes.cookie).toBe(0)
  })

  test.each<[string, Partial<CookieSizes>, string, number]>([
    ['cookies', { token: 3000 }, 'cookies', 0.75],
    ['the request', { pairs: [1800] }, 'requestHeader', 0.9],
    ['the request by other cookies', { otherBytes: 1890 }, 'requestHeader', 1],
    ['the response', { lines: [2686] }, 'responseHeader', 0.9],
    ['the response by deletions', { lines: [100, 986, 986, 986] }, 'responseHeader', 3114 / 3000],
  ])('finds the tightest limit: %s', (_, more, tightest, used) => {
    expect(measureUsage(load(more), LIMITS)).toMatchObject({ tightest, used })
  })

  test('names the first of two that are equally tight', () => {
    const even = load({ token: 2000, pairs: [1000], lines: [1486] })
    expect(measureUsage(even, LIMITS)).toMatchObject({ tightest: 'cookies', used: 0.5 })
    expect(measureUsage({ ...even, token: 0 }, LIMITS).tightest).toBe('requestHeader')
  })

  test('names the cookie where only one is allowed', () => {
    const single = { ...LIMITS, cookies: 1 }
    expect(measureUsage(load({ token: 950, capacity: 1000 }), single)).toMatchObject({
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
    expect(measureUsage(load({ pairs: [pair] }), LIMITS).level).toBe(level)
  })

  test.each<[string, Partial<CookieSizes>, Partial<CookieSizes>]>([
    ['the cookies', { token: 3980 }, { token: 3981 }],
    ['the request', { pairs: [1980] }, { pairs: [1981] }],
    ['the response', { lines: [2966] }, { lines: [2967] }],
  ])('counts what the next renewal will add to %s', (_, fits, fails) => {
    expect(measureUsage(load({ ...fits, growth: 20 }), LIMITS).level).toBe('warn')
    expect(measureUsage(load({ ...fails, growth: 20 }), LIMITS).level).toBe('over')
  })

  test('of nothing is ok, however much the other cookies take', () => {
    expect(emptyUsage(0, LIMITS)).toMatchObject({
      level: 'ok',
      used: 0,
      cookies: 0,
      bytes: { cookie: 0, requestHeader: 0, responseHeader: 0, otherCookies: 0 },
    })
    expect(emptyUsage(9000, LIMITS)).toMatchObject({
      level: 'ok',
      // The last of them has no separator after it.
      bytes: { cookie: 0, requestHeader: 8998, responseHeader: 0, otherCookies: 9000 },
    })
  })

  test('agrees with the real headers, for any token, cookie and request', () => {
    const cookies = fc
      .record({
        name: fc.constantFrom('s', '__Host-session'),
        priority: fc.constantFrom('low', 'high', undefined),
      })
      .map(resolveCookieOptions)
    const limits = resolveLimits({ preset: 'browsers', cookie: 600 }, false)
    fc.assert(
      fc.property(
        cookies,
        fc.integer({ min: 1, max: 6000 }),
        fc.integer({ min: 0, max: 16 }),
        fc.constantFrom(undefined, 3),
        (cookie, length, came, logout) => {
          const parts = Array.from({ length: came }, () => ['x'])
          const jar = { parts, logouts: logout === undefined ? 0 : 2, otherBytes: 'a=1; '.length }
          const before = { jar, logout, markAge: 999, growth: 0 }
          const { lines, load: real } = buildSetCookies(
            'e'.repeat(length),
            600,
            before,
            cookie,
            limits,
          )
          const { bytes } = measureUsage(real, limits)

          const headers = new Headers(lines.map((line) => ['Set-Cookie', line]))
          const wire = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
          expect(bytes.responseHeader).toBe(Buffer.byteLength(wire))
          const kept = lines.filter((line) => !line.includes('Max-Age=0'))
          const pairs = kept.map((line) => line.slice(0, line.indexOf(';')))
          const browser = ['a=1', ...pairs].join('; ')
          expect(bytes.requestHeader).toBe(browser.length)
          const own = kept.filter((line) => !line.startsWith(`${cookie.name}.x=`))
          expect(bytes.cookie).toBe(Math.max(...own.map((line) => line.length)))
        },
      ),
    )
  })
})

describe('reportOn', () => {
  interface Sized {
    readonly label: string
    readonly size: number
  }

  /** A session whose token is as long as its parts and 50 more, in requests of 1 000 bytes. */
  const limits = { ...LIMITS, requestHeader: 1000 }
  const lengthOf = (parts: readonly Sized[]) => parts.reduce((sum, { size }) => sum + size, 50)
  const weightOf = (parts: readonly Sized[]): SizeUsage =>
    parts.length === 0
      ? emptyUsage(0, limits)
      : measureUsage(load({ token: lengthOf(parts), pairs: [lengthOf(parts)] }), limits)
  const partsOf = (sizes: Record<string, number>): Sized[] =>
    Object.entries(sizes).map(([label, size]) => ({ label, size }))
  const report = (sizes: Record<string, number>) => {
    const parts = partsOf(sizes)
    const without = (removed: readonly Sized[]) => parts.filter((part) => !removed.includes(part))
    return createReport(parts, {
      length: lengthOf(parts),
      lengthOf: ({ size }) => size,
      weigh: (removed) => {
        expect(removed.filter((part) => !parts.includes(part))).toEqual([])
        return weightOf(without(removed))
      },
    })
  }

  test('has what each key adds, largest first, and its share of the whole', () => {
    expect(report({ a: 100, b: 250, c: 100 }).keys).toEqual([
      { key: 'b', bytes: 250, share: 0.5 },
      { key: 'a', bytes: 100, share: 0.2 },
      { key: 'c', bytes: 100, share: 0.2 },
    ])
  })

  test('has nothing to move while all is well', () => {
    expect(report({ a: 699 })).toMatchObject({ level: 'ok', move: [] })
  })

  test.each<[string, Record<string, number>, string, string[]]>([
    ['the one key that warns', { a: 300, b: 400 }, 'warn', ['b']],
    ['the largest, if that is enough', { a: 600, b: 500, c: 10 }, 'over', ['a']],
    ['the two largest, if one is not enough', { a: 700, b: 800, c: 600 }, 'over', ['b', 'a']],
    ['all of them, if nothing less is', { a: 800, b: 800 }, 'over', ['a', 'b']],
  ])('moves %s', (_, sizes, level, move) => {
    expect(report(sizes)).toMatchObject({ level, move })
  })

  test('moves what makes it ok, and nothing that could stay, for any sizes', () => {
    const sizes = fc.dictionary(fc.stringMatching(/^[a-z]$/), fc.integer({ min: 1, max: 900 }))
    fc.assert(
      fc.property(sizes, (given) => {
        const { move, keys } = report(given)
        const left = (gone: readonly string[]) =>
          weightOf(partsOf(given).filter(({ label }) => !gone.includes(label))).level
        expect(left(move)).toBe('ok')
        if (move.length > 0) expect(left(move.slice(0, -1))).not.toBe('ok')
        expect(keys.slice(0, move.length).map(({ key }) => key)).toEqual(move)
      }),
    )
  })

  test.each([
    [1, 0],
    [4, 2],
    [1000, 10],
  ])('of %i parts asks for each once, and %i times what others would weigh', (count, most) => {
    const asked = { weigh: 0, length: 0 }
    const parts = Array.from({ length: count }, (_, at) => ({ label: `${at}`, size: 2000 / count }))
    createReport(parts, {
      length: lengthOf(parts),
      lengthOf: ({ size }) => {
        asked.length++
        return size
      },
      weigh: (removed) => {
        asked.weigh++
        return weightOf(parts.slice(removed.length))
      },
    })
    expect(asked.length).toBe(count)
    expect(asked.weigh).toBeLessThanOrEqual(1 + most)
  })

  test('of an empty session has no keys', () => {
    expect(report({})).toMatchObject({ level: 'ok', keys: [], move: [], cookies: 0 })
  })
})

describe('SessionTooLargeError', () => {
  const full = (tightest: SizeReport['tightest']): SizeReport => ({
    level: 'over',
    used: 1.25,
    tightest,
    cookies: 5,
    bytes: { cookie: 900, requestHeader: 2500, responseHeader: 3750, otherCookies: 40 },
    limits: LIMITS,
    keys: [
      { key: 'cart', bytes: 1800, share: 0.8 },
      { key: 'a"b', bytes: 20, share: 0.01 },
    ],
    move: ['cart'],
  })

  test.each(['cookie', 'cookies', 'requestHeader', 'responseHeader'] as const)(
    'carries the report, and names the limit %s and the keys to move',
    (tightest) => {
      const error = new SessionTooLargeError(full(tightest))
      expect(error).toMatchObject({
        name: 'SessionTooLargeError',
        code: 'ERR_SESSION_TOO_LARGE',
        report: full(tightest),
      })
      const largest = '"cart" (1800 bytes), "a\\"b" (20 bytes)'
      const remedies = ['Keep "cart" on a server', "name them: limits: 'node'"]
      for (const told of [`limits.${tightest}`, largest, ...remedies]) {
        expect(error.message).toContain(told)
      }
    },
  )

  test.each([
    ['cookie', 'would be 250 bytes longer'],
    ['cookies', '5 cookies of up to 1000 bytes'],
    ['requestHeader', 'would be 500 bytes longer'],
    ['responseHeader', 'would take 750 bytes more'],
  ] as const)('says by how much %s is passed: %s', (tightest, much) => {
    expect(new SessionTooLargeError(full(tightest)).message).toContain(much)
  })

  test('names the three largest keys, and every key that must go', () => {
    const keys = ['a', 'b', 'c', 'd'].map((key) => ({ key, bytes: 500, share: 0.25 }))
    const report = { ...full('cookies'), keys, move: ['a', 'b', 'c', 'd'] }
    const { message } = new SessionTooLargeError(report)
    expect(message).toContain('Largest: "a" (500 bytes), "b" (500 bytes), "c" (500 bytes). ')
    expect(message).toContain('Keep "a", "b", "c", "d" on a server')
  })
})
