// Data to strings and back: what strict JSON and other serializers accept, and what is rejected
// with its path.

import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import * as devalue from 'devalue'
import fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import {
  assertAllStorable,
  assertStorable,
  entriesOf,
  readData,
  readValue,
  textOf,
  writeData,
} from '../../../src/data/serialize.ts'
import { createWalk } from '../../../src/data/strict-json.ts'
import { untyped } from '../../support/mint.ts'
import { catchError, dataError } from '../../support/errors.ts'
import { nestedArrays } from '../../support/nested-arrays.ts'

const dataOf = (value: unknown) => new Map([['k', value]])

/** Returns `levels` arrays, each of which holds the next one twice. */
function doubled(levels: number): unknown {
  let value: unknown = [1]
  for (let level = 0; level < levels; level++) value = [value, value]
  return value
}

class Point {
  x = 1
}

class List extends Array<number> {}

const hole = Object.assign(Array(3), { 0: 1, 2: 3 })
const shared = { a: [1] }
const named = Object.assign([1, 2], { extra: 3 })
const hidden = Object.defineProperty({ seen: 1 }, 'hidden', { value: 2, enumerable: false })
const cycle: Record<string, unknown> = { deep: { deeper: [1] } }
cycle['deep'] = { deeper: [cycle] }

describe('strict JSON rejects what it would change or lose', () => {
  test.each<[string, unknown, string]>([
    ['a Date', new Date(0), ''],
    ['an invalid Date', new Date(NaN), ''],
    ['a Map', new Map(), ''],
    ['a Set', new Set(), ''],
    ['a WeakMap', new WeakMap(), ''],
    ['a regular expression', /x/, ''],
    ['an Error', new Error('x'), ''],
    ['a promise', Promise.resolve(), ''],
    ['a URL', new URL('https://example.com/'), ''],
    ['a bigint', 5n, ''],
    ['undefined', undefined, ''],
    ['NaN', NaN, ''],
    ['Infinity', Infinity, ''],
    ['-Infinity', -Infinity, ''],
    ['-0', -0, ''],
    ['a symbol', Symbol('s'), ''],
    ['a function', () => 1, ''],
    ['a class', Point, ''],
    ['an instance of a class', new Point(), ''],
    ['an instance of a class of arrays', List.of(1), ''],
    ['an object that inherits', Object.create({ inherited: 1 }), ''],
    ['an array without a prototype', Object.setPrototypeOf([1], null), ''],
    ['a boxed number', Object(5), ''],
    ['a boxed string', Object('text'), ''],
    ['a boxed boolean', Object(true), ''],
    ['a boxed bigint', Object(5n), ''],
    ['a typed array', new Uint8Array(2), ''],
    ['a Buffer', Buffer.from('x'), ''],
    ['an ArrayBuffer', new ArrayBuffer(2), ''],
    ['a DataView', new DataView(new ArrayBuffer(2)), ''],
    ['the first half of a surrogate pair', '\ud83d', ''],
    ['the second half of a surrogate pair', 'a\udc4b', ''],
    ['a pair in the wrong order', '\udc4b\ud83d', ''],
    ['a key with half of a surrogate pair', { '\ud83d': 1 }, ''],
    ['a symbol as a key', { [Symbol('s')]: 1 }, ''],
    ['a property of an array', named, ''],
    ['a symbol of an array', Object.assign([1], { [Symbol('s')]: 1 }), ''],
    ['a hole', hole, '[1]'],
    ['an array of holes', Array(3), '[0]'],
    ['an undefined element', [1, undefined], '[1]'],
    ['a property that is not enumerable', hidden, '.hidden'],
    ['an arguments object', argumentsOf(), '.length'],
    ['a getter', Object.defineProperty({}, 'g', { get: () => 1, enumerable: true }), '.g'],
    [
      'a getter in a literal',
      {
        get now() {
          return 1
        },
      },
      '.now',
    ],
    ['a setter', Object.defineProperty({}, 's', { set: () => {}, enumerable: true }), '.s'],
    [
      'a proxy that names a key and does not have it',
      new Proxy({}, { ownKeys: () => ['x'] }),
      '.x',
    ],
    ['toJSON', { toJSON: () => 'other' }, '.toJSON'],
    ['a method', { a: 1, say() {} }, '.say'],
    ['a cycle', cycle, '.deep.deeper[0]'],
    ['a value that is deep', { cart: [{}, { addedAt: new Date(0) }] }, '.cart[1].addedAt'],
    ['a key that is no identifier', { 'a b': { '': NaN } }, '["a b"][""]'],
    ['a key with a quote', { '"': NaN }, '["\\""]'],
    ['a key that is a number', { 5: NaN }, '["5"]'],
    ['a key in another script', { größe: NaN }, '.größe'],
    ['undefined deep down', { a: { b: [0, { c: undefined }] } }, '.a.b[1].c'],
  ])('%s', (_, value, path) => {
    expect(() => assertStorable('k', value)).toThrow(dataError(`k${path}`))
    expect(() => writeData(dataOf(value))).toThrow(dataError(`k${path}`))
  })

  test('with a path that begins with the key', () => {
    expect(() => assertStorable('cart', [5n])).toThrow(dataError('cart[0]'))
    expect(() => assertStorable('a b', 5n)).toThrow(dataError('["a b"]'))
    expect(() => assertStorable('', { x: 5n })).toThrow(dataError('[""].x'))
    expect(() => assertStorable('__proto__', 5n)).toThrow(dataError('__proto__'))
  })

  test('with a path that begins with the scope', () => {
    expect(() => assertStorable('cart', [5n], 'scope(shop).')).toThrow(
      dataError('scope(shop).cart[0]'),
    )
    expect(() => assertAllStorable(new Map([['at', 5n]]), 'scope(shop).')).toThrow(
      dataError('scope(shop).at'),
    )
  })

  test('and a key of the session with half of a surrogate pair', () => {
    expect(() => assertStorable('\ud83d', 1)).toThrow(dataError('a key'))
    expect(() => writeData(new Map([['a\udc4b', 1]]))).toThrow(dataError('a key'))
  })

  test('without showing the value', () => {
    const value = {
      card: 'the number of a card',
      owner: new Date(1_234_567_890_123),
      id: 987654321n,
    }
    for (const part of [
      value,
      [value.owner],
      [value.id],
      [{ [value.card]: 5 }, Symbol(value.card)],
    ]) {
      const error = catchError(() => assertStorable('k', part))
      expect(error).toMatchObject({ code: 'ERR_SESSION_DATA' })
      expect(String(error)).not.toMatch(/number of a card|1234567890|2009|987654321/)
    }
  })
})

