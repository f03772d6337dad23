// Scopes: the same dictionary for one package or feature, inside one session.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import * as fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Dictionary, SessionSerializer, Session, SessionOptions } from 'sealed-session'
import { MAX_SCOPE_LEVELS } from '../../../src/session/contents.ts'
import { pairsOf } from '../../support/cookie-jar.ts'
import { NAME, SECRET, START, claims, mint, untyped } from '../../support/mint.ts'

type Data = Record<string, unknown>

interface Cart {
  items: string[]
  coupon: string
}

const COMMITTED = expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' })
const SERIALIZERS: [string, SessionSerializer | undefined][] = [
  ['strict JSON', undefined],
  ['JSON', JSON],
  ['devalue', devalue],
  ['superjson', superjson],
]
const HOSTILE = ['constructor', 'hasOwnProperty', 'toString', 'd', 'exp', 'scope', '0', ' ', 'a.b']

function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const clock = () => time.now * 1000
  const sessions = createSessions<Data>({ secrets: SECRET, clock, ...options })
  const next = async (session: Session<Data>) =>
    sessions.open(pairsOf(await sessions.setCookies(session)))
  return { time, sessions, next }
}

async function fresh(options: Partial<SessionOptions<Data>> = {}): Promise<Session<Data>> {
  return setUp(options).sessions.open(null)
}

function refused(option: string) {
  return expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option })
}

function misfit(path: string) {
  return expect.objectContaining({ code: 'ERR_SESSION_DATA', path })
}

/** The innermost of some scopes, each in the one before. */
function nested(outer: Dictionary<Data>, names: readonly string[]): Dictionary<Data> {
  return names.reduce((dictionary, name) => dictionary.scope(name), outer)
}

describe('a scope is a dictionary', () => {
  test('every member of it answers for its own keys', async () => {
    const cart = (await fresh()).scope<Cart>('cart')
    expect([cart.isEmpty, cart.size, cart.keys()]).toEqual([true, 0, []])
    cart.set('items', ['tea'])
    cart.set('coupon', 'x')
    expect(cart.get('items')).toEqual(['tea'])
    expect([cart.has('coupon'), cart.isEmpty, cart.size]).toEqual([true, false, 2])
    expect(cart.entries()).toEqual([...cart])
    expect(cart.toJSON()).toEqual({ items: ['tea'], coupon: 'x' })
    expect(JSON.stringify(cart)).toBe('{"items":["tea"],"coupon":"x"}')
    expect([cart.delete('coupon'), cart.delete('coupon'), cart.has('coupon')]).toEqual([
      true,
      false,
      false,
    ])
    expect(cart.get('coupon', 'none')).toBe('none')
    expect(cart.keys()).toEqual(['items'])
  })

  test('its name leads to the same entries each time', async () => {
    const session = await fresh()
    const [one, other] = [session.scope('cart'), session.scope('cart')]
    one.set('items', 1)
    expect(other.get('items')).toBe(1)
    other.delete('items')
    expect(one.isEmpty).toBe(true)
  })

  test('its keys meet none of the session, of another scope, or of a scope inside it', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    const places = [[], ['a'], ['b'], ['a', 'a'], ['a', 'b'], ['scope(a)'], ['a.a']]
    for (const place of places) nested(session, place).set('key', place.join('/'))
    const later = await next(session)
    for (const place of places)
      expect(nested(later, place).toJSON()).toEqual({ key: place.join('/') })
    expect(later.keys()).toEqual(['key'])
    nested(later, ['a']).delete('key')
    expect(places.map((place) => nested(later, place).has('key'))).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ])
  })

  test('a key of the session that bears the name of a scope is another thing', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('cart', 'data')
    session.scope('cart').set('cart', 'scoped')
    const later = await next(session)
    expect([later.get('cart'), later.scope('cart').get('cart')]).toEqual(['data', 'scoped'])
    later.delete('cart')
    expect(later.scope('cart').get('cart')).toBe('scoped')
  })

  test('clear empties it and the scopes inside it, and nothing else', async () => {
    const session = await fresh()
    for (const place of [[], ['a'], ['a', 'b'], ['c']]) nested(session, place).set('key', 1)
    session.scope('a').clear()
    expect([session.size, session.scope('a').isEmpty, nested(session, ['a', 'b']).size]).toEqual([
      1,
      true,
      0,
    ])
    expect(session.scope('c').get('key')).toBe(1)
  })

  test("the session's own clear empties all of them, with messages, CSRF secret and test mark", async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    nested(session, ['a', 'b']).set('key', 1)
    session.set('key', 1)
    session.flash('notice', 'hello')
    session.csrfToken()
    session.setTestCookie()
    const later = await next(session)
    expect(later.isEmpty).toBe(false)
    later.clear()
    expect([later.isEmpty, later.flash('notice'), nested(later, ['a', 'b']).size]).toEqual([
      true,
      undefined,
      0,
    ])
    expect(await sessions.setCookies(later)).toEqual([expect.stringContaining('Max-Age=0')])
  })

  test('it shows nothing of what it holds', async () => {
    const scope = (await fresh()).scope('cart')
    scope.set('token', 'marker-77aa')
    expect(inspect(scope, { depth: 9, showHidden: true })).not.toContain('marker-77aa')
    expect(Object.prototype.toString.call(scope)).toBe('[object Dictionary]')
  })
})

