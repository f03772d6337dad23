// The dictionary of a session, and that of each scope.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import superjson from 'superjson'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session, SessionDictionary } from 'sealed-session'
import { MAX_SCOPE_LEVELS } from '../../../src/session/contents.ts'
import { Dictionary } from '../../../src/session/dictionary.ts'
import type { DictionaryAccess } from '../../../src/session/dictionary.ts'
import { NAME, mint, payload, untyped } from '../../support/mint.ts'
import {
  COMMITTED_ERROR,
  NO_ERROR,
  catchAsyncError,
  configError,
  dataError,
} from '../../support/errors.ts'
import { demandingKeys, schemaOf } from '../../support/schema.ts'
import { SERIALIZERS } from '../../support/serializers.ts'
import { openNew, setUp } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

interface Profile {
  user?: string
  visits?: number
  roles?: string[]
  nothing?: null
}

interface Cart {
  items: string[]
  coupon: string
}
const HOSTILE = ['constructor', 'hasOwnProperty', 'toString', 's', 'exp', 'scope', '0', ' ', 'a.b']

async function freshProfile(): Promise<Session<Profile>> {
  return setUp<Profile>().sessions.open(null)
}

/** Returns the innermost of nested scopes. */
function innermostScope(
  outer: SessionDictionary<Data>,
  names: readonly string[],
): SessionDictionary<Data> {
  return names.reduce((dictionary, name) => dictionary.scope(name), outer)
}

describe('the dictionary', () => {
  test('get returns the value that set stored, or for a missing key undefined or the fallback', async () => {
    const session = await freshProfile()
    session.set('user', 'ada')
    session.set('nothing', null)
    expect(session.get('user')).toBe('ada')
    expect(session.get('visits')).toBeUndefined()
    expect(session.get('visits', 0)).toBe(0)
    expect(session.get('nothing', 'fallback')).toBeNull()
    expect(session.get('user', 'eve')).toBe('ada')
  })

  test('a fallback is not stored', async () => {
    const session = await freshProfile()
    session.get('visits', 7)
    expect(session.has('visits')).toBe(false)
    expect(session.isEmpty).toBe(true)
  })

  test('get returns the value itself, not a copy', async () => {
    const session = await freshProfile()
    const roles = ['admin']
    session.set('roles', roles)
    expect(session.get('roles')).toBe(roles)
  })

  test('set replaces a value, and keeps the position of the key', async () => {
    const session = await freshProfile()
    session.set('user', 'ada')
    session.set('visits', 1)
    session.set('user', 'eve')
    expect(session.entries()).toEqual([
      ['user', 'eve'],
      ['visits', 1],
    ])
  })

  test('has and delete return whether the key exists', async () => {
    const session = await freshProfile()
    session.set('user', 'ada')
    expect(session.has('user')).toBe(true)
    expect(session.delete('user')).toBe(true)
    expect(session.delete('user')).toBe(false)
    expect(session.has('user')).toBe(false)
  })

  test('clear removes every key', async () => {
    const session = await freshProfile()
    session.set('user', 'ada')
    session.set('visits', 1)
    session.clear()
    expect(session.size).toBe(0)
    expect(session.keys()).toEqual([])
  })

  test('keys, entries, iteration and size agree', async () => {
    const session = await freshProfile()
    session.set('visits', 1)
    session.set('user', 'ada')
    expect(session.keys()).toEqual(['visits', 'user'])
    expect([...session]).toEqual(session.entries())
    expect(session.size).toBe(2)
    expect(Object.fromEntries(session)).toEqual(session.toJSON())
  })

  test('toJSON returns only the data, in a new object', async () => {
    const session = await freshProfile()
    session.set('user', 'ada')
    const data = session.toJSON()
    expect(data).toEqual({ user: 'ada' })
    data.user = 'eve'
    expect(session.get('user')).toBe('ada')
    expect(JSON.stringify({ session })).toBe('{"session":{"user":"ada"}}')
  })

  test('keys, values and their order are kept until the next request', async () => {
    const { sessions, next } = setUp<Profile>()
    const session = await sessions.open(null)
    session.set('visits', 1)
    session.set('roles', ['a', 'b'])
    session.set('user', 'zoë 🦊')
    expect((await next(session)).entries()).toEqual(session.entries())
  })

  test('keys that look like array indices come first in the next request, in ascending order', async () => {
    const { received } = setUp()
    const session = await received((first) => {
      for (const key of ['user', '42', '7', '-1', '07']) first.set(key, key)
    })
    expect(session.keys()).toEqual(['7', '42', 'user', '-1', '07'])
  })

  test.each([undefined, 1n, Number.NaN, -0, new Date(0), new Map(), () => 1, Symbol('s')])(
    'set throws for %s, with its key as the path, and keeps the former value',
    async (value) => {
      const session = await freshProfile()
      session.set('visits', 1)
      expect(() => session.set('visits', untyped(value))).toThrow(dataError('visits'))
      expect(session.toJSON()).toEqual({ visits: 1 })
    },
  )

  test.each([1, null, undefined, Symbol('s'), {}])(
    'every method throws for %s as a key, instead of converting it to a string',
    async (key) => {
      const session = await freshProfile()
      const cart = session.scope('cart')
      for (const target of [session, cart]) {
        for (const [method, ...more] of [['set', 'ada'], ['get'], ['has'], ['delete']]) {
          const act = () => Reflect.apply(Reflect.get(target, method ?? ''), target, [key, ...more])
          expect(act).toThrow(configError('key'))
        }
      }
      expect(session.isEmpty).toBe(true)
    },
  )

  test('set and delete throw for an argument that they would ignore', async () => {
    const session = await freshProfile()
    const { set, delete: remove }: Record<string, unknown> = {
      set: session.set,
      delete: session.delete,
    }
    const call = (method: unknown, ...given: unknown[]) =>
      Reflect.apply(untyped<() => unknown>(method), session, given)
    expect(() => call(set, 'user', 'ada', { maxAge: 60 })).toThrow(configError('set'))
    expect(() => call(remove, 'user', 'visits')).toThrow(configError('delete'))
    expect(session.isEmpty).toBe(true)
    call(set, 'user', 'ada', undefined)
    expect(session.get('user')).toBe('ada')
  })
})

