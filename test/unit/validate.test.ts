import { runInNewContext } from 'node:vm'
import { describe as group, expect, test } from 'vitest'
import {
  booleanOption,
  isThenable,
  isRecord,
  isWholeNumber,
  timestampOption,
  enumOption,
  ownProperty,
  ownProperties,
  assertKnownKeys,
  describe,
} from '../../src/validate.ts'

const refusal = (option: string) => expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option })

group('isRecord', () => {
  test.each([[{}], [Object.create(null)], [new Date(0)]])('accepts an object', (value) => {
    expect(isRecord(value)).toBe(true)
  })

  test.each([[null], [undefined], [[]], ['{}'], [1], [() => {}]])('refuses %j', (value) => {
    expect(isRecord(value)).toBe(false)
  })
})

group('own members', () => {
  const given = Object.assign(Object.create({ inherited: 1 }), { mine: 2 })

  test('are read, and inherited ones are not', () => {
    expect([
      ownProperty(given, 'mine'),
      ownProperty(given, 'inherited'),
      ownProperty({}, 'toString'),
    ]).toEqual([2, undefined, undefined])
  })

  test('stand under no prototype in a copy', () => {
    const copy = ownProperties(given)
    expect(Object.getPrototypeOf(copy)).toBeNull()
    expect(Object.entries(copy)).toEqual([['mine', 2]])
  })
})

group('isPromise', () => {
  test('tells what can be waited for by what it can do, and not by its class', () => {
    const other = class extends Promise<unknown> {}
    for (const value of [
      Promise.resolve(1),
      other.resolve(1),
      runInNewContext('Promise.resolve()'),
    ])
      expect(isThenable<unknown>(value)).toBe(true)
    const likeOne: unknown = JSON.parse('{"then":"a name"}')
    for (const value of [undefined, null, 'then', 0, {}, [], likeOne])
      expect(isThenable<unknown>(value)).toBe(false)
  })
})

group('isWhole', () => {
  test('includes both bounds and nothing beyond them', () => {
    expect([4, 5, 6, 7, 8].map((value) => isWholeNumber(value, 5, 7))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })

  test('reaches to the last number that a double holds exactly', () => {
    expect(isWholeNumber(2 ** 53 - 1, 0)).toBe(true)
    expect(isWholeNumber(2 ** 53, 0)).toBe(false)
  })

  test.each([['5'], [5n], [5.5], [NaN], [Infinity], [null], [undefined], [{}], [true], [[5]]])(
    'refuses what is no whole number',
    (value) => {
      expect(isWholeNumber(value, 0)).toBe(false)
    },
  )
})

group('momentOf', () => {
  test.each([
    [new Date(1_700_000_000_000), 1_700_000_000],
    ['2023-11-14T22:13:20Z', 1_700_000_000],
    [1_700_000_000, 1_700_000_000],
    [0, 0],
    [99_999_999_999, 99_999_999_999],
  ])('reads a moment as seconds', (value, seconds) => {
    expect(timestampOption('validAfter', value)).toBe(seconds)
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
    expect(() => timestampOption('secrets[0].activeFrom', value)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'secrets[0].activeFrom' }),
    )
  })
})

group('refuseStrangers', () => {
  test('names the first unknown option with its path', () => {
    expect(() => assertKnownKeys({ known: 1, knwon: 2 }, ['known'], 'cookie.')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'cookie.knwon' }),
    )
  })

  test('tells the options that there are', () => {
    expect(() => assertKnownKeys({ knwon: 2 }, ['known', 'other'], '')).toThrow(/ known, other$/)
  })

  test('sees an own __proto__ and leaves inherited members alone', () => {
    const given: unknown = JSON.parse('{"__proto__":1}')
    expect(isRecord(given) && Object.keys(given)).toEqual(['__proto__'])
    expect(() => assertKnownKeys(isRecord(given) ? given : {}, [], '')).toThrow(
      expect.objectContaining({ option: '__proto__' }),
    )
    expect(assertKnownKeys(Object.create({ inherited: 1 }), [], '')).toBeUndefined()
  })
})

group('show', () => {
  test.each([
    ['a text in quotes', 'a"b', '"a\\"b"'],
    ['a number', -0.5, '-0.5'],
    ['a bigint', 5n, '5'],
    ['a symbol', Symbol('here'), 'Symbol(here)'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
  ])('shows %s', (_, value, shown) => {
    expect(describe(value)).toBe(shown)
  })

  test('cuts a long text', () => {
    expect(describe('x'.repeat(10_000))).toBe(`"${'x'.repeat(80)}"`)
  })

  test('names the kind of an object or a function, and asks neither for its text', () => {
    const talkative = { toString: () => 'what it holds' }
    expect(describe(talkative)).toBe('an object')
    expect(describe(Object.create(null))).toBe('an object')
    expect(describe([talkative])).toBe('a list')
    expect(describe(() => 'what it holds')).toBe('a function')
  })
})

group('flag', () => {
  test('is what was given, or else the default', () => {
    const given = [true, false, undefined]
    expect(given.map((value) => booleanOption('cookie.secure', value, true))).toEqual([
      true,
      false,
      true,
    ])
    expect(given.map((value) => booleanOption('cookie.secure', value, false))).toEqual([
      true,
      false,
      false,
    ])
  })

  test.each([null, 0, 1, 'true', '', {}])('refuses %o', (value) => {
    expect(() => booleanOption('cookie.secure', value, true)).toThrow(refusal('cookie.secure'))
  })
})

group('oneOf', () => {
  test('is the word that was given', () => {
    expect(enumOption('rotate', 'eager', ['lazy', 'eager'])).toBe('eager')
  })

  test('tells the words that there are', () => {
    expect(() => enumOption('rotate', 'x', ['lazy', 'eager'])).toThrow(
      /^rotate is "x" .* "lazy" or "eager"$/,
    )
  })

  test.each([undefined, null, '', 'Lazy', 'lazy ', ['lazy'], 0])('refuses %o', (value) => {
    expect(() => enumOption('rotate', value, ['lazy', 'eager'])).toThrow(refusal('rotate'))
  })
})