describe('scopes travel with the session', () => {
  test.each(SERIALIZERS)(
    'under %s, nested, with all keys in their order',
    async (_, serializer) => {
      const { sessions, next } = setUp({ serializer })
      const session = await sessions.open(null)
      session.set('own', 1)
      session.scope('cart').set('items', [{ sku: 'tea' }])
      session.scope('cart').set('coupon', 'zoë 🦊')
      nested(session, ['cart', 'history']).set('last', null)
      nested(session, ['a', 'b', 'c']).set('deep', true)
      const later = await next(session)
      expect(later.rejection).toBeUndefined()
      expect(later.toJSON()).toEqual({ own: 1 })
      expect(later.scope('cart').entries()).toEqual([
        ['items', [{ sku: 'tea' }]],
        ['coupon', 'zoë 🦊'],
      ])
      expect(nested(later, ['cart', 'history']).toJSON()).toEqual({ last: null })
      expect(nested(later, ['a', 'b', 'c']).toJSON()).toEqual({ deep: true })
      expect(await sessions.setCookies(later)).toEqual([])
    },
  )

  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('under %s with what JSON cannot hold', async (_, serializer) => {
    const { sessions, next } = setUp({ serializer })
    const session = await sessions.open(null)
    session.scope('seen').set('at', new Date(0))
    session.scope('seen').set('tags', new Set(['a']))
    const later = await next(session)
    expect(later.scope('seen').get('at')).toEqual(new Date(0))
    expect(later.scope('seen').get('tags')).toEqual(new Set(['a']))
  })

  test('a scope alone is a session', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.scope('cart').set('items', 1)
    expect([session.size, session.isEmpty]).toEqual([0, false])
    const later = await next(session)
    expect([later.isNew, later.id]).toEqual([false, session.id])
    later.scope('cart').delete('items')
    expect(later.isEmpty).toBe(true)
    expect(await sessions.setCookies(later)).toEqual([expect.stringContaining('Max-Age=0')])
  })

  test('looking at a scope, and at scopes inside it, writes nothing and makes no session', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    nested(session, ['a', 'b']).get('key')
    nested(session, ['a', 'c']).delete('key')
    session.scope('d').clear()
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('empty scopes take no bytes', async () => {
    const { sessions, next } = setUp()
    const sizeOf = async (touch: (session: Session<Data>) => void) => {
      const session = await sessions.open(null)
      session.set('user', 'ada')
      session.scope('kept').set('x', 1)
      touch(session)
      const lines = await sessions.setCookies(session)
      return pairsOf(lines).length
    }
    const plain = await sizeOf(() => {})
    const emptied = await sizeOf((session) => {
      for (const name of ['a', 'b']) {
        nested(session, [name, 'inner']).set('key', 'value')
        session.scope(name).clear()
        nested(session, ['kept', name]).set('key', 'value')
        nested(session, ['kept', name]).delete('key')
      }
    })
    expect(emptied).toBe(plain)

    const session = await sessions.open(null)
    session.scope('a').set('x', 1)
    const later = await next(session)
    nested(later, ['b', 'c']).set('x', 1)
    nested(later, ['b', 'c']).delete('x')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('a change inside a value is noticed, however it was come by', async () => {
    const reach: ((scope: Dictionary<Data>) => unknown)[] = [
      (scope) => scope.get('list'),
      (scope) => scope.entries()[0]?.[1],
      (scope) => [...scope][0]?.[1],
      (scope) => scope.toJSON()['list'],
    ]
    for (const find of reach) {
      const { sessions, next } = setUp()
      const session = await sessions.open(null)
      nested(session, ['a', 'b']).set('list', [1])
      const later = await next(session)
      untyped<number[]>(find(nested(later, ['a', 'b']))).push(2)
      expect(nested(await next(later), ['a', 'b']).get('list')).toEqual([1, 2])
    }
  })

  test('a value that was only looked at is not written again', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.scope('a').set('list', [1])
    const later = await next(session)
    later.scope('a').get('list')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('after the commit a change is an error, in place too, and reading is not', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const scope = nested(session, ['a', 'b'])
    const list = [1]
    scope.set('list', list)
    await sessions.setCookies(session)
    expect(scope.get('list')).toEqual([1])
    for (const change of [
      () => scope.set('x', 1),
      () => scope.set('x', 1n),
      () => scope.set(untyped<string>(1), 1),
      () => scope.delete('list'),
      () => scope.clear(),
      () => session.scope('new').set('x', 1),
    ]) {
      expect(change).toThrow(COMMITTED)
    }
    list.push(2)
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED)
  })

  test('a value that was set is watched after the commit, without having been looked at', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const list = [1]
    session.scope('a').set('list', list)
    await sessions.setCookies(session)
    list.push(2)
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED)
  })

  test('revoked may look at scopes, and what it changes there is not kept', async () => {
    const seen: unknown[] = []
    const revoked = (session: Session<Data>) => {
      seen.push(nested(session, ['a', 'b']).get('key'))
      session.scope('a').set('added', 1)
      nested(session, ['a', 'b']).clear()
      return false
    }
    const { sessions, next } = setUp({ revoked })
    const session = await sessions.open(null)
    nested(session, ['a', 'b']).set('key', 1)
    const later = await next(session)
    expect(seen).toEqual([1])
    expect(later.scope('a').has('added')).toBe(false)
    expect(nested(later, ['a', 'b']).get('key')).toBe(1)
  })
})

