// The data of a session, before and after its cookies. Rows G1 to G7 of threats.md.

import { randomBytes } from 'node:crypto'
import * as devalue from 'devalue'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ENGINES, expectNothing, setUpAttack, useEngine } from '../support/attacks.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { START, mint, mintToken, payload } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('G1: opened data is plain JSON, whatever it looks like', async () => {
    const { openValue, sessions, cookieWith } = setUpAttack()
    const tempting: Data = {
      a: { __type: 'Date', value: 0 },
      b: '_$$ND_FUNC$$_function(){}()',
      c: { json: {}, meta: { values: {} } },
      d: { $date: '2026-01-01' },
      e: '[{"a":1}]',
      f: { constructor: 'x', valueOf: 'y' },
    }
    const session = await sessions.open(await cookieWith(tempting))
    expect(session.toJSON()).toEqual(tempting)
    expect(Object.getPrototypeOf(session.get('a'))).toBe(Object.prototype)
    const text = devalue.stringify({ user: 'ada' })
    expectNothing(await openValue(mint(payload({ data: text }))), 'invalid-data')
  })

  test('G2: no key pollutes a prototype, nested ones neither, written or read', async () => {
    const hostile =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
      '"nested":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},' +
      '"list":[{"__proto__":{"polluted":1}}]}'
    const { openValue, sessions } = setUpAttack()
    const session = await openValue(mint(payload({ data: 0 }).replace(',0]', `,${hostile}]`)))
    expect(session.keys()).toEqual(['__proto__', 'constructor', 'nested', 'list'])
    expect(JSON.stringify(session)).toBe(hostile)
    session.set('more', JSON.parse(hostile))
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(JSON.stringify(next.get('more'))).toBe(hostile)
    for (const object of [{}, [], next.toJSON(), next, () => 1]) {
      expect(Reflect.get(object, 'polluted')).toBeUndefined()
    }
  })

  function nestedValue(depth: number): unknown {
    let value: unknown = 1
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { v: value }
    return value
  }

  test('G3: data that nests too deep is a SessionDataError on write and rejected on read, never a RangeError', async () => {
    const { sessions, openValue, cookieWith } = setUpAttack({ limits: 'browsers' })
    const session = await sessions.open(null)
    for (const depth of [100, 101, 1000, 100_000]) {
      expect(() => session.set('deep', nestedValue(depth))).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
      )
    }
    expect(session.isEmpty).toBe(true)
    const deepest = { deep: nestedValue(99) }
    expect((await sessions.open(await cookieWith(deepest))).toJSON()).toEqual(deepest)
    for (const depth of [100, 150, 2500]) {
      const text = `{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const whole = payload({ data: 0 }).replace(',0]', `,${text}]`)
      expectNothing(await sessions.unseal(mintToken(whole)), 'invalid-data')
      if (depth < 1000) expectNothing(await openValue(mint(whole)), 'invalid-data')
    }
  })

  test('G4: a value that JSON would change silently is rejected, with its path', async () => {
    const { sessions } = setUpAttack()
    const session = await sessions.open(null)
    const cycle: unknown[] = []
    cycle.push({ cycle })
    const withGetter = Object.defineProperty({}, 'x', { get: () => 1, enumerable: true })
    const hidden = Object.defineProperty({}, 'x', { value: 1, enumerable: false })
    const sparse: unknown[] = [1]
    sparse.length = 3
    const values: readonly (readonly [unknown, string])[] = [
      [new Date(0), ''],
      [new Map(), ''],
      [new Set(), ''],
      [new Error('x'), ''],
      [/x/, ''],
      [new Uint8Array(2), ''],
      [new URL('https://example.test'), ''],
      [Promise.resolve(), ''],
      [Object('boxed'), ''],
      [1n, ''],
      [undefined, ''],
      [Number.NaN, ''],
      [Infinity, ''],
      [-0, ''],
      [Symbol('s'), ''],
      [() => 1, ''],
      ['\ud800', ''],
      ['x\udc00y', ''],
      [{ toJSON: () => 1 }, '.toJSON'],
      [cycle, '[0].cycle'],
      [withGetter, '.x'],
      [hidden, '.x'],
      [sparse, '[1]'],
      [{ [Symbol('s')]: 1 }, ''],
      [{ '\ud800': 1 }, ''],
      [{ a: [{ b: undefined }] }, '.a[0].b'],
      [{ 'a b': 1n }, '["a b"]'],
    ]
    for (const [value, path] of values) {
      expect(() => session.set('v', value)).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA', path: `v${path}` }),
      )
    }
    expect(session.isEmpty).toBe(true)
    expect(() => session.set('\ud800', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
  })

  test('G5: data of equal length gives tokens of equal length: nothing is compressed', async () => {
    const { cookieWith } = setUpAttack()
    const lengths = new Set<number>()
    for (const text of [
      'x'.repeat(600),
      randomBytes(450).toString('base64url'),
      'ab'.repeat(300),
    ]) {
      lengths.add((await cookieWith({ token: 'secret-value', text })).length)
    }
    expect(lengths.size).toBe(1)
    const longer = await cookieWith({ token: 'secret-value', text: 'x'.repeat(603) })
    expect([longer.length - 4]).toEqual([...lengths])
  })

  test("G7: the application's keys and the session's own members are separate", async () => {
    const { time, sessions, cookieWith } = setUpAttack()
    const names = ['s', 'f', 'c', 't', 'o', 'l', 'id', 'startedAt', 'expiresAt', 'data']
    const data = Object.fromEntries(names.map((name) => [name, 9_999_999_999]))
    const cookie = await cookieWith(data)
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual(data)
    expect(session.id).toMatch(/^[\w-]{22}$/)
    expect(session.startedAt).toEqual(new Date(START * 1000))
    expect(session.expiresAt).toEqual(new Date((START + 86_400) * 1000))
    time.now += 86_405
    expectNothing(await sessions.open(cookie), 'idle')
  })

  test('G7: a serializer whose output looks like a payload cannot change one', async () => {
    const text = '{}",{"l":"long","o":"AAAA"}],{"user":"admin"}'
    const serializer = {
      stringify: (data: object) => text + JSON.stringify(data),
      parse: (read: string) => JSON.parse(read.slice(text.length)),
    }
    const { sessions, cookieWith, time } = setUpAttack({ serializer })
    const cookie = await cookieWith({ user: 'ada' })
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual({ user: 'ada' })
    expect(session.expiresAt).toEqual(new Date((START + 86_400) * 1000))
    time.now += 86_405
    expectNothing(await sessions.open(cookie), 'idle')
  })
})