describe('keys that look like something else', () => {
  const names = [
    'id',
    'exp',
    'iat',
    'jti',
    's',
    'f',
    'c',
    't',
    'o',
    'l',
    'save',
    'get',
    'set',
    'size',
    'toJSON',
    'rejection',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    '',
    ' ',
    '0',
    'ключ',
  ]

  test.each(names)('%j is an ordinary key', async (name) => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    expect(session.has(name)).toBe(false)
    expect(session.get(name)).toBeUndefined()
    session.set(name, { nested: name })
    const { id, startedAt } = session
    const later = await next(session)
    expect(later.get(name)).toEqual({ nested: name })
    expect(later.keys()).toEqual([name])
    expect([later.id, later.startedAt]).toEqual([id, startedAt])
    expect(Object.getPrototypeOf(later.toJSON())).toBe(Object.prototype)
    expect(later.delete(name)).toBe(true)
    expect(later.isEmpty).toBe(true)
  })

  test('all of them at once keep their own values', async () => {
    const { received } = setUp()
    const session = await received((first) => {
      for (const name of names) first.set(name, `value of ${name}`)
    })
    for (const name of names) expect(session.get(name)).toBe(`value of ${name}`)
    expect(session.size).toBe(names.length)
  })
})

describe('a scope is a dictionary', () => {
  test('every member works on its own keys', async () => {
    const cart = (await openNew()).scope<Cart>('cart')
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

  test('its name returns the same entries each time', async () => {
    const session = await openNew()
    const [one, other] = [session.scope('cart'), session.scope('cart')]
    one.set('items', 1)
    expect(other.get('items')).toBe(1)
    other.delete('items')
    expect(one.isEmpty).toBe(true)
  })

  test('its keys are separate from those of the session, of other scopes, and of inner scopes', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    const places = [[], ['a'], ['b'], ['a', 'a'], ['a', 'b'], ['scope(a)'], ['a.a']]
    for (const place of places) innermostScope(session, place).set('key', place.join('/'))
    const later = await next(session)
    for (const place of places)
      expect(innermostScope(later, place).toJSON()).toEqual({ key: place.join('/') })
    expect(later.keys()).toEqual(['key'])
    innermostScope(later, ['a']).delete('key')
    expect(places.map((place) => innermostScope(later, place).has('key'))).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
      true,
    ])
  })

  test('a key of the session may have the name of a scope', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('cart', 'data')
    session.scope('cart').set('cart', 'scoped')
    const later = await next(session)
    expect([later.get('cart'), later.scope('cart').get('cart')]).toEqual(['data', 'scoped'])
    later.delete('cart')
    expect(later.scope('cart').get('cart')).toBe('scoped')
  })

  test('clear empties it and its inner scopes, and nothing else', async () => {
    const session = await openNew()
    for (const place of [[], ['a'], ['a', 'b'], ['c']]) innermostScope(session, place).set('key', 1)
    session.scope('a').clear()
    expect([
      session.size,
      session.scope('a').isEmpty,
      innermostScope(session, ['a', 'b']).size,
    ]).toEqual([1, true, 0])
    expect(session.scope('c').get('key')).toBe(1)
  })

  test("the session's own clear empties all of them, with messages, CSRF secret and test cookie", async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    innermostScope(session, ['a', 'b']).set('key', 1)
    session.set('key', 1)
    session.flash('notice', 'hello')
    session.csrfToken()
    session.setTestCookie()
    const later = await next(session)
    expect(later.isEmpty).toBe(false)
    later.clear()
    expect([later.isEmpty, later.flash('notice'), innermostScope(later, ['a', 'b']).size]).toEqual([
      true,
      [],
      0,
    ])
    expect(await sessions.setCookies(later)).toEqual([expect.stringContaining('Max-Age=0')])
  })

  test('it does not expose its contents', async () => {
    const scope = (await openNew()).scope('cart')
    scope.set('token', 'marker-77aa')
    expect(inspect(scope, { depth: 9, showHidden: true })).not.toContain('marker-77aa')
    expect(Object.prototype.toString.call(scope)).toBe('[object Dictionary]')
  })
})