describe('names', () => {
  test.each(SERIALIZERS.slice(0, 2))('under %s any text will do', async (_, serializer) => {
    const { sessions, next } = setUp({ serializer })
    const names = [...HOSTILE, '__proto__', 'prototype', '\0', '"', '🦊', 'x'.repeat(100)]
    const session = await sessions.open(null)
    for (const name of names) {
      session.scope(name).set('name', name)
      nested(session, ['in', name]).set(name, 1)
    }
    const later = await next(session)
    for (const name of names) {
      expect(later.scope(name).toJSON()).toEqual({ name })
      expect(nested(later, ['in', name]).entries()).toEqual([[name, 1]])
    }
    expect(Reflect.get({}, 'name')).toBeUndefined()
  })

  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('under %s too, or they are refused and nothing is written', async (_, serializer) => {
    for (const name of [...HOSTILE, '__proto__', 'prototype']) {
      const { sessions, next } = setUp({ serializer })
      const session = await sessions.open(null)
      session.scope(name).set('key', 1)
      const later = await next(session).catch((error: unknown) => error)
      if (later instanceof Error) expect(later).toEqual(misfit('the session'))
      else expect(untyped<Session<Data>>(later).scope(name).get('key')).toBe(1)
    }
  })

  test.each(['', '\ud800', 'a\udc00', undefined, null, 1, {}, Symbol('s')])(
    '%o is refused',
    async (name) => {
      const session = await fresh()
      expect(() => session.scope(untyped(name))).toThrow(refused('scope'))
      expect(() => session.scope('a').scope(untyped(name))).toThrow(refused('scope'))
      expect(session.isEmpty).toBe(true)
    },
  )

  test('keys and names of every kind come back as they were', async () => {
    const { sessions, next } = setUp()
    const text = fc.string({ unit: 'grapheme', maxLength: 5 })
    const tree = fc.dictionary(
      text.filter((name) => name !== ''),
      fc.dictionary(text, fc.oneof(fc.integer(), text, fc.boolean()), { maxKeys: 3 }),
      { maxKeys: 4 },
    )
    await fc.assert(
      fc.asyncProperty(tree, async (scopes) => {
        const session = await sessions.open(null)
        session.set('own', true)
        for (const [name, data] of Object.entries(scopes)) {
          for (const [key, value] of Object.entries(data)) session.scope(name).set(key, value)
        }
        const later = await next(session)
        for (const [name, data] of Object.entries(scopes)) {
          expect(later.scope(name).entries()).toEqual(Object.entries(data))
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('what does not fit', () => {
  test('is refused at set with a path that says which scope', async () => {
    const session = await fresh()
    const cart = session.scope('cart')
    expect(() => cart.set('at', new Date(0))).toThrow(misfit('scope(cart).at'))
    expect(() => nested(session, ['a', 'b']).set('list', [1n])).toThrow(
      misfit('scope(a).scope(b).list[0]'),
    )
    expect(() => cart.set('\ud800', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
    expect(session.isEmpty).toBe(true)
  })

  test('is refused at the commit, with the same path, when it got in later', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const list: unknown[] = []
    nested(session, ['a', 'b']).set('list', list)
    list.push(undefined)
    await expect(sessions.setCookies(session)).rejects.toThrow(misfit('scope(a).scope(b).list[0]'))
    list.pop()
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('a key that is no text is refused', async () => {
    const scope = (await fresh()).scope('a')
    expect(() => scope.set(untyped<string>(1), 1)).toThrow(refused('key'))
    expect(scope.isEmpty).toBe(true)
  })

  test('scopes nest 16 levels, come back from there, and no deeper one can be had', async () => {
    const { sessions, next } = setUp({ limits: 'node' })
    expect(MAX_SCOPE_LEVELS).toBe(16)
    const names = Array.from({ length: 16 }, (_, level) => `n${level}`)
    const session = await sessions.open(null)
    nested(session, names).set('deep', deepest())
    expect(() => nested(session, names).scope('further')).toThrow(refused('scope'))
    const later = await next(session)
    expect(later.rejection).toBeUndefined()
    expect(nested(later, names).get('deep')).toEqual(deepest())
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('a value may nest as deep in a scope as in the session', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('deep', deepest())
    session.scope('a').set('deep', deepest())
    expect(() => session.scope('a').set('deeper', [deepest()])).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
    const later = await next(session)
    expect(later.scope('a').get('deep')).toEqual(deepest())
    expect(later.get('deep')).toEqual(deepest())
  })

  test.each<[string, unknown]>([
    ['a list', []],
    ['text', 'x'],
    ['null', null],
    ['no list of entries', { a: {} }],
    ['an entry that is no object', { a: [1, {}] }],
    ['a scope without its scopes', { a: [{}] }],
    ['scopes that are none, further down', { a: [{}, { b: 1 }] }],
    ['17 levels', Array.from({ length: 17 }).reduce((inner: object) => ({ a: [{}, inner] }), {})],
  ])('a token whose scopes are %s is refused as a whole', async (_, s) => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${await mint(claims({ s }))}`)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect([session.isEmpty, session.scope('a').isEmpty]).toEqual([true, true])
  })
})

describe('measure', () => {
  test('names each scope with all that is in it, and moves it as one', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.scope('cart').set('items', 'tea,'.repeat(300))
    nested(session, ['cart', 'old']).set('items', 'tea,'.repeat(300))
    session.scope('small').set('x', 1)
    nested(session, ['none', 'none']).clear()
    const { keys, move, level } = await sessions.measure(session)
    expect(keys.map(({ key }) => key)).toEqual([
      'scope(cart)',
      expect.any(String),
      expect.any(String),
    ])
    expect(new Set(keys.map(({ key }) => key))).toEqual(
      new Set(['scope(cart)', 'scope(small)', 'user']),
    )
    expect([level, move]).toEqual(['over', ['scope(cart)']])
    expect(keys[0]?.bytes).toBeGreaterThan(2400)
  })

  test('asking changes nothing', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    nested(session, ['a', 'b']).set('x', 1)
    await sessions.measure(session)
    expect(nested(session, ['a', 'b']).get('x')).toBe(1)
  })
})

describe('the life of the session', () => {
  test('regenerate keeps the scopes that are named, whole, and drops the others', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'eve')
    session.set('cart', 'data')
    for (const place of [['cart'], ['cart', 'inner'], ['other']]) nested(session, place).set('x', 1)
    const later = await next(session)
    later.regenerate({ scopes: ['cart', 'none'] })
    expect([later.toJSON(), later.scope('other').isEmpty]).toEqual([{}, true])
    const last = await next(later)
    expect([last.scope('cart').get('x'), nested(last, ['cart', 'inner']).get('x')]).toEqual([1, 1])
    expect([last.scope('other').isEmpty, last.scope('none').isEmpty]).toEqual([true, true])
    expect(last.id).not.toBe(session.id)
  })

  test('regenerate keeps keys and scopes apart: a name in one list says nothing in the other', async () => {
    const session = await fresh()
    session.set('a', 1)
    session.scope('a').set('x', 1)
    session.set('b', 1)
    session.scope('b').set('x', 1)
    session.regenerate({ keep: ['a'], scopes: ['b'] })
    expect([session.keys(), session.scope('a').isEmpty, session.scope('b').isEmpty]).toEqual([
      ['a'],
      true,
      false,
    ])
  })

  test.each([
    ['regenerate', (session: Session<Data>) => session.regenerate()],
    ['destroy', (session: Session<Data>) => session.destroy()],
  ])('a scope from before %s leads to the new session', async (_, end) => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    nested(session, ['a', 'b']).set('x', 'old')
    const later = await next(session)
    const scope = nested(later, ['a', 'b'])
    expect(scope.get('x')).toBe('old')
    end(later)
    expect([scope.isEmpty, scope.get('x'), later.id]).toEqual([true, undefined, undefined])
    scope.set('x', 'new')
    expect(later.id).not.toBe(session.id)
    const last = await next(later)
    expect(nested(last, ['a', 'b']).toJSON()).toEqual({ x: 'new' })
    expect([last.id, last.rejection]).toEqual([later.id, undefined])
  })

  test('a schema is for the session’s own data, and scopes alone need none', async () => {
    const validate = (value: unknown) =>
      'user' in Object(value) ? { value } : { issues: [{ path: ['user'] }] }
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
    const { sessions, next } = setUp({ schema: untyped(schema) })
    const session = await sessions.open(null)
    session.scope('cart').set('items', 1)
    const later = await next(session)
    expect([later.rejection, later.scope('cart').get('items')]).toEqual([undefined, 1])
    later.set('other', 1)
    await expect(sessions.setCookies(later)).rejects.toThrow(misfit('user'))
  })

  test('under wrap, looking into a scope is a use of the session', async () => {
    const { sessions } = setUp()
    const varyOf = async (look: (session: Session<Data>) => void) => {
      const handler = sessions.wrap((_, session) => {
        look(session)
        return new Response()
      })
      const response = await handler(new Request('https://example.test/'))
      return response.headers.get('vary')
    }
    expect(await varyOf((session) => session.scope('a').has('x'))).toBe('Cookie')
    expect(await varyOf(() => {})).toBeNull()
  })
})

/** The deepest value that may be stored: 99 levels, the data being the hundredth. */
function deepest(): unknown {
  let value: unknown = 1
  for (let level = 0; level < 99; level++) value = [value]
  return value
}
