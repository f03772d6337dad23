// Whether the serializer reads what it writes.

import * as devalue from 'devalue'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import type { SessionSerializer } from 'sealed-session'
import { assertReadable, findMissingKey } from '../../../src/data/round-trip.ts'
import { catchError, dataError } from '../../support/errors.ts'

const data = (record: object) => new Map<string, unknown>(Object.entries(record))

/** JSON whose `parse` returns something else. */
const parsing = (parse: (value: Record<string, unknown>) => unknown): SessionSerializer => ({
  stringify: JSON.stringify,
  parse: (text) => parse(JSON.parse(text)),
})

describe('assertReadable', () => {
  const rich = {
    at: new Date(0),
    seen: new Set([1]),
    by: new Map([['a', { b: [1] }]]),
    list: [1, { two: 2 }],
    n: null,
  }
  const cycle: Record<string, unknown> = { name: 'a' }
  cycle['self'] = cycle

  test.each<[string, SessionSerializer, object]>([
    ['devalue', devalue, rich],
    ['superjson', superjson, rich],
    ['JSON', JSON, { list: [1, { two: 2 }], at: new Date(0) }],
    ['devalue with a cycle', devalue, { cycle }],
    ['devalue with a key that is undefined', devalue, { none: undefined }],
    ['superjson with a nested key that is undefined', superjson, { a: { none: undefined } }],
    ['JSON with a nested key that is undefined', JSON, { a: { none: undefined } }],
    ['JSON without any entry', JSON, {}],
  ])('L11: accepts what %s reads as it was written', (_, serializer, record) => {
    expect(() => assertReadable(data(record), serializer)).not.toThrow()
  })

  test.each<[string, SessionSerializer, string]>([
    [
      'throws',
      parsing(() => {
        throw new Error('refused')
      }),
      'ok',
    ],
    ['returns nothing', parsing(() => undefined), 'ok'],
    ['returns an array', parsing((value) => [value]), 'ok'],
    ['returns a promise', parsing((value) => Promise.resolve(value)), 'ok'],
    ['leaves a key out', parsing(({ ok }) => ({ ok })), 'cart'],
    [
      'leaves a nested key out',
      parsing((value) => ('cart' in value ? { ...value, cart: { items: [{}] } } : value)),
      'cart.items[0].sku',
    ],
    [
      'changes a value',
      parsing((value) => ({ ...value, ...('cart' in value && { cart: 5 }) })),
      'cart',
    ],
    [
      'throws for one value',
      parsing((value) => {
        if ('cart' in value) throw new Error('refused')
        return value
      }),
      'cart',
    ],
  ])('L11: refuses what a serializer writes whose parse %s', (_, serializer, path) => {
    const record = { ok: 1, cart: { items: [{ sku: 'tea' }] } }
    expect(() => assertReadable(data(record), serializer)).toThrow(dataError(path))
    expect(() => assertReadable(data(record), serializer, 'scope(shop).')).toThrow(
      dataError(`scope(shop).${path}`),
    )
  })

  test('L11: names the session if no single entry is to blame', () => {
    const oneOnly = parsing((value) => (Object.keys(value).length > 1 ? 5 : value))
    expect(() => assertReadable(data({ a: 1, b: 2 }), oneOnly)).toThrow(dataError('the session'))
  })

  test('L11: throws for a key that JSON as a serializer drops', () => {
    expect(() => assertReadable(data({ a: 1, b: undefined }), JSON)).toThrow(dataError('b'))
    expect(() => assertReadable(data({ a: 1, b: () => 1 }), JSON)).toThrow(dataError('b'))
  })

  test('L11: does not repeat a value, nor the error of the serializer', () => {
    const card = 'the number of a card'
    const quoting = parsing(() => {
      throw new Error(card)
    })
    const error = catchError(() => assertReadable(data({ card }), quoting))
    expect(error).toEqual(dataError('card'))
    expect(String(error)).not.toContain(card)
    expect(error).not.toHaveProperty('cause')
  })

  test('S8: parses at most a few times the length of its input', () => {
    const record = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]))
    const last = parsing((value) => ('k4999' in value ? 5 : value))
    let length = 0
    const counting: SessionSerializer = {
      stringify: JSON.stringify,
      parse: (text) => {
        length += text.length
        return last.parse(text)
      },
    }
    expect(() => assertReadable(data(record), counting)).toThrow(dataError('k4999'))
    expect(length).toBeLessThan(3 * JSON.stringify(record).length)
  })
})

describe('findMissingKey', () => {
  test.each<[Record<string, unknown>, Record<string, unknown>, string | undefined]>([
    [{ a: 1 }, { a: 2, b: 3 }, undefined],
    [{ a: 1, b: undefined }, { a: 1 }, 'b'],
    [{ a: { b: undefined } }, { a: {} }, undefined],
    [{ a: { b: { c: 1 } } }, { a: { b: {} } }, 'a.b.c'],
    [{ a: [0, { 'b c': 1 }] }, { a: [0, {}] }, 'a[1]["b c"]'],
    [{ a: [{ b: 1 }] }, { a: [{}, {}] }, undefined],
    [{ a: { b: 1 } }, { a: 'a string' }, undefined],
    [{ a: { b: 1 } }, { a: new Map() }, undefined],
    [{ a: '2026-01-01' }, { a: new Date(0) }, undefined],
  ])('of %o and %o is %j', (before, after, path) => {
    expect(findMissingKey(before, after)).toBe(path)
  })
})
