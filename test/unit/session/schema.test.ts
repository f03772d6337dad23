// The results of a schema, and what is rejected because the schema would not return it again.

import * as devalue from 'devalue'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionSchema, SessionSchemaResult, SessionSerializer } from 'sealed-session'
import { MAX_DEPTH } from '../../../src/data/serialize.ts'
import { assertFitsSchema, validateData } from '../../../src/session/schema.ts'
import { SECRET } from '../../support/mint.ts'
import { dataError, catchAsyncError } from '../../support/errors.ts'
import { schemaOf } from '../../support/schema.ts'
import { SERIALIZERS } from '../../support/serializers.ts'

const schema = v.object({
  userId: v.string(),
  cart: v.optional(v.array(v.object({ count: v.pipe(v.number(), v.minValue(1)) }))),
})

const data = (record: object) => new Map<string, unknown>(Object.entries(record))
const good = data({ userId: 'u1' })
const bad = data({ userId: 'u1', cart: [{ count: 3 }, { count: 0 }] })

/** Returns a schema with this result, which records its inputs. */
const returning = (
  result: SessionSchemaResult | Promise<SessionSchemaResult>,
  seen: unknown[] = [],
): SessionSchema<object> =>
  schemaOf((value) => {
    seen.push(value)
    return result
  })

/** Reads nothing of what it writes. */
const UNREADABLE = { stringify: JSON.stringify, parse: () => 5 }

class Money {
  cents = 5
}

describe('validateData', () => {
  test('throws for an instance in the output that the serializer cannot read again', async () => {
    const output = returning({ value: { price: new Money() } })
    await expect(validateData(good, output, UNREADABLE)).rejects.toEqual(dataError('the session'))
  })

  test('returns valid data, and undefined for invalid data', async () => {
    expect(await validateData(good, schema, undefined)).toEqual(good)
    expect(await validateData(bad, schema, undefined)).toBeUndefined()
  })

  test('does not check data without entries: a session may hold only a message', async () => {
    expect(await validateData(new Map(), schema, undefined)).toEqual(new Map())
  })

  test('returns the output of the schema, not its input', async () => {
    const trimming = v.object({
      name: v.pipe(v.string(), v.trim()),
      role: v.optional(v.string(), 'user'),
    })
    expect(await validateData(data({ name: ' ada ', other: 1 }), trimming, undefined)).toEqual(
      data({ name: 'ada', role: 'user' }),
    )
  })

  test('awaits a schema that returns a promise', async () => {
    const later = returning(Promise.resolve({ value: { a: 1 } }))
    expect(await validateData(good, later, undefined)).toEqual(data({ a: 1 }))
    const refusing = returning(Promise.resolve({ issues: [{}] }))
    expect(await validateData(good, refusing, undefined)).toBeUndefined()
  })

  test('passes the schema a plain object, with __proto__ as a key', async () => {
    const seen: unknown[] = []
    const given = new Map<string, unknown>([['__proto__', { admin: true }]])
    await validateData(given, returning({ value: {} }, seen), undefined)
    expect(Object.keys(Object(seen[0]))).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype)
  })

  test.each([[null], [5], ['text'], [[1]], [new Map()], [new Date(0)], [new Money()]])(
    'returns undefined for the output %o',
    async (value) => {
      for (const [, serializer] of SERIALIZERS) {
        expect(await validateData(good, returning({ value }), serializer)).toBeUndefined()
      }
    },
  )

  test('treats issues as a rejection even if the array is empty', async () => {
    expect(await validateData(good, returning({ issues: [] }), undefined)).toBeUndefined()
  })

  test('S7: throws what the schema throws', async () => {
    const broken = new Error('broken')
    const throwing = schemaOf(() => {
      throw broken
    })
    expect(await catchAsyncError(validateData(good, throwing, undefined))).toBe(broken)
    const rejecting = schemaOf(() => Promise.reject(broken))
    expect(await catchAsyncError(validateData(good, rejecting, undefined))).toBe(broken)
  })

  test('throws for an output that strict JSON cannot store, and says that it is the output', async () => {
    const dates = returning({ value: { user: 'ada', seen: { at: new Date(0) } } })
    await expect(validateData(good, dates, undefined)).rejects.toEqual(
      dataError('schema output: seen.at'),
    )
    const known = await validateData(good, dates, devalue)
    expect(known).toEqual(data({ user: 'ada', seen: { at: new Date(0) } }))
  })

  test('counts a property that is undefined as absent in strict JSON', async () => {
    const value = { user: 'ada', role: undefined, profile: { nick: undefined, age: 5 } }
    const result = await validateData(good, returning({ value }), undefined)
    expect([...(result ?? [])]).toStrictEqual([
      ['user', 'ada'],
      ['profile', { age: 5 }],
    ])
  })

  test('keeps the types that a schema creates, whatever the serializer supports', async () => {
    const dating = v.object({
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    })
    const given = data({ at: '2026-01-01T00:00:00.000Z' })
    const result = await validateData(given, dating, JSON)
    expect(result?.get('at')).toEqual(new Date('2026-01-01'))
  })
})

