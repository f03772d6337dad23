import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { validateData, assertFitsSchema } from '../../../src/session/schema.ts'
import type { SessionSchema, SessionSchemaResult } from '../../../src/session/schema.ts'

const schema = v.object({
  userId: v.string(),
  cart: v.optional(v.array(v.object({ count: v.pipe(v.number(), v.minValue(1)) }))),
})

const good = new Map<string, unknown>([['userId', 'u1']])
const bad = new Map<string, unknown>([
  ['userId', 'u1'],
  ['cart', [{ count: 3 }, { count: 0 }]],
])

/** A schema that gives this answer. */
const answering = (
  result: SessionSchemaResult | Promise<SessionSchemaResult>,
  seen: unknown[] = [],
): SessionSchema<object> => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      seen.push(value)
      return result
    },
  },
})

const misfit = (path: string) =>
  expect.objectContaining({ name: 'SessionDataError', code: 'ERR_SESSION_DATA', path })

describe('fit', () => {
  test('gives the data that fits, and nothing for data that does not', async () => {
    expect(await validateData(good, schema)).toEqual(good)
    expect(await validateData(bad, schema)).toBeUndefined()
    expect(await validateData(new Map(), schema)).toBeUndefined()
  })

  test('gives the output of the schema, not its input', async () => {
    const trimming = v.object({
      name: v.pipe(v.string(), v.trim()),
      role: v.optional(v.string(), 'user'),
    })
    const data = new Map<string, unknown>([
      ['name', ' ada '],
      ['unknown', 1],
    ])
    expect(await validateData(data, trimming)).toEqual(
      new Map([
        ['name', 'ada'],
        ['role', 'user'],
      ]),
    )
  })

  test('waits for a schema that takes its time', async () => {
    expect(await validateData(good, answering(Promise.resolve({ value: { a: 1 } })))).toEqual(
      new Map([['a', 1]]),
    )
    expect(await validateData(good, answering(Promise.resolve({ issues: [{}] })))).toBeUndefined()
  })

  test('hands over a plain object, __proto__ included', async () => {
    const seen: unknown[] = []
    const data = new Map<string, unknown>([['__proto__', { admin: true }]])
    await validateData(data, answering({ value: {} }, seen))
    expect(Object.keys(Object(seen[0]))).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype)
  })

  test.each([[null], [5], ['text'], [[1]], [new Map()], [new Date(0)]])(
    'takes no output that is no plain object',
    async (value) => {
      expect(await validateData(good, answering({ value }))).toBeUndefined()
    },
  )

  test('takes issues for a refusal even if there are none in the list', async () => {
    expect(await validateData(good, answering({ issues: [] }))).toBeUndefined()
  })
})

describe('refuseMisfit', () => {
  test('lets through what fits', async () => {
    const seen: unknown[] = []
    await assertFitsSchema(good, answering({ value: 'whatever' }, seen))
    expect(seen).toEqual([{ userId: 'u1' }])
  })

  test('names the path of the first issue', async () => {
    await expect(assertFitsSchema(bad, schema)).rejects.toEqual(misfit('cart.1.count'))
    await expect(assertFitsSchema(new Map(), schema)).rejects.toEqual(misfit('userId'))
  })

  test.each<[string, SessionSchemaResult]>([
    ['a path of keys', { issues: [{ path: ['cart', 1, 'count'] }] }],
    ['a path of segments', { issues: [{ path: [{ key: 'cart' }, { key: 1 }, { key: 'count' }] }] }],
    ['a path of both, and more issues', { issues: [{ path: ['cart', { key: 1 }, 'count'] }, {}] }],
  ])('reads %s', async (_, result) => {
    await expect(assertFitsSchema(good, answering(result))).rejects.toEqual(misfit('cart.1.count'))
  })

  test.each<[string, SessionSchemaResult]>([
    ['no path', { issues: [{}] }],
    ['an empty path', { issues: [{ path: [] }] }],
    ['no issue', { issues: [] }],
  ])('speaks of the session when there is %s', async (_, result) => {
    await expect(assertFitsSchema(good, answering(result))).rejects.toEqual(misfit('the session'))
  })

  test('does not repeat the value, nor the message of the schema that may quote it', async () => {
    const quoting = { issues: [{ message: 'not "a card number"', path: ['card'] }] }
    const data = new Map([['card', 'a card number']])
    const error: unknown = await assertFitsSchema(data, answering(quoting)).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toEqual(misfit('card'))
    expect(String(error)).not.toContain('a card number')
    expect(error instanceof Error && error.cause).toBeUndefined()
  })
})
