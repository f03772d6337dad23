import { describe, expect, test } from 'vitest'
import { isRecord, isWhole, momentOf, refuseStrangers, show } from '../src/guards.ts'

describe('isRecord', () => {
  test.each([[{}], [Object.create(null)], [new Date(0)]])('accepts an object', (value) => {
    expect(isRecord(value)).toBe(true)
  })

  test.each([[null], [undefined], [[]], ['{}'], [1], [() => {}]])('refuses %j', (value) => {
    expect(isRecord(value)).toBe(false)
  })
})

describe('isWhole', () => {
  test('includes both bounds and nothing beyond them', () => {
    expect([4, 5, 6, 7, 8].map((value) => isWhole(value, 5, 7))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })

  test('reaches to the last number that a double holds exactly', () => {
    expect(isWhole(2 ** 53 - 1, 0)).toBe(true)
    expect(isWhole(2 ** 53, 0)).toBe(false)
  })

  test.each([['5'], [5n], [5.5], [NaN], [Infinity], [null], [undefined], [{}], [true], [[5]]])(
    'refuses what is no whole number',
    (value) => {
      expect(isWhole(value, 0)).toBe(false)
    },
  )
})

describe('momentOf', () => {
  test.each([
    [new Date(1_700_000_000_000), 1_700_000_000],
    ['2023-11-14T22:13:20Z', 1_700_000_000],
    [1_700_000_000, 1_700_000_000],
    [0, 0],
    [99_999_999_999, 99_999_999_999],
  ])('reads a moment as seconds', (value, seconds) => {
    expect(momentOf('validAfter', value)).toBe(seconds)
  })

  test.each([
    ['milliseconds', 1_700_000_000_000],
    ['the first number beyond', 1e11],
    ['before 1970', -1],
    ['no number', NaN],
    ['an endless number', Infinity],
    ['an invalid Date', new Date(NaN)],
    ['a text that is no date', 'tomorrow'],
    ['an empty text', ''],
    ['a truth', true],
    ['nothing', null],
    ['an object', { valueOf: () => 5 }],
    ['a list', [5]],
    ['a bigint', 5n],
  ])('refuses %s', (_, value) => {
    expect(() => momentOf('secrets[0].activeFrom', value)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'secrets[0].activeFrom' }),
    )
  })
})

describe('refuseStrangers', () => {
  test('names the first unknown option with its path', () => {
    expect(() => refuseStrangers({ known: 1, knwon: 2 }, ['known'], 'cookie.')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'cookie.knwon' }),
    )
  })

  test('sees an own __proto__ and leaves inherited members alone', () => {
    const given: unknown = JSON.parse('{"__proto__":1}')
    expect(isRecord(given) && Object.keys(given)).toEqual(['__proto__'])
    expect(() => refuseStrangers(isRecord(given) ? given : {}, [], '')).toThrow(
      expect.objectContaining({ option: '__proto__' }),
    )
    expect(refuseStrangers(Object.create({ inherited: 1 }), [], '')).toBeUndefined()
  })
})

describe('show', () => {
  test.each([
    ['a text in quotes', 'a"b', '"a\\"b"'],
    ['a number', -0.5, '-0.5'],
    ['a bigint', 5n, '5'],
    ['a symbol', Symbol('here'), 'Symbol(here)'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
  ])('shows %s', (_, value, shown) => {
    expect(show(value)).toBe(shown)
  })

  test('cuts a long text', () => {
    expect(show('x'.repeat(10_000))).toBe(`"${'x'.repeat(80)}"`)
  })

  test('names the kind of an object or a function, and asks neither for its text', () => {
    const talkative = { toString: () => 'what it holds' }
    expect(show(talkative)).toBe('an object')
    expect(show(Object.create(null))).toBe('an object')
    expect(show([talkative])).toBe('a list')
    expect(show(() => 'what it holds')).toBe('a function')
  })
})
