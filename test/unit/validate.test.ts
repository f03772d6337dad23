// Checks of values of unknown type.

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
  describeKind,
  describeName,
  toTimestamp,
} from '../../src/validate.ts'
import { catchError, configError } from '../support/errors.ts'

group('isRecord', () => {
  test.each([[{}], [Object.create(null)], [new Date(0)]])('accepts an object', (value) => {
    expect(isRecord(value)).toBe(true)
  })

  test.each([[null], [undefined], [[]], ['{}'], [1], [() => {}]])('refuses %j', (value) => {
    expect(isRecord(value)).toBe(false)
  })
})

group('own properties', () => {
  const given = Object.assign(Object.create({ inherited: 1 }), { mine: 2 })

  test('are read, inherited ones are not', () => {
    expect([
      ownProperty(given, 'mine'),
      ownProperty(given, 'inherited'),
      ownProperty({}, 'toString'),
    ]).toEqual([2, undefined, undefined])
  })

  test('have no prototype in a copy', () => {
    const copy = ownProperties(given)
    expect(Object.getPrototypeOf(copy)).toBeNull()
    expect(Object.entries(copy)).toEqual([['mine', 2]])
  })
})

group('isThenable', () => {
  test('is true for any value with a then method, whatever its class', () => {
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

group('isWholeNumber', () => {
  test('includes both bounds, and no number beyond them', () => {
    expect([4, 5, 6, 7, 8].map((value) => isWholeNumber(value, 5, 7))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })

  test('has the largest exact integer of a double as its upper bound', () => {
    expect(isWholeNumber(2 ** 53 - 1, 0)).toBe(true)
    expect(isWholeNumber(2 ** 53, 0)).toBe(false)
  })

  test.each([['5'], [5n], [5.5], [NaN], [Infinity], [null], [undefined], [{}], [true], [[5]]])(
    'refuses %s, which is no whole number',
    (value) => {
      expect(isWholeNumber(value, 0)).toBe(false)
    },
  )
})

group('timestampOption', () => {
  test.each([
    [new Date(1_700_000_000_000), 1_700_000_000],
    ['2023-11-14T22:13:20Z', 1_700_000_000],
    [1_700_000_000, 1_700_000_000],
    [0, 0],
    [99_999_999_999, 99_999_999_999],
  ])('reads %o as seconds since 1970', (value, seconds) => {
    expect(timestampOption('validAfter', value)).toBe(seconds)
    expect(toTimestamp(value)).toBe(seconds)
  })

  test.each([
    ['milliseconds', 1_700_000_000_000],
    ['the first number beyond', 1e11],
    ['a number before 1970', -1],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['an invalid Date', new Date(NaN)],
    ['a string that is no date', 'tomorrow'],
    ['an empty string', ''],
    ['a boolean', true],
    ['null', null],
    ['an object', { valueOf: () => 5 }],
    ['an array', [5]],
    ['a bigint', 5n],
  ])('refuses %s', (_, value) => {
    expect(() => timestampOption('validAfter', value)).toThrow(configError('validAfter'))
    expect(toTimestamp(value)).toBeUndefined()
  })
})

group('assertKnownKeys', () => {
  test('names the first unknown option with its path', () => {
    expect(() => assertKnownKeys({ known: 1, knwon: 2 }, ['known'], 'cookie.')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'cookie.knwon' }),
    )
  })

  test('lists the known options', () => {
    expect(() => assertKnownKeys({ knwon: 2 }, ['known', 'other'], '')).toThrow(/ known, other$/)
  })

  test('reads an own __proto__ and ignores inherited members', () => {
    const given: unknown = JSON.parse('{"__proto__":1}')
    expect(isRecord(given) && Object.keys(given)).toEqual(['__proto__'])
    expect(() => assertKnownKeys(isRecord(given) ? given : {}, [], '')).toThrow(
      expect.objectContaining({ option: '__proto__' }),
    )
    expect(assertKnownKeys(Object.create({ inherited: 1 }), [], '')).toBeUndefined()
  })
})

group('describe', () => {
  test.each([
    ['a string in quotation marks', 'a"b', '"a\\"b"'],
    ['a number', -0.5, '-0.5'],
    ['a bigint', 5n, '5'],
    ['a symbol', Symbol('here'), 'Symbol(here)'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a boolean', false, 'false'],
  ])('shows %s', (_, value, shown) => {
    expect(describe(value)).toBe(shown)
  })

  test('S11: contains neither a string that is as long as a secret, nor a part of it', () => {
    const secret = 'uVc7pLQkrqZ0A9dFSuQxX8nyj0pWkNfG'
    expect(describe(secret)).toBe('a string of 32 characters')
    expect(describe(secret.slice(1))).toBe(`"${secret.slice(1)}"`)
  })

  test('S11: escapes control characters and those that reverse the direction of text', () => {
    const hostile = '\u001b[2J\u009b\u202e\u2066\u2028'
    const escaped = '\\u001b[2J\\u009b\\u202e\\u2066\\u2028'
    expect(describe(hostile)).toBe(`"${escaped}"`)
    expect(describe(Symbol(hostile))).toBe(`Symbol(${escaped})`)
    expect(describe('\u202e'.repeat(31))).toBe(`"${'\\u202e'.repeat(31)}"`)
  })

  test('S9: is short for any value', () => {
    for (const value of [10n ** 1000n, Symbol('x'.repeat(10_000)), 'x'.repeat(10_000)]) {
      expect(describe(value).length).toBeLessThanOrEqual(100)
    }
  })

  test('names the kind of an object or a function, and calls no toString', () => {
    const talkative = {
      toString: () => {
        throw new Error('called')
      },
    }
    expect(describe(talkative)).toBe('an object')
    expect(describe(Object.create(null))).toBe('an object')
    expect(describe([talkative])).toBe('an array')
    expect(describe(() => 'its result')).toBe('a function')
  })
})

group('describeName', () => {
  test('shows a long name up to 100 bytes, escaped', () => {
    expect(describeName('a "key" of more than thirty characters')).toBe(
      '"a \\"key\\" of more than thirty characters"',
    )
    expect(describeName('a\u202eb')).toBe('"a\\u202eb"')
    expect(describeName('x'.repeat(10_000))).toBe(`"${'x'.repeat(97)}…"`)
  })
})

group('describeKind', () => {
  test.each([
    ['text', 'a string'],
    [5, 'a number'],
    [5n, 'a bigint'],
    [true, 'a boolean'],
    [Symbol('here'), 'a symbol'],
    [() => 1, 'a function'],
    [{}, 'an object'],
    [[], 'an array'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('of %o is %j', (value, kind) => {
    expect(describeKind(value)).toBe(kind)
  })
})

group('booleanOption', () => {
  test('returns the given value, or the default', () => {
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
    expect(() => booleanOption('cookie.secure', value, true)).toThrow(configError('cookie.secure'))
  })
})

group('enumOption', () => {
  test('returns the given string', () => {
    expect(enumOption('cookie.sameSite', 'lax', ['strict', 'lax'])).toBe('lax')
  })

  test('lists the valid strings', () => {
    const error = catchError(() => enumOption('cookie.sameSite', 'x', ['strict', 'lax']))
    expect(String(error)).toMatch(/cookie\.sameSite is "x" .* "strict" or "lax"$/)
  })

  test.each([undefined, null, '', 'Lax', 'lax ', ['lax'], 0])('refuses %o', (value) => {
    expect(() => enumOption('cookie.sameSite', value, ['strict', 'lax'])).toThrow(
      configError('cookie.sameSite'),
    )
  })
})
