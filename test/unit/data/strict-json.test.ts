// What strict JSON would change or lose, and how a path is written. The message for each kind of
// value is tested with `serialize.ts`, which throws it.

import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createWalk,
  findProblem,
  formatKey,
  hasUnwritableValues,
  isPlainArray,
  isPlainObject,
} from '../../../src/data/strict-json.ts'

const find = (value: unknown, levels = 99, limits = createWalk()) =>
  findProblem(value, levels, limits)

describe('findProblem', () => {
  test('returns nothing for a value that JSON keeps', () => {
    expect(find({ a: [1, 'two', null, true, { b: {} }] })).toBeUndefined()
  })

  test('returns the first problem, with its path below the value', () => {
    expect(find({ a: [1, { b: 5n, c: 6n }] })).toEqual({
      path: '.a[1].b',
      problem: expect.stringMatching(/^is a bigint/),
    })
    expect(find(5n)).toMatchObject({ path: '' })
  })

  test('counts an object once per reference', () => {
    const shared = { a: 1 }
    const limits = createWalk()
    const before = limits.left
    find([shared, shared], 99, limits)
    // The array, two objects, two numbers, and two keys of one character.
    expect(before - limits.left).toBeCloseTo(5.02)
  })

  test('reports too many values as a problem of the whole', () => {
    expect(find({ a: { b: Array.from({ length: 100_000 }, () => 1) } })).toEqual({
      path: '',
      problem: expect.stringMatching(/^holds more than 100000 values/),
    })
  })

  test('skips undefined properties, but not elements, if they count as absent', () => {
    const skipping = () => createWalk(true)
    expect(find({ a: undefined, b: { c: undefined } }, 99, skipping())).toBeUndefined()
    expect(find([undefined], 99, skipping())).toMatchObject({ path: '[0]' })
    expect(find({ a: undefined })).toMatchObject({ path: '.a' })
  })

  test('terminates for a proxy that is its own prototype', () => {
    const endless: object = new Proxy({}, { getPrototypeOf: () => endless })
    expect(find(endless)).toMatchObject({ path: '' })
  })
})

describe('hasUnwritableValues', () => {
  const check = (text: string) => hasUnwritableValues(text, JSON.parse(text))

  test.each([
    '[-0]',
    '[-0.0]',
    '[1,-0e5]',
    '{"a":-0}',
    '{"a": -0}',
    '{"a":\n-0.000}',
    '[-1e-400]',
    '[1e400]',
    '[-1E+400]',
    '{"a":[{"b":17976931348623157e305}]}',
    `[${'9'.repeat(309)}]`,
    `[-${'9'.repeat(309)}]`,
    `[${'9'.repeat(320)}.5]`,
    String.raw`["\ud83d"]`,
    String.raw`["\uDC4B"]`,
    String.raw`{"a":{"\ud83d":1}}`,
    String.raw`["\udc4b\ud83d"]`,
  ])('L20: is true for %s', (text) => {
    expect(check(text)).toBe(true)
  })

  test.each([
    '[0,-1,-0.5,1e300,1E-7,-1e-300]',
    '{"on":"2026-01-02","list":", -0","sum":": 1e400"}',
    `[${'9'.repeat(308)}]`,
    String.raw`["\ud83d\udc4b"]`,
    String.raw`["\\ud83d"]`,
    '{"a":"👋"}',
    '[]',
  ])('L20: is false for %s', (text) => {
    expect(check(text)).toBe(false)
  })

  test('L20: visits no value if the string has no match', () => {
    const untouched = new Proxy([], {
      ownKeys: () => {
        throw new Error('looked at')
      },
    })
    const text = JSON.stringify({ on: '2026-01-02T03:04:05.678Z', id: 'a-0e5', n: [-1, 0, 1.5] })
    expect(hasUnwritableValues(text, untouched)).toBe(false)
  })

  test('L20: terminates for 100 000 levels', () => {
    expect(check(`${'['.repeat(100_000)}-0${']'.repeat(100_000)}`)).toBe(true)
  })

  test('L20: agrees with findProblem on any JSON', () => {
    const numbers = fc.constantFrom('-0', '0', '-0.0', '1e400', '-1e-400', '5', '-1.5e3', '1e21')
    const strings = fc.constantFrom('"a"', String.raw`"\ud83d"`, String.raw`"\ud83d\udc4b"`, '"-0"')
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        numbers,
        strings,
        fc.array(tie('value'), { maxLength: 3 }).map((all) => `[${all.join(', ')}]`),
        fc.tuple(strings, tie('value')).map(([key, inner]) => `{${key}:${inner}}`),
      ),
    }))
    fc.assert(
      fc.property(value, (inner) => {
        const text = `[${inner}]`
        expect(check(text)).toBe(find(JSON.parse(text)) !== undefined)
      }),
      { numRuns: 500 },
    )
  })
})

describe('plain objects and arrays', () => {
  test('are literals of any realm', () => {
    expect([{}, Object.create(null), runInNewContext('({})')].map(isPlainObject)).toEqual([
      true,
      true,
      true,
    ])
    expect([[], runInNewContext('[]')].map(isPlainArray)).toEqual([true, true])
  })

  test('are not instances of classes, and an array is no object', () => {
    const others = [
      new Date(0),
      new Map(),
      new (class Point {
        x = 1
      })(),
      Object.create({}),
      null,
      5,
      'a',
      () => 1,
    ]
    expect([...others, []].filter(isPlainObject)).toEqual([])
    expect([...others, {}, new (class extends Array {})()].filter(isPlainArray)).toEqual([])
  })
})

describe('formatKey', () => {
  test.each([
    ['cart', 'cart', '.cart'],
    ['größe', 'größe', '.größe'],
    ['_$1', '_$1', '._$1'],
    ['', '[""]', '[""]'],
    ['a b', '["a b"]', '["a b"]'],
    ['5', '["5"]', '["5"]'],
    ['"', '["\\""]', '["\\""]'],
    ['\u001b', '["\\u001b"]', '["\\u001b"]'],
  ])('writes %j as %s, and behind others as %s', (key, first, later) => {
    expect([formatKey(key), formatKey(key, '.')]).toEqual([first, later])
  })
})
