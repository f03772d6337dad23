import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyUsage, measureUsage } from '../../../src/size/measure.ts'
import type { SizeUsage } from '../../../src/size/measure.ts'
import { SessionTooLargeError, createReport } from '../../../src/size/report.ts'
import type { SizeProbe, SizeReport } from '../../../src/size/report.ts'

const LIMITS = { cookie: 1000, cookies: 4, requestHeader: 1000, responseHeader: 3000 }

interface Sized {
  readonly label: string
  readonly size: number
}

/** Bytes of a payload beside its parts. */
const FRAME = 40

/** Returns the length of a token: base64url after a header of ten characters. */
const tokenLength = (bytes: number) => 10 + Math.ceil((bytes * 4) / 3)

/** Requests of 1 000 bytes, of which other cookies may take a part. */
const usageOf = (bytes: number, otherBytes = 0): SizeUsage => {
  const token = tokenLength(bytes)
  const sizes = { token, capacity: 4000, cookies: 1, pairs: [token], lines: [token], otherBytes }
  return measureUsage(sizes, LIMITS)
}

const partsOf = (sizes: Record<string, number>): Sized[] =>
  Object.entries(sizes).map(([label, size]) => ({ label, size }))

const payload = (parts: readonly Sized[]) => parts.reduce((sum, { size }) => sum + size, FRAME)

const probeOf = (parts: readonly Sized[], otherBytes = 0): SizeProbe<Sized> => ({
  usage: parts.length === 0 ? emptyUsage(otherBytes, LIMITS) : usageOf(payload(parts), otherBytes),
  bytes: payload(parts),
  bytesOf: ({ size }) => size,
  bytesWithout: (removed) => payload(parts.filter((part) => !removed.includes(part))),
  tokenLength,
  usageOf: (bytes) => usageOf(bytes, otherBytes),
})

const report = (sizes: Record<string, number>, otherBytes = 0) => {
  const parts = partsOf(sizes)
  return createReport(parts, probeOf(parts, otherBytes))
}