describe.each(SERIALIZERS)('the output of a schema, with %s', (_, serializer) => {
  const DEFAULT = { items: [] as string[], more: { tags: ['a'] } }
  const kinds: [string, SessionSchema<object>][] = [
    ['a default', v.object({ user: v.string(), cart: v.optional(v.any(), DEFAULT) })],
    [
      'a fallback',
      v.object({ user: v.string(), cart: v.fallback(v.number() as never, DEFAULT as never) }),
    ],
    ['a constant that is the whole output', returning({ value: { user: 'u', cart: DEFAULT } })],
    [
      'the same promise each time',
      returning(Promise.resolve({ value: { user: 'u', cart: DEFAULT } })),
    ],
  ]

  test.each(kinds)('Y3: is not shared by two visitors: %s', async (__, sharing) => {
    const before = structuredClone(DEFAULT)
    const [ada, eve] = [
      await validateData(data({ user: 'u' }), sharing, serializer),
      await validateData(data({ user: 'u' }), sharing, serializer),
    ]
    const cart = Object(ada?.get('cart'))
    cart.items.push('hers')
    cart.more.tags.length = 0
    expect(eve?.get('cart')).toEqual(before)
    expect(DEFAULT).toEqual(before)
  })

  test('Y3: is not shared with the input of the schema', async () => {
    const given = data({ cart: { items: ['one'] } })
    const kept: unknown[] = []
    const keeping = schemaOf((value) => {
      kept.push(value)
      return { value }
    })
    const result = await validateData(given, keeping, serializer)
    Object(kept[0]).cart.items.push('later')
    expect([given.get('cart'), result?.get('cart')]).toEqual([
      { items: ['one'] },
      { items: ['one'] },
    ])
  })

  test('Y3: comes from a copy of the input, so that a schema that changes its input changes no session', async () => {
    const given = data({ cart: { items: ['one'] } })
    const changing = schemaOf((value) => {
      Object(value).cart.items.push('more')
      return { value }
    })
    await assertFitsSchema(given, changing, serializer)
    expect(given.get('cart')).toEqual({ items: ['one'] })
  })
})

describe('an instance of a class that a schema returns', () => {
  const serializer: SessionSerializer = {
    stringify: (value) =>
      devalue.stringify(value, { Money: (it) => it instanceof Money && it.cents }),
    parse: (text) =>
      devalue.parse(text, { Money: (cents) => Object.assign(new Money(), { cents }) }),
  }
  const price = new Money()

  test('Y3: is copied by the serializer that supports the class', async () => {
    const result = await validateData(good, returning({ value: { price } }), serializer)
    expect(result?.get('price')).toEqual(price)
    expect(result?.get('price')).toBeInstanceOf(Money)
    expect(result?.get('price')).not.toBe(price)
  })

  test('is rejected by a serializer that does not', async () => {
    await expect(validateData(good, returning({ value: { price } }), devalue)).rejects.toEqual(
      dataError('the session'),
    )
  })
})

describe('Y3: two visitors of an application', () => {
  test.each(SERIALIZERS)('share no object with %s', async (_, serializer) => {
    const cart = v.optional(v.object({ items: v.array(v.string()) }), { items: [] })
    const sessions = createSessions<{ user: string; cart?: { items: string[] } }>({
      secrets: SECRET,
      serializer,
      schema: v.object({ user: v.string(), cart }),
    })
    const first = await sessions.open(null)
    first.set('user', 'ada')
    const cookie = (await sessions.setCookies(first)).map((line) => line.split(';')[0]).join('; ')
    const ada = await sessions.open(cookie)
    ada.get('cart')?.items.push('hers')
    const eve = await sessions.open(cookie)
    expect(eve.get('cart')).toEqual({ items: [] })
    expect(ada.get('cart')).toEqual({ items: ['hers'] })
  })
})