describe('scopes are stored with the session', () => {
  test.each(SERIALIZERS)(
    'under %s, nested, with all keys in their order',
    async (_, serializer) => {
      const { sessions, next } = setUp({ serializer })
      const session = await sessions.open(null)
      session.set('own', 1)
      session.scope('cart').set('items', [{ sku: 'tea' }])
      session.scope('cart').set('coupon', 'zoë 🦊')
      innermostScope(session, ['cart', 'history']).set('last', null)
      innermostScope(session, ['a', 'b', 'c']).set('deep', true)
      const later = await next(session)
      expect(later.rejection).toBeUndefined()
      expect(later.toJSON()).toEqual({ own: 1 })
      expect(later.scope('cart').entries()).toEqual([
        ['items', [{ sku: 'tea' }]],
        ['coupon', 'zoë 🦊'],
      ])
      expect(innermostScope(later, ['cart', 'history']).toJSON()).toEqual({ last: null })
      expect(innermostScope(later, ['a', 'b', 'c']).toJSON()).toEqual({ deep: true })
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

  test('a scope begins a session', async () => {
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

  test('reading a scope, and its inner scopes, writes nothing and begins no session', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    innermostScope(session, ['a', 'b']).get('key')
    innermostScope(session, ['a', 'c']).delete('key')
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
      return (await sessions.setCookies(session)).join('').length
    }
    const plain = await sizeOf(() => {})
    const emptied = await sizeOf((session) => {
      for (const name of ['a', 'b']) {
        innermostScope(session, [name, 'inner']).set('key', 'value')
        session.scope(name).clear()
        innermostScope(session, ['kept', name]).set('key', 'value')
        innermostScope(session, ['kept', name]).delete('key')
      }
    })
    expect(emptied).toBe(plain)

    const session = await sessions.open(null)
    session.scope('a').set('x', 1)
    const later = await next(session)
    innermostScope(later, ['b', 'c']).set('x', 1)
    innermostScope(later, ['b', 'c']).delete('x')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('a change inside a value is noticed, whichever method returned it', async () => {
    const reach: ((scope: SessionDictionary<Data>) => unknown)[] = [
      (scope) => scope.get('list'),
      (scope) => scope.entries()[0]?.[1],
      (scope) => [...scope][0]?.[1],
      (scope) => scope.toJSON()['list'],
    ]
    for (const find of reach) {
      const { sessions, next } = setUp()
      const session = await sessions.open(null)
      innermostScope(session, ['a', 'b']).set('list', [1])
      const later = await next(session)
      untyped<number[]>(find(innermostScope(later, ['a', 'b']))).push(2)
      expect(innermostScope(await next(later), ['a', 'b']).get('list')).toEqual([1, 2])
    }
  })

  test('a value that was only read is not written again', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.scope('a').set('list', [1])
    const later = await next(session)
    later.scope('a').get('list')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('after the commit a change throws, in place too, and reading does not', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const scope = innermostScope(session, ['a', 'b'])
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
      expect(change).toThrow(COMMITTED_ERROR)
    }
    list.push(2)
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED_ERROR)
  })

  test('a change in place after the commit is noticed in a value that was set and never read', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const list = [1]
    session.scope('a').set('list', list)
    await sessions.setCookies(session)
    list.push(2)
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED_ERROR)
  })

  test('revoked may read scopes, and its changes are discarded', async () => {
    const seen: unknown[] = []
    const revoked = (session: Session<Data>) => {
      seen.push(innermostScope(session, ['a', 'b']).get('key'))
      session.scope('a').set('added', 1)
      innermostScope(session, ['a', 'b']).clear()
      return false
    }
    const { sessions, next } = setUp({ revoked })
    const session = await sessions.open(null)
    innermostScope(session, ['a', 'b']).set('key', 1)
    const later = await next(session)
    expect(seen).toEqual([1])
    expect(later.scope('a').has('added')).toBe(false)
    expect(innermostScope(later, ['a', 'b']).get('key')).toBe(1)
  })
})

