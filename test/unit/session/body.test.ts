// The part of a payload after the claims: formatting contents, and parsing them.

import * as devalue from 'devalue'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session, SessionSerializer } from 'sealed-session'
import { formatBody, parseBody, parseBodyText } from '../../../src/session/body.ts'
import { createContents } from '../../../src/session/contents.ts'
import type { Contents, Scope } from '../../../src/session/contents.ts'
import type { Claims } from '../../../src/token/claims.ts'
import { ID, NAME, START, mint, payload } from '../../support/mint.ts'
import { dataError } from '../../support/errors.ts'
import { nestedArrays } from '../../support/nested-arrays.ts'
import { SERIALIZERS } from '../../support/serializers.ts'
import { setUp } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

const CSRF = 'A'.repeat(22)

function claims(more: Partial<Claims> = {}): Claims {
  const times = { startedAt: START, sealedAt: START, life: 1000 }
  return { id: ID, ...times, stamps: '', lifetime: '', binding: '', ...more }
}

function scope(data: object, scopes: Readonly<Record<string, Scope>> = {}): Scope {
  return { data: new Map(Object.entries(data)), scopes: new Map(Object.entries(scopes)) }
}

function contentsOf(data: object, more: Partial<Contents> = {}): Contents {
  return { ...createContents(new Map(Object.entries(data))), ...more }
}

function full(): Contents {
  return contentsOf(
    { a: 1 },
    {
      scopes: new Map([['s', scope({ b: 2 }, { i: scope({ c: 3 }) })]]),
      flash: [
        ['n', 'x'],
        ['m', 'y'],
        ['n', 'z'],
      ],
      csrf: CSRF,
      testCookie: true,
    },
  )
}

/** Returns the contents of a body. */
function parsed(body: string, serializer?: SessionSerializer): Contents | undefined {
  const [data, more = {}]: unknown[] = JSON.parse(`[${body}]`)
  return parseBody({ data, more: more as Readonly<Record<string, unknown>> }, serializer)
}

describe('formatBody', () => {
  test('returns only the data if there is nothing else', () => {
    expect(formatBody(createContents(), claims(), undefined)).toBe('{}')
    expect(formatBody(contentsOf({ a: 1 }), claims(), undefined)).toBe('{"a":1}')
  })

  test('has one member for each part of a session, in the order of docs/format.md', () => {
    const text = formatBody(full(), claims({ stamps: 'aaaabbbb', lifetime: 'long' }), undefined)
    expect(text).toBe(
      '{"a":1},' +
        '{"s":{"s":[{"b":2},{"i":[{"c":3},{}]}]},' +
        '"f":[["n","x"],["m","y"],["n","z"]],' +
        `"c":"${CSRF}","t":1,"o":"aaaabbbb","l":"long"}`,
    )
  })

  test('omits scopes without entries at any level', () => {
    const scopes = new Map([
      ['a', scope({}, { b: scope({}, { c: scope({}) }) })],
      ['k', scope({ x: 1 }, { e: scope({}) })],
    ])
    expect(formatBody(contentsOf({}, { scopes }), claims(), undefined)).toBe(
      '{},{"s":{"k":[{"x":1},{}]}}',
    )
    scopes.delete('k')
    expect(formatBody(contentsOf({}, { scopes }), claims(), undefined)).toBe('{}')
  })

  test('puts the output of a serializer into strings, so that none of it reaches other members', () => {
    const text = formatBody(full(), claims(), devalue)
    const [data, more]: unknown[] = JSON.parse(`[${text}]`)
    expect(data).toBe(devalue.stringify({ a: 1 }))
    expect(more).toEqual({
      s: devalue.stringify({ s: [{ b: 2 }, { i: [{ c: 3 }, {}] }] }),
      f: devalue.stringify([
        ['n', 'x'],
        ['m', 'y'],
        ['n', 'z'],
      ]),
      c: CSRF,
      t: 1,
    })
  })

  test('throws for a value that strict JSON would change, with its path', () => {
    const date = new Date(0)
    const refused = (contents: Contents) => () => formatBody(contents, claims(), undefined)
    expect(refused(contentsOf({ a: [date] }))).toThrow(dataError('a[0]'))
    const scopes = new Map([['s', scope({}, { i: scope({ at: date }) })]])
    expect(refused(contentsOf({}, { scopes }))).toThrow(dataError('scope(s).scope(i).at'))
    expect(refused(contentsOf({}, { flash: [['n', { at: date }]] }))).toThrow(
      dataError('flash.n.at'),
    )
  })
})