describe('strict JSON accepts', () => {
  test.each<[string, unknown]>([
    ['strings, numbers, booleans and null', ['', 'é👋', 0, -1.5, 1e300, 5e-324, true, false, null]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
    ['the same object several times, which is no cycle', [[shared], shared, { a: shared }]],
    ['toJSON as data', { toJSON: 'text' }],
    [
      'keys with a meaning in JavaScript',
      JSON.parse('{"__proto__":{"polluted":1},"constructor":2}'),
    ],
    ['an empty array and an empty object', [[], {}]],
    ['objects from another realm', runInNewContext('({ list: [1, { a: null }] })')],
  ])('%s', (_, value) => {
    const text = writeData(dataOf(value))
    expect(text).toBe(`{"k":${JSON.stringify(value)}}`)
    expect(readData(JSON.parse(text))?.get('k')).toEqual(JSON.parse(JSON.stringify(value)))
  })

  test('one object under two keys', () => {
    const twice = { a: 1 }
    expect(
      writeData(
        new Map([
          ['x', twice],
          ['y', twice],
        ]),
      ),
    ).toBe('{"x":{"a":1},"y":{"a":1}}')
  })

  test('but not the Date of another realm', () => {
    expect(() => assertStorable('k', runInNewContext('new Date(0)'))).toThrow(dataError('k'))
    expect(() => assertStorable('k', runInNewContext('new (class A {})'))).toThrow(dataError('k'))
  })

  test('any value of JSON, and returns it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), plainValue()), (record) => {
        const data = new Map(Object.entries(record))
        const text = writeData(data)
        expect(readData(JSON.parse(text))).toEqual(data)
        expect(writeData(readData(JSON.parse(text)) ?? new Map())).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  test('__proto__ and constructor as keys of the session, and pollutes nothing', () => {
    const data = new Map<string, unknown>([
      ['__proto__', { polluted: 'yes' }],
      ['constructor', { prototype: { polluted: 'yes' } }],
    ])
    const text = writeData(data)
    expect(text).toBe(
      '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
    )
    const read = readData(JSON.parse(text))
    expect([...(read?.keys() ?? [])]).toEqual(['__proto__', 'constructor'])
    expect(read?.get('__proto__')).toEqual({ polluted: 'yes' })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('data', () => {
  test('nests at most 100 levels deep, including the session itself', () => {
    const text = writeData(dataOf(nestedArrays(99)))
    expect(readData(JSON.parse(text))?.get('k')).toEqual(nestedArrays(99))
    const path = `k${'[0]'.repeat(99)}`
    expect(() => assertStorable('k', nestedArrays(100))).toThrow(dataError(path))
    expect(() => writeData(dataOf(nestedArrays(100)))).toThrow(dataError(path))
  })

  test('that nests deeper is not read: another writer may have sealed it', () => {
    expect(readData({ k: nestedArrays(99) })).toBeInstanceOf(Map)
    expect(readData({ k: nestedArrays(100) })).toBeUndefined()
    expect(readData({ k: nestedArrays(100_000) })).toBeUndefined()
  })

  test('that nests 100 000 levels deep is rejected like any that is too deep, without a RangeError', () => {
    expect(() => assertStorable('k', nestedArrays(100_000))).toThrow(
      dataError(`k${'[0]'.repeat(99)}`),
    )
    let record: object = {}
    for (let level = 0; level < 100_000; level++) record = { a: record }
    expect(() => writeData(dataOf(record))).toThrow(dataError(`k${'.a'.repeat(99)}`))
  })
})

describe('readData', () => {
  test.each([[null], [undefined], [5], ['text'], ['{}'], [true], [[]], [[['k', 1]]]])(
    'returns undefined for %j',
    (data) => {
      expect(readData(data)).toBeUndefined()
    },
  )

  test('returns the entries of an object, in their order', () => {
    expect([...(readData({ b: 1, a: [2] }) ?? [])]).toEqual([
      ['b', 1],
      ['a', [2]],
    ])
  })
})

describe('entriesOf', () => {
  test('accepts plain objects only', () => {
    expect(entriesOf({ a: 1 })).toEqual(new Map([['a', 1]]))
    expect(entriesOf(runInNewContext('({ a: 1 })'))).toEqual(new Map([['a', 1]]))
    for (const value of [
      new Point(),
      new Map([['a', 1]]),
      [1],
      null,
      undefined,
      'a',
      5,
      new Date(0),
      () => 1,
    ]) {
      expect(entriesOf(value)).toBeUndefined()
    }
  })
})

describe('a serializer', () => {
  const rich = new Map<string, unknown>([
    ['at', new Date(1_700_000_000_000)],
    ['seen', new Set([1, 2])],
    ['big', 2n ** 80n],
    ['nothing', undefined],
  ])

  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('may be %s, and keeps what JSON cannot', (_, serializer) => {
    const text = writeData(rich, serializer)
    expect(typeof JSON.parse(text)).toBe('string')
    expect(readData(JSON.parse(text), serializer)).toEqual(rich)
  })

  test('may be JSON itself, which then changes values as JSON does', () => {
    const text = writeData(new Map([['at', new Date(0)]]), JSON)
    expect(readData(JSON.parse(text), JSON)?.get('at')).toBe('1970-01-01T00:00:00.000Z')
  })

  test('cannot write outside its part of the payload', () => {
    const serializer = { stringify: () => '"},"jti":"', parse: () => ({ k: 1 }) }
    const text = writeData(dataOf(1), serializer)
    expect(JSON.parse(text)).toBe('"},"jti":"')
    expect(readData(JSON.parse(text), serializer)).toEqual(dataOf(1))
  })

  test('is not called for sessions that strict JSON has written', () => {
    const data = JSON.parse(writeData(dataOf([1])))
    expect(readData(data, devalue)).toEqual(dataOf([1]))
  })

  test('writes nothing that strict JSON would read as data', () => {
    expect(readData(JSON.parse(writeData(rich, devalue)))).toBeUndefined()
  })

  test('that throws causes a SessionDataError without its message, which may quote the value', () => {
    const card = { card: 'the number of a card', call: () => 1 }
    const error = catchError(() => writeData(dataOf(card), devalue))
    expect(error).toEqual(dataError('k'))
    expect(error).not.toHaveProperty('cause')
    expect(String(error)).not.toContain('number of a card')
    const quoting = {
      parse: JSON.parse,
      stringify: (data: object): string => {
        throw new Error(`no function in ${inspect(data)}`)
      },
    }
    const quoted = catchError(() => writeData(dataOf(card), quoting))
    expect(quoted).toEqual(dataError('k'))
    expect(inspect(quoted)).not.toContain('number of a card')
  })

  test.each([[undefined], [5], [new Uint8Array(2)], [null], [Promise.resolve('{}')]])(
    'must return a string, and not %o',
    (text: unknown) => {
      const serializer = { stringify: () => text as string, parse: JSON.parse }
      expect(() => writeData(dataOf(1), serializer)).toThrow(dataError('k'))
    },
  )

  test('whose parse throws, or returns another type, causes no error', () => {
    const reading = (parse: () => unknown) => readData('text', { stringify: JSON.stringify, parse })
    expect(
      reading(() => {
        throw new Error('unreadable')
      }),
    ).toBeUndefined()
    for (const value of [null, 5, 'text', [], new Map(), new Point()]) {
      expect(reading(() => value)).toBeUndefined()
    }
    expect(reading(() => ({ a: 1 }))).toEqual(new Map([['a', 1]]))
  })
})

/** Any value of JSON with well-formed strings. JSON has -0, and `JSON.stringify` does not write it. */
function plainValue() {
  return fc
    .jsonValue({ stringUnit: 'grapheme', maxDepth: 6 })
    .map((value): unknown => JSON.parse(JSON.stringify(value)))
}

function argumentsOf(): unknown {
  // oxlint-disable-next-line prefer-rest-params
  return arguments
}

describe('shared references', () => {
  test.each([
    ['strict JSON', undefined],
    ['JSON', JSON],
    ['devalue', devalue],
    ['superjson', superjson],
  ])('S8: an array of arrays that are shared is refused at once by %s', (_, serializer) => {
    // A walk that visits each value once per reference would never end for the second one.
    const values = [
      doubled(20),
      doubled(90),
      { a: { b: doubled(60) } },
      [new Map([[1, doubled(60)]])],
    ]
    for (const value of values.slice(0, serializer === undefined ? 3 : 4)) {
      expect(() => writeData(dataOf(value), serializer)).toThrow(dataError('k'))
    }
    expect(String(catchError(() => writeData(dataOf(doubled(20)), serializer)))).toMatch(
      /k holds more than 100000 values, .*: store ids instead$/,
    )
  })

  test('S8: are counted over all entries of a session together', () => {
    const shared = doubled(14)
    const limits = createWalk()
    expect(() => assertStorable('a', shared, '', limits)).not.toThrow()
    expect(() => assertStorable('b', shared, 'scope(x).', limits)).not.toThrow()
    expect(() => assertAllStorable(new Map([['c', shared]]), '', limits)).toThrow(dataError('c'))
    const entries = Array.from({ length: 4 }, (_, at) => [`k${at}`, shared] as const)
    for (const serializer of [undefined, devalue]) {
      expect(() => writeData(new Map(entries), serializer)).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
      )
    }
  })

  test.each([
    ['strict JSON', undefined],
    ['superjson', superjson],
  ])('S8: a long string that is shared is refused at once by %s', (_, serializer) => {
    const long = 'x'.repeat(1_000_000)
    expect(() => writeData(dataOf([long]), serializer)).not.toThrow()
    const value = Array.from({ length: 1000 }, () => long)
    expect(() => writeData(dataOf(value), serializer)).toThrow(dataError('k'))
    const keys = Array.from({ length: 1000 }, () => ({ [long]: 1 }))
    expect(() => writeData(dataOf(keys), serializer)).toThrow(dataError('k'))
  })

  test('S8: are not read either: another writer may have sealed them', () => {
    // The form of devalue for shared references: each array names the next one twice.
    const shared = Array.from({ length: 60 }, (_, at) => (at === 59 ? [] : [at + 2, at + 2]))
    const text = JSON.stringify([{ k: 1 }, ...shared])
    // Compared by hand, because an assertion would visit each value.
    expect(Reflect.get(devalue.parse(text), 'k')[0][1]).toHaveLength(2)
    expect(readData(text, devalue)).toBeUndefined()
  })

  test('are accepted in any number that cookies can carry', () => {
    const digits = Array.from({ length: 33_000 }, (_, at) => at % 10)
    for (const serializer of [undefined, devalue]) {
      expect(readData(JSON.parse(writeData(dataOf(digits), serializer)), serializer)).toEqual(
        dataOf(digits),
      )
    }
  })
})

describe('a serializer and a session share no object', () => {
  /** A serializer that keeps its arguments, and returns them again. */
  function remembering() {
    const given = new Map<string, object>()
    const stringify = (data: object) => {
      const text = JSON.stringify(data)
      given.set(text, data)
      return text
    }
    return { given, stringify, parse: (text: string): unknown => given.get(text) }
  }

  test('Y3: an object that parse returns again is not shared with another visitor', () => {
    const serializer = remembering()
    const text = JSON.parse(writeData(dataOf({ items: [] as string[] }), serializer))
    const [ada, eve] = [readData(text, serializer), readData(text, serializer)]
    const items: unknown = Reflect.get(Object(ada?.get('k')), 'items')
    if (Array.isArray(items)) items.push('hers')
    expect(ada?.get('k')).toEqual({ items: ['hers'] })
    expect(eve?.get('k')).toEqual({ items: [] })
    expect(readData(text, serializer)?.get('k')).toEqual({ items: [] })
  })

  test('Y3: a change after the write does not reach what the serializer keeps', () => {
    const serializer = remembering()
    const value = { items: ['one'] }
    const text = JSON.parse(writeData(dataOf(value), serializer))
    value.items.push('two')
    expect(readData(text, serializer)?.get('k')).toEqual({ items: ['one'] })
  })

  test('Y3: a serializer that changes its argument changes no session', () => {
    const value = { items: ['one'], at: new Date(0), seen: new Set([1]) }
    const serializer = {
      parse: JSON.parse,
      stringify: (data: object) => {
        const copy = Reflect.get(data, 'k')
        copy.items.push('two')
        copy.at.setTime(5)
        copy.seen.clear()
        return '{}'
      },
    }
    writeData(dataOf(value), serializer)
    expect(value).toEqual({ items: ['one'], at: new Date(0), seen: new Set([1]) })
  })
})

describe('readValue and textOf', () => {
  test('S8: count the levels around a value separately from its own', () => {
    const tree = [nestedArrays(99)]
    for (const serializer of [undefined, devalue]) {
      const text = JSON.parse(textOf(tree, serializer, 102))
      expect(readValue(text, serializer, 102)).toEqual(tree)
      expect(readValue(text, serializer, 99)).toBeUndefined()
    }
    expect(() => textOf(tree, devalue, 99)).toThrow(dataError('the session'))
  })

  test('return undefined for input that every parser rejects', () => {
    expect(readValue('{', JSON, 100)).toBeUndefined()
    expect(readValue('no text of devalue', devalue, 100)).toBeUndefined()
  })
})

describe('an error says what is wrong and how to fix it', () => {
  const problemOf = (act: () => unknown): string => {
    const error = catchError(act)
    return error instanceof Error ? error.message : ''
  }

  test.each<[unknown, RegExp]>([
    [new Date(0), /^k is a Date: store value\.toISOString\(\), .*serializer: devalue/],
    [new Map(), /^k is a Map: store \[\.\.\.value\], .*devalue/],
    [new Set(), /^k is a Set: store \[\.\.\.value\], .*devalue/],
    [new Point(), /^k is an instance of a class: store a plain object, .*devalue/],
    [/x/, /^k is of the kind RegExp: store a plain object, .*devalue/],
    [5n, /^k is a bigint: store String\(value\), .*devalue/],
    [undefined, /^k is undefined: delete the key, or store null$/],
    [Symbol('s'), /^k is a symbol: store what it is made from$/],
    [() => 1, /^k is a function: store what it is made from$/],
    [-0, /^k is -0: store 0, .*devalue/],
    [NaN, /^k is NaN: store null, .*devalue/],
    [-Infinity, /^k is -Infinity: store null, .*devalue/],
    ['\ud800', /^k holds half of a surrogate pair: store well-formed strings$/],
    [cycle, /^k\.deep\.deeper\[0\] refers to itself: store an id, .*devalue/],
    [nestedArrays(200), /\] nests deeper than 100 levels$/],
    [List.of(1), /^k is an instance of a class: store a plain array$/],
    [hole, /^k\[1\] is a hole: store null$/],
    [named, /^k has properties beside its elements: store an object$/],
    [{ [Symbol('s')]: 1 }, /^k has a symbol as a key: use a string$/],
    [{ '\ud800': 1 }, /^k has a key with half of a surrogate pair: store well-formed strings$/],
    [
      {
        get now() {
          return 1
        },
      },
      /^k\.now is a getter or setter: store a value$/,
    ],
    [hidden, /^k\.hidden is not enumerable: store a plain object$/],
  ])('%o', (value, problem) => {
    expect(problemOf(() => assertStorable('k', value))).toMatch(problem)
  })

  test('for a key, and for a serializer that throws or returns no string', () => {
    expect(problemOf(() => assertStorable('\ud800', 1))).toMatch(
      /^a key holds .*store well-formed strings$/,
    )
    const thrower = { parse: JSON.parse, stringify: () => untyped<string>(null).length.toString() }
    expect(problemOf(() => writeData(dataOf(1), thrower))).toMatch(
      /^k was refused by the serializer \(TypeError\): try its stringify/,
    )
    const other = { parse: JSON.parse, stringify: () => untyped<string>(5) }
    expect(problemOf(() => writeData(dataOf(1), other))).toBe(
      'k became a number in the serializer: its stringify must return a string',
    )
  })
})