describe('createReport', () => {
  test('lists what each key adds to the token and its share, largest first', () => {
    // 10 characters and 440 bytes in base64url.
    const token = 597
    expect(report({ a: 90, b: 220, c: 90 })).toMatchObject({
      keys: [
        { key: 'b', bytes: 293, share: 293 / token },
        { key: 'a', bytes: 120, share: 120 / token },
        { key: 'c', bytes: 120, share: 120 / token },
      ],
    })
  })

  test('has no key to move while the level is ok', () => {
    expect(report({ a: 500 })).toMatchObject({ level: 'ok', move: [] })
  })

  test('of an empty session has no keys', () => {
    expect(report({})).toMatchObject({ level: 'ok', keys: [], move: [], cookies: 0 })
  })

  test.each<[string, Record<string, number>, string, string[]]>([
    ['the one key that warns', { a: 200, b: 350 }, 'warn', ['b']],
    ['the largest, if that is enough', { a: 500, b: 400, c: 10 }, 'over', ['a']],
    ['the two largest, if one is not enough', { a: 500, b: 600, c: 400 }, 'over', ['b', 'a']],
    ['all of them, if nothing less is', { a: 800, b: 700 }, 'over', ['a', 'b']],
  ])('moves %s', (_, sizes, level, move) => {
    expect(report(sizes)).toMatchObject({ level, move })
  })

  test('moves the keys that make the level ok and none that could stay, for any sizes', () => {
    const sizes = fc.dictionary(fc.stringMatching(/^[a-z]$/), fc.integer({ min: 1, max: 900 }))
    fc.assert(
      fc.property(sizes, (given) => {
        const { move, keys } = report(given)
        const left = (moved: readonly string[]) =>
          usageOf(payload(partsOf(given).filter(({ label }) => !moved.includes(label)))).level
        expect(left(move)).toBe('ok')
        if (move.length > 0) expect(left(move.slice(0, -1))).not.toBe('ok')
        expect(keys.slice(0, move.length).map(({ key }) => key)).toEqual(move)
      }),
    )
  })

  test('moves the fewest keys even if their sizes do not add up', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 })
    const power = fc.constantFrom(0.3, 0.5, 2, 3)
    fc.assert(
      fc.property(sizes, power, (given, exponent) => {
        const parts = given.map((size, index) => ({ label: `k${index}`, size }))
        const total = payload(parts)
        // Less than additive at first and more at last, or the reverse.
        const bend = (bytes: number) => Math.round(total * (bytes / total) ** exponent)
        const linear = probeOf(parts)
        const probe = {
          ...linear,
          bytesWithout: (removed: readonly Sized[]) => bend(linear.bytesWithout(removed)),
        }
        const { move, keys, level } = createReport(parts, probe)
        const largest = keys.map(({ key }) => parts.find(({ label }) => label === key))
        const left = (count: number) =>
          usageOf(probe.bytesWithout(largest.slice(0, count).filter((part) => part !== undefined)))
        const best = left(parts.length).level
        if (best === level) {
          expect(move).toEqual([])
          return
        }
        expect(left(move.length).level).toBe(best)
        expect(left(move.length - 1).level).not.toBe(best)
      }),
    )
  })

  test('moves nothing if other cookies alone fill the header', () => {
    expect(report({ sid: 30 }, 950)).toMatchObject({ level: 'over', move: [] })
    expect(report({ sid: 30, cart: 500 }, 2000)).toMatchObject({ level: 'over', move: [] })
    expect(report({ sid: 30 }, 750)).toMatchObject({ level: 'warn', move: [] })
  })

  test('moves as few as are needed for a write if other cookies leave no room for ok', () => {
    expect(report({ sid: 30, cart: 300, form: 200 }, 750)).toMatchObject({
      level: 'over',
      move: ['cart', 'form'],
    })
  })

  test.each([
    [1, 1, 0],
    [4, 500, 3],
    [10_000, 20, 3],
  ])(
    '[S9] of %i keys of %i bytes measures each once, and serialises the others %i times at most',
    (count, size, most) => {
      const counts = { each: 0, others: 0, usage: 0 }
      const parts = Array.from({ length: count }, (_, at) => ({ label: `${at}`, size }))
      const bytes = payload(parts)
      const { move } = createReport(parts, {
        ...probeOf([]),
        usage: usageOf(bytes),
        bytes,
        bytesOf: (part) => {
          counts.each++
          return part.size
        },
        bytesWithout: (removed) => {
          counts.others++
          return bytes - removed.length * size
        },
        usageOf: (left) => {
          counts.usage++
          return usageOf(left)
        },
      })
      expect(counts.each).toBe(count)
      expect(counts.others).toBeLessThanOrEqual(most)
      expect(counts.usage).toBeLessThan(25)
      // The longest payload that is ok has 554 bytes.
      expect(move).toHaveLength(Math.max(0, Math.ceil((bytes - 554) / size)))
    },
  )
})

describe('SessionTooLargeError', () => {
  const cart: SizeReport = {
    ...measureUsage(
      { token: 3000, capacity: 4000, cookies: 3, pairs: [1300], lines: [100], otherBytes: 40 },
      LIMITS,
    ),
    keys: [
      { key: 'cart', bytes: 1800, share: 0.6 },
      { key: 'user', bytes: 20, share: 0.01 },
    ],
    move: ['cart'],
    moved: [],
  }

  test('carries the report and a stable code', () => {
    const error = new SessionTooLargeError(cart)
    expect(error).toMatchObject({ name: 'SessionTooLargeError', code: 'ERR_SESSION_TOO_LARGE' })
    expect(error.report).toBe(cart)
  })

  test('names the limit and the keys to move with their sizes, and no key that can stay', () => {
    const { message } = new SessionTooLargeError(cart)
    expect(message).toContain('limits.requestHeader')
    expect(message).toContain('keep "cart" (1800 bytes) on a server')
    expect(message).not.toContain('"user"')
  })
})