describe('parseBody', () => {
  test.each(SERIALIZERS)('is the inverse of formatBody, with %s', (_, text) => {
    const body = formatBody(full(), claims(), text)
    expect(parsed(body, text)).toEqual(full())
    expect(formatBody(parsed(body, text) ?? createContents(), claims(), text)).toBe(body)
    expect(parseBodyText(body, text)).toEqual(full())
  })

  test('returns any contents that formatBody has written', () => {
    const key = fc.string({ unit: 'grapheme', maxLength: 4 })
    const value = fc
      .jsonValue({ maxDepth: 3 })
      .map((json): unknown => JSON.parse(JSON.stringify(json)))
    const entries = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true })
    const inner = fc.dictionary(
      key.filter((name) => name !== ''),
      entries.filter((data) => Object.keys(data).length > 0).map((data) => scope(data)),
      { maxKeys: 3, noNullPrototype: true },
    )
    const contents = fc.record({
      data: entries.map((data) => new Map<string, unknown>(Object.entries(data))),
      scopes: inner.map((scopes) => new Map(Object.entries(scopes))),
      flash: fc.array(fc.tuple(key, value), { maxLength: 4 }),
      csrf: fc.constantFrom(undefined, CSRF),
      testCookie: fc.boolean(),
    })
    fc.assert(
      fc.property(contents, (all) => {
        expect(parsed(formatBody(all, claims(), undefined))).toEqual(all)
      }),
    )
  })

  test.each<[string, object]>([
    ['scopes that are an array', { s: [] }],
    ['scopes that are a string', { s: 'x' }],
    ['scopes that are null', { s: null }],
    ['a scope that is no pair', { s: { a: {} } }],
    ['a scope whose entries are no object', { s: { a: [1, {}] } }],
    ['a scope without its scopes', { s: { a: [{}] } }],
    ['inner scopes that are none', { s: { a: [{}, { b: 1 }] } }],
    ['a scope whose values nest too deep', { s: { cart: [{ deep: nestedArrays(131) }, {}] } }],
    ['messages that are an object', { f: { notice: ['x'] } }],
    ['a message without a key', { f: [['x']] }],
    ['a message whose key is no string', { f: [[1, 'x']] }],
    ['messages as a string without a serializer', { f: '[]' }],
    ['messages that nest too deep', { f: [['notice', nestedArrays(101)]] }],
    ['a CSRF secret that is a number', { c: 1 }],
    ['a CSRF secret that is too short', { c: 'A'.repeat(21) }],
    ['a CSRF secret in a second spelling', { c: `${'A'.repeat(21)}B` }],
    ['a CSRF secret that is null', { c: null }],
    ['a test cookie that is true', { t: true }],
    ['a test cookie that is 0', { t: 0 }],
    ['a test cookie that is a string', { t: '1' }],
    ['a test cookie that is null', { t: null }],
  ])('finds no contents in %s, and the session is invalid as a whole', async (_, more) => {
    expect(parseBody({ data: { user: 'ada' }, more: { ...more } }, undefined)).toBeUndefined()
    const session = await setUp().sessions.open(`${NAME}=${mint(payload({ more }))}`)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect(session.isEmpty).toBe(true)
  })

  test.each([[5], ['text'], ['{}'], [[]], [null], [true], [[{ user: 'ada' }]]])(
    'finds no contents if the data is %j',
    async (data) => {
      expect(parseBody({ data, more: {} }, undefined)).toBeUndefined()
      const session = await setUp().sessions.open(`${NAME}=${mint(payload({ data }))}`)
      expect(session.rejection).toEqual({ reason: 'invalid-data' })
    },
  )

  test('reads objects from before a serializer was configured', () => {
    const body = formatBody(full(), claims(), undefined)
    expect(parsed(body, devalue)).toEqual(full())
  })

  test('never throws, whatever a serializer does', () => {
    const failing = {
      stringify: JSON.stringify,
      parse: () => {
        throw new RangeError('x')
      },
    }
    expect(parseBody({ data: '[]', more: {} }, failing)).toBeUndefined()
    for (const more of [{ s: 'x' }, { f: 'x' }]) {
      expect(parseBody({ data: {}, more }, failing)).toBeUndefined()
    }
  })

  test.each([
    ['-0', '-0'],
    ['a number beyond a double', '1e400'],
    ['half of a surrogate pair', '"\\ud800"'],
  ])('a token with %s, which cannot be written again, is refused', async (_, json) => {
    const spelled = (text: string) => text.replace('"marker"', json)
    const places = [
      { data: { n: 'marker' } },
      { data: { n: { deep: ['marker'] } } },
      { more: { s: { a: [{ n: 'marker' }, {}] } } },
      { more: { f: [['n', 'marker']] } },
    ]
    for (const place of places) {
      const { sessions } = setUp()
      const session = await sessions.open(`${NAME}=${mint(spelled(payload(place)))}`)
      expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'invalid-data' }, true])
    }
  })
})

describe('parseBodyText', () => {
  test('throws a SessionDataError if a serializer does not read what it wrote', () => {
    const text = JSON.stringify('x')
    const broken = { stringify: () => 'x', parse: () => 5 }
    expect(() => parseBodyText(text, broken)).toThrow(dataError('the session'))
    expect(() => parseBodyText('5', undefined)).toThrow(dataError('the session'))
    expect(() => parseBodyText('{},5', undefined)).toThrow(dataError('the session'))
  })
})

describe('scopes', () => {
  test('are read down to the sixteenth level with the deepest value, and no deeper', async () => {
    const { received } = setUp({ limits: 'node' })
    const innermost = (outer: Session<Data>) => {
      let inner = outer.scope('s')
      for (let level = 1; level < 16; level++) inner = inner.scope('s')
      return inner
    }
    const deep = nestedArrays(99)
    const session = await received((first) => {
      innermost(first).set('deep', deep)
      expect(() => innermost(first).set('deeper', [deep])).toThrow(
        dataError(`${'scope(s).'.repeat(16)}deeper${'[0]'.repeat(99)}`),
      )
    })
    expect(innermost(session).get('deep')).toEqual(deep)
  })

  test.each([16, 17])(
    'of another writer with %i levels open if there are at most 16',
    async (levels) => {
      let scopes: object = {}
      for (let level = 0; level < levels; level++) scopes = { a: [{ at: level }, scopes] }
      const session = await setUp().sessions.open(
        `${NAME}=${mint(payload({ more: { s: scopes } }))}`,
      )
      const reason = levels === 16 ? undefined : { reason: 'invalid-data' }
      expect(session.rejection).toEqual(reason)
    },
  )
})
