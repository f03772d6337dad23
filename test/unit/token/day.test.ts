import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_SECONDS, dayOf, startOfDay } from '../../../src/token/day.ts'

describe('dayOf', () => {
  test('changes at midnight UTC', () => {
    expect([0, 86_399, 86_400, 1_728_000_000].map(dayOf)).toEqual([0, 0, 1, 20_000])
  })

  test('contains every second between two starts of a day', () => {
    fc.assert(
      fc.property(fc.nat(999_999), fc.nat(DAY_SECONDS - 1), (day, second) => {
        expect(dayOf(startOfDay(day) + second)).toBe(day)
        expect(dayOf(startOfDay(day) - 1)).toBe(day - 1)
      }),
    )
  })
})

describe('startOfDay', () => {
  test('is midnight UTC', () => {
    expect(new Date(startOfDay(20_468) * 1000).toISOString()).toBe('2026-01-15T00:00:00.000Z')
  })
})