describe('assertFitsSchema', () => {
  test('accepts valid data, and data without entries', async () => {
    const seen: unknown[] = []
    await assertFitsSchema(good, returning({ value: { userId: 'u1' } }, seen), undefined)
    expect(seen).toEqual([{ userId: 'u1' }])
    await assertFitsSchema(new Map(), schema, undefined)
  })

  test('names the path of the first issue', async () => {
    await expect(assertFitsSchema(bad, schema, undefined)).rejects.toEqual(
      dataError('cart[1].count'),
    )
    await expect(assertFitsSchema(data({ other: 1 }), schema, undefined)).rejects.toEqual(
      dataError('userId'),
    )
  })

  test.each<[string, SessionSchemaResult, string]>([
    ['keys', { issues: [{ path: ['cart', 1, 'count'] }] }, 'cart[1].count'],
    [
      'segments',
      { issues: [{ path: [{ key: 'cart' }, { key: 1 }, { key: 'count' }] }] },
      'cart[1].count',
    ],
    ['both, in the first of two issues', { issues: [{ path: ['a', { key: 1 }] }, {}] }, 'a[1]'],
    ['a symbol', { issues: [{ path: [Symbol('s')] }] }, '[Symbol(s)]'],
    ['a key that is no identifier', { issues: [{ path: ['a b', '5'] }] }, '["a b"]["5"]'],
    ['an escape sequence', { issues: [{ path: ['a\u001b[2J\u202e'] }] }, '["a\\u001b[2J\\u202e"]'],
  ])('writes a path of %s as other errors do', async (_, result, path) => {
    await expect(assertFitsSchema(good, returning(result), undefined)).rejects.toEqual(
      dataError(path),
    )
  })

  test.each<[string, SessionSchemaResult]>([
    ['no path', { issues: [{}] }],
    ['an empty path', { issues: [{ path: [] }] }],
    ['no issue', { issues: [] }],
  ])('names the session when there is %s', async (_, result) => {
    await expect(assertFitsSchema(good, returning(result), undefined)).rejects.toEqual(
      dataError('the session'),
    )
  })

  test('S9: takes at most 2 kB for an endless path', async () => {
    const path = Array.from({ length: 100_000 }, () => 'key')
    const error = await catchAsyncError(
      assertFitsSchema(good, returning({ issues: [{ path }] }), undefined),
    )
    expect(String(error).length).toBeLessThan(2048)
    expect(String(error)).toMatch(/does not fit the schema$/)
  })

  test('contains neither the value nor the message of the schema, which may quote it', async () => {
    const quoting = { issues: [{ message: 'not "a card number"', path: ['card'] }] }
    const error = await catchAsyncError(
      assertFitsSchema(data({ card: 'a card number' }), returning(quoting), undefined),
    )
    expect(error).toEqual(dataError('card'))
    expect(String(error)).not.toContain('a card number')
    expect(error).not.toHaveProperty('cause')
  })

  test.each(SERIALIZERS)(
    'L12: names the key that the schema would remove, with %s',
    async (_, serializer) => {
      const strict = v.object({
        user: v.string(),
        profile: v.optional(v.object({ age: v.number() })),
        list: v.optional(v.array(v.object({ id: v.number() }))),
      })
      const check = (record: object) => assertFitsSchema(data(record), strict, serializer)
      await check({ user: 'a', profile: { age: 5 }, list: [{ id: 1 }] })
      await expect(check({ user: 'a', tenant: 't1' })).rejects.toEqual(dataError('tenant'))
      await expect(check({ user: 'a', profile: { age: 5, nick: 'b' } })).rejects.toEqual(
        dataError('profile.nick'),
      )
      await expect(check({ user: 'a', list: [{ id: 1 }, { id: 2, more: 3 }] })).rejects.toEqual(
        dataError('list[1].more'),
      )
    },
  )

  test('L12: accepts a schema that changes values, adds keys and shortens arrays', async () => {
    const changing = returning({
      value: { user: 'ADA', at: new Date(0), role: 'new', list: [1], point: 'x,y' },
    })
    const record = { user: 'ada', at: 'a string', list: [1, 2], point: { x: 1, y: 2 } }
    await expect(assertFitsSchema(data(record), changing, devalue)).resolves.toBeUndefined()
  })

  test('L12: notices what a schema deletes from its input', async () => {
    const deleting = schemaOf((value) => {
      Reflect.deleteProperty(Object(value), 'tenant')
      return { value }
    })
    await expect(
      assertFitsSchema(data({ user: 'a', tenant: 't1' }), deleting, undefined),
    ).rejects.toEqual(dataError('tenant'))
  })

  test.each([[null], ['text'], [[1]], [new Map([['userId', 'u1']])]])(
    'L12: throws for the output %o, from which the next request would read nothing',
    async (value) => {
      await expect(assertFitsSchema(good, returning({ value }), undefined)).rejects.toEqual(
        dataError('the session'),
      )
    },
  )

  test('L12: throws for an output that could not be stored in the next request', async () => {
    const dates = returning({ value: { userId: new Date(0) } })
    await expect(assertFitsSchema(good, dates, undefined)).rejects.toEqual(
      dataError('schema output: userId'),
    )
  })

  test('L12: checks what the next request will read, not what was written', async () => {
    const strings = v.object({ at: v.string() })
    await assertFitsSchema(data({ at: new Date(0) }), strings, JSON)
    await expect(assertFitsSchema(data({ at: new Date(0) }), strings, devalue)).rejects.toEqual(
      dataError('at'),
    )
    const unreadable = { stringify: JSON.stringify, parse: () => 5 }
    await expect(assertFitsSchema(good, schema, unreadable)).rejects.toEqual(
      dataError('the session'),
    )
  })

  test('names 100 steps of a path at most, however many a schema returns', async () => {
    const path = Array.from({ length: 1000 }, () => 'a')
    const error = await catchAsyncError(
      assertFitsSchema(good, returning({ issues: [{ path }] }), undefined),
    )
    expect(error).toEqual(dataError(Array.from({ length: MAX_DEPTH }, () => 'a').join('.')))
  })

  test('throws what the schema throws', async () => {
    const broken = new Error('broken')
    const throwing = schemaOf(() => {
      throw broken
    })
    expect(await catchAsyncError(assertFitsSchema(good, throwing, undefined))).toBe(broken)
  })
})