describe('names', () => {
  test.each(SERIALIZERS.slice(0, 2))('with %s any string is valid', async (_, serializer) => {
    const { sessions, next } = setUp({ serializer })
    const names = [...HOSTILE, '__proto__', 'prototype', '\0', '"', '🦊', 'x'.repeat(100)]
    const session = await sessions.open(null)
    for (const name of names) {
      session.scope(name).set('name', name)
      innermostScope(session, ['in', name]).set(name, 1)
    }
    const later = await next(session)
    for (const name of names) {
      expect(later.scope(name).toJSON()).toEqual({ name })
      expect(innermostScope(later, ['in', name]).entries()).toEqual([[name, 1]])
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
      const error = await catchAsyncError(sessions.setCookies(session))
      if (error === NO_ERROR) expect((await next(session)).scope(name).get('key')).toBe(1)
      else expect(error).toEqual(dataError('the session'))
    }
  })

  test.each(['', '\ud800', 'a\udc00', undefined, null, 1, {}, Symbol('s')])(
    '%o is rejected',
    async (name) => {
      const session = await openNew()
      expect(() => session.scope(untyped(name))).toThrow(configError('scope'))
      expect(() => session.scope('a').scope(untyped(name))).toThrow(configError('scope'))
      expect(session.isEmpty).toBe(true)
    },
  )

  test('keys and names of every kind are kept', async () => {
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
  test('is rejected by set with a path that names the scope', async () => {
    const session = await openNew()
    const cart = session.scope('cart')
    expect(() => cart.set('at', new Date(0))).toThrow(dataError('scope(cart).at'))
    expect(() => innermostScope(session, ['a', 'b']).set('list', [1n])).toThrow(
      dataError('scope(a).scope(b).list[0]'),
    )
    expect(() => cart.set('\ud800', 1)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
    expect(session.isEmpty).toBe(true)
  })

  test('is rejected at the commit, with the same path, if it was added later', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const list: unknown[] = []
    innermostScope(session, ['a', 'b']).set('list', list)
    list.push(undefined)
    await expect(sessions.setCookies(session)).rejects.toThrow(
      dataError('scope(a).scope(b).list[0]'),
    )
    list.pop()
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('a key that is no string is rejected', async () => {
    const scope = (await openNew()).scope('a')
    expect(() => scope.set(untyped<string>(1), 1)).toThrow(configError('key'))
    expect(scope.isEmpty).toBe(true)
  })

  test('scopes nest at most 16 levels', async () => {
    const { sessions, next } = setUp({ limits: 'node' })
    expect(MAX_SCOPE_LEVELS).toBe(16)
    const names = Array.from({ length: 16 }, (_, level) => `n${level}`)
    const session = await sessions.open(null)
    innermostScope(session, names).set('deep', deepest())
    expect(() => innermostScope(session, names).scope('further')).toThrow(configError('scope'))
    const later = await next(session)
    expect(later.rejection).toBeUndefined()
    expect(innermostScope(later, names).get('deep')).toEqual(deepest())
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
    ['an array', []],
    ['a string', 'x'],
    ['null', null],
    ['a scope that is no pair', { a: {} }],
    ['a scope whose entries are no object', { a: [1, {}] }],
    ['a scope without its scopes', { a: [{}] }],
    ['scopes that are none, further down', { a: [{}, { b: 1 }] }],
    ['17 levels', Array.from({ length: 17 }).reduce((inner: object) => ({ a: [{}, inner] }), {})],
  ])('a token whose scopes are %s is refused as a whole', async (_, s) => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${mint(payload({ more: { s } }))}`)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect([session.isEmpty, session.scope('a').isEmpty]).toEqual([true, true])
  })
})

describe('measure', () => {
  test('names each scope with all of its contents, and moves it as one', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.scope('cart').set('items', 'tea,'.repeat(300))
    innermostScope(session, ['cart', 'old']).set('items', 'tea,'.repeat(300))
    session.scope('small').set('x', 1)
    innermostScope(session, ['none', 'none']).clear()
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

  test('changes nothing', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    innermostScope(session, ['a', 'b']).set('x', 1)
    await sessions.measure(session)
    expect(innermostScope(session, ['a', 'b']).get('x')).toBe(1)
  })
})

describe('the life of the session', () => {
  test('regenerate keeps the named scopes completely, and drops the others', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'eve')
    session.set('cart', 'data')
    for (const place of [['cart'], ['cart', 'inner'], ['other']])
      innermostScope(session, place).set('x', 1)
    const later = await next(session)
    later.regenerate({ scopes: ['cart', 'none'] })
    expect([later.toJSON(), later.scope('other').isEmpty]).toEqual([{}, true])
    const last = await next(later)
    expect([last.scope('cart').get('x'), innermostScope(last, ['cart', 'inner']).get('x')]).toEqual(
      [1, 1],
    )
    expect([last.scope('other').isEmpty, last.scope('none').isEmpty]).toEqual([true, true])
    expect(last.id).not.toBe(session.id)
  })

  test('regenerate does not confuse keys and scopes of the same name', async () => {
    const session = await openNew()
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
    innermostScope(session, ['a', 'b']).set('x', 'old')
    const later = await next(session)
    const scope = innermostScope(later, ['a', 'b'])
    expect(scope.get('x')).toBe('old')
    end(later)
    expect([scope.isEmpty, scope.get('x'), later.id]).toEqual([true, undefined, undefined])
    scope.set('x', 'new')
    expect(later.id).not.toBe(session.id)
    const last = await next(later)
    expect(innermostScope(last, ['a', 'b']).toJSON()).toEqual({ x: 'new' })
    expect([last.id, last.rejection]).toEqual([later.id, undefined])
  })

  test('a schema applies to the session’s own data, not to scopes', async () => {
    const schema = schemaOf(demandingKeys('user'))
    const { sessions, next } = setUp({ schema })
    const session = await sessions.open(null)
    session.scope('cart').set('items', 1)
    const later = await next(session)
    expect([later.rejection, later.scope('cart').get('items')]).toEqual([undefined, 1])
    later.set('other', 1)
    await expect(sessions.setCookies(later)).rejects.toThrow(dataError('user'))
  })

  test('under wrap, reading a scope is an access to the session', async () => {
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

describe('a dictionary', () => {
  function setUpAccess() {
    const calls: string[] = []
    const scope = { data: new Map<string, unknown>([['user', 'ada']]), scopes: new Map() }
    const access: DictionaryAccess = {
      level: 0,
      read: () => scope,
      assertOpen: () => void calls.push('assertOpen'),
      change: () => (calls.push('change'), scope),
      fill: () => scope,
      assertStorable: () => {},
      expose: () => {},
    }
    return { calls, dictionary: new Dictionary<Data>(access), access }
  }

  test('records no change by deleting what is not there, which a closed session refuses too', () => {
    const { calls, dictionary } = setUpAccess()
    expect(dictionary.delete('visits')).toBe(false)
    expect(calls).toEqual(['assertOpen'])
    expect(dictionary.scope('cart').delete('visits')).toBe(false)
    expect(calls).toEqual(['assertOpen', 'assertOpen'])
    expect(dictionary.delete('user')).toBe(true)
    expect(calls).toEqual(['assertOpen', 'assertOpen', 'change'])
  })

  test('accepts no properties, and says what to write instead', () => {
    const { dictionary } = setUpAccess()
    expect(() => Object.assign(dictionary, { user: 'ada' })).toThrow('session.set("user", value)')
    expect(Object.isExtensible(dictionary)).toBe(false)
  })

  test('may have members of its own in a subclass', () => {
    class Cart extends Dictionary<Data> {
      readonly currency = 'EUR'
    }
    expect(new Cart(setUpAccess().access).currency).toBe('EUR')
  })

  test('names the method that was called in a wrong way', () => {
    const { dictionary } = setUpAccess()
    expect(() =>
      untyped<(done: unknown) => void>(dictionary.clear.bind(dictionary))(() => {}),
    ).toThrow(configError('clear'))
    expect(() => dictionary.scope('')).toThrow("a name, as in 'cart'")
  })
})

/** The deepest value that may be stored: 99 levels, the data being the hundredth. */
function deepest(): unknown {
  let value: unknown = 1
  for (let level = 0; level < 99; level++) value = [value]
  return value
}
