// Copies of values: which parts are new, and which are kept.

import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { copyValue } from '../../../src/data/copy.ts'
import { dataError } from '../../support/errors.ts'

class Money {
  cents = 5
}

const copy = (value: unknown) => copyValue(value, 100)

/** Returns every object in a value. */
function objectsIn(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  found.add(value)
  const parts = value instanceof Map || value instanceof Set ? [...value].flat() : []
  for (const part of [...parts, ...Object.values(value)]) objectsIn(part, found)
  return found
}

describe('a copy', () => {
  test('has new objects, arrays, Maps, Sets, Dates and binary data, equal to the original', () => {
    const original = {
      text: 'a',
      list: [1, [2], { three: 3 }],
      map: new Map<unknown, unknown>([[{ key: 1 }, { value: [1] }]]),
      set: new Set([['a']]),
      at: new Date(5),
      bytes: Uint8Array.of(1, 2),
      buffer: new ArrayBuffer(4),
      none: undefined,
      big: 5n,
      nothing: null,
    }
    const result = copy(original)
    expect(result).toStrictEqual(original)
    const [before, after] = [objectsIn(original), objectsIn(result)]
    expect(after.size).toBe(before.size)
    expect([...after].filter((object) => before.has(object))).toEqual([])
  })

  test('keeps shared references shared, in cycles too', () => {
    const shared = { a: 1 }
    const original: Record<string, unknown> = { one: shared, other: [shared], map: new Map() }
    original['self'] = original
    const result = Object(copy(original))
    expect(result.one).toBe(result.other[0])
    expect(result.self).toBe(result)
    expect(result.one).not.toBe(shared)
  })

  test('keeps the prototypes of literals: null, and those of another realm', () => {
    expect(Object.getPrototypeOf(copy(Object.create(null)))).toBeNull()
    const foreign = runInNewContext('({ list: [1] })')
    expect(Object.getPrototypeOf(copy(foreign))).toBe(Object.getPrototypeOf(foreign))
  })

  test('keeps holes, further properties of arrays, and symbols, so that a serializer can reject them', () => {
    const symbol = Symbol('s')
    const holes = Object.assign(Array(4), { 1: 'a', more: 'b', [symbol]: 'c' })
    const result = Object(copy(holes))
    expect(result).toHaveLength(4)
    expect([Object.hasOwn(result, 0), result[1], result.more, result[symbol]]).toEqual([
      false,
      'a',
      'b',
      'c',
    ])
  })

  test('has __proto__ as an ordinary key', () => {
    const result = copy(JSON.parse('{"__proto__":{"polluted":1},"constructor":2}'))
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1},"constructor":2}')
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
  })

  test('calls no setter of a polluted Object.prototype', () => {
    const polluted = Object.prototype
    Object.defineProperty(polluted, 'role', { set: () => {}, configurable: true })
    try {
      expect(Object.entries(Object(copy({ role: 'user' })))).toEqual([['role', 'user']])
    } finally {
      Reflect.deleteProperty(polluted, 'role')
    }
  })

  test('keeps instances of other classes, or has the results of `keep` for them', () => {
    const price = new Money()
    expect(Object(copy({ price })).price).toBe(price)
    const kept: object[] = []
    const result = copyValue([price, new Date(0)], 100, 'it', (instance) => {
      kept.push(instance)
      return { replaced: true }
    })
    expect(result).toEqual([{ replaced: true }, new Date(0)])
    expect(kept).toEqual([price])
  })
})

describe('a value is not copied', () => {
  test('S8: that nests deeper than the limit', () => {
    expect(copyValue([[1]], 2)).toEqual([[1]])
    expect(() => copyValue([[[1]]], 2, 'the cart')).toThrow(dataError('the cart'))
  })

  test('S8: that has too many parts, each counted once per reference', () => {
    let shared: unknown = [1]
    for (let level = 0; level < 60; level++) shared = [shared, shared]
    expect(() => copy(shared)).toThrow(dataError('the session'))
    expect(() => copy(Array(1e9))).toThrow(dataError('the session'))
    expect(() => copy('x'.repeat(20_000_000))).toThrow(dataError('the session'))
  })
})
