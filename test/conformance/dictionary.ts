// The session as a dictionary, in two requests of a browser.

import { DAY } from '../support/format.ts'
import { check, equal, errorOf, holds } from './check.ts'
import type { Check } from './check.ts'
import { createScene, filler, NAME, START } from './scene.ts'

export const dictionary: readonly Check[] = [
  check('a session is kept in one cookie', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    equal([...browser.cookies.keys()], [NAME])
    equal((await look()).toJSON(), { user: 'ada' })
  }),

  check('a session is kept in two cookies', async (library) => {
    const { visit, look, browser } = createScene(library, { limits: 'node' })
    const text = filler(4500)
    await visit((session) => session.set('text', text))
    equal([...browser.cookies.keys()], [NAME, `${NAME}.1`])
    equal((await look()).get('text'), text)
  }),

  check('a session is kept in fifteen cookies', async (library) => {
    const { visit, look, browser } = createScene(library, { limits: 'cloudflare' })
    const text = filler(43_000)
    await visit((session) => session.set('text', text))
    equal(browser.cookies.size, 15)
    equal((await look()).get('text'), text)
  }),

  check('every kind of JSON value is kept', async (library) => {
    const { visit, look } = createScene(library)
    const values = {
      text: 'plain',
      empty: '',
      none: null,
      yes: true,
      no: false,
      numbers: [0, -1, 1.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER],
      nested: { list: [[], {}, [{ deep: [null] }]] },
    }
    await visit((session) => {
      for (const [key, value] of Object.entries(values)) session.set(key, value)
    })
    equal((await look()).toJSON(), values)
  }),

  check('text beyond ASCII is kept, in keys and values', async (library) => {
    const { visit, look } = createScene(library)
    const text = 'gr\u00fc\u00dfe \u65e5\u672c\u8a9e \u{1f36a} \u202e\u0000\u001f\u2028 e\u0301'
    await visit((session) => session.set('\u043a\u043b\u044e\u0447', text))
    equal((await look()).toJSON(), { ключ: text })
  }),

  check('keys with a meaning in JavaScript are ordinary keys', async (library) => {
    const { visit, look } = createScene(library)
    const keys = ['id', 'exp', 'd', 'jti', 'get', 'size', 'toString', 'constructor', 'then']
    await visit((session) => keys.forEach((key) => session.set(key, key)))
    const session = await look()
    equal(session.keys(), keys)
    equal(
      keys.map((key) => session.get(key)),
      keys,
    )
    equal(Object.keys(Object.prototype), [])
  }),

  check('get, fallback, has, delete, size and isEmpty agree', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      equal([session.isEmpty, session.size, session.has('a')], [true, 0, false])
      session.set('a', 1)
      session.set('b', null)
      equal([session.get('a', 2), session.get('b', 2), session.get('c', 3)], [1, null, 3])
      equal([session.get('c'), session.has('c')], [undefined, false])
      equal([session.delete('a'), session.delete('a')], [true, false])
    })
    const session = await look()
    equal([session.isEmpty, session.size, session.keys()], [false, 1, ['b']])
  }),

  check(
    'keys that look like array indices are first in the next request, as in every JSON object',
    async (library) => {
      const { visit, look } = createScene(library)
      await visit((session) => {
        for (const key of ['user', '42', '7']) session.set(key, key)
        equal(session.keys(), ['user', '42', '7'])
      })
      equal((await look()).keys(), ['7', '42', 'user'])
    },
  ),

  check('keys, entries and iteration keep the order of first setting', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      for (const key of ['zebra', 'apple', 'mango']) session.set(key, key.length)
      session.set('zebra', 6)
    })
    const session = await look()
    const entries = [
      ['zebra', 6],
      ['apple', 5],
      ['mango', 5],
    ]
    equal(session.keys(), ['zebra', 'apple', 'mango'])
    equal(session.entries(), entries)
    equal([...session], entries)
  }),

  check('toJSON and JSON.stringify return only the data', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const session = await look()
    equal(JSON.stringify(session), '{"user":"ada"}')
    equal(Object.prototype.toString.call(session), '[object Session]')
    equal(Object.keys(session), [])
  }),

  check('a change inside a value is noticed', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => session.set('cart', ['tea']))
    const response = await visit((session) => {
      const cart = session.get('cart')
      if (Array.isArray(cart)) cart.push('milk')
    })
    equal(response.headers.getSetCookie().length, 1)
    equal((await look()).get('cart'), ['tea', 'milk'])
  }),

  check('a session without changes writes no Set-Cookie', async (library) => {
    const { visit } = createScene(library)
    await visit((session) => session.set('cart', ['tea']))
    const response = await visit((session) => {
      session.get('cart')
      session.set('cart', ['tea'])
    })
    equal(response.headers.getSetCookie(), [])
  }),

  check('clear deletes the cookie', async (library) => {
    const { visit, look, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    await visit((session) => session.clear())
    equal(browser.cookies.size, 0)
    equal([(await look()).isEmpty, (await look()).rejection], [true, undefined])
  }),

  check('id, startedAt, expiresAt and isNew describe a session over its life', async (library) => {
    const { visit, look, at } = createScene(library)
    let id: string | undefined
    await visit((session) => {
      equal(
        [session.id, session.startedAt, session.expiresAt, session.isNew],
        [...Array<undefined>(3), true],
      )
      session.set('user', 'ada')
      id = session.id
    })
    holds(/^[A-Za-z0-9_-]{22}$/.test(id ?? ''), 'an id has 22 characters')
    at(3600)
    const session = await look()
    equal([session.id, session.isNew], [id, false])
    equal(session.startedAt, new Date(START * 1000))
    equal(session.expiresAt, new Date((START + DAY) * 1000))
  }),

  check('500 sessions have 500 different ids', async (library) => {
    const { sessions } = createScene(library)
    const ids = new Set<string | undefined>()
    for (let number = 0; number < 500; number++) {
      const session = await sessions.open(null)
      session.set('number', number)
      ids.add(session.id)
    }
    equal(ids.size, 500)
  }),

  check('regenerate begins a new session with the keys that are named', async (library) => {
    const { visit, look, at } = createScene(library)
    await visit((session) => {
      session.set('cart', ['tea'])
      session.set('visits', 1)
    })
    const { id } = await look()
    at(60)
    await visit((session) => session.regenerate({ keep: ['cart'] }))
    const session = await look()
    holds(session.id !== undefined && session.id !== id, 'the id is new')
    equal(session.toJSON(), { cart: ['tea'] })
    equal(session.startedAt, new Date((START + 60) * 1000))
  }),

  check(
    'renewId gives the same session another id, and moves none of its times',
    async (library) => {
      const { visit, look, at } = createScene(library)
      await visit((session) => session.set('user', 'ada'))
      const { id } = await look()
      at(60)
      await visit((session) => session.renewId())
      const session = await look()
      holds(session.id !== undefined && session.id !== id, 'the id is new')
      equal([session.toJSON(), session.startedAt], [{ user: 'ada' }, new Date(START * 1000)])
    },
  ),

  check('discard reverts every change, one inside a value too', async (library) => {
    const { visit, look } = createScene(library)
    await visit((session) => {
      session.set('cart', ['tea'])
      session.flash('notice', 'saved')
    })
    const response = await visit((session) => {
      const cart = session.get('cart')
      if (Array.isArray(cart)) cart.push('milk')
      session.set('user', 'eve')
      session.flash('notice')
      session.discard()
      equal(session.toJSON(), { cart: ['tea'] })
    })
    equal(response.headers.getSetCookie(), [])
    equal((await look()).flash('notice'), ['saved'])
  }),

  check('a property cannot be set, and the error names the method to call', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    for (const target of [session, session.scope('cart')]) {
      const { error } = await errorOf(() => Object.assign(target, { user: 'ada' }))
      holds(error instanceof TypeError && error.message.includes('set("user"'), 'it names set')
    }
    equal(session.isEmpty, true)
  }),

  check('touch renews a session that was only read', async (library) => {
    const { visit, look, at } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    at(60)
    await visit((session) => session.touch())
    equal((await look()).expiresAt, new Date((START + 60 + DAY) * 1000))
  }),

  check('a value that JSON would change is rejected with its path', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    const misfits: [unknown, string][] = [
      [[{ at: new Date(0) }], 'key[0].at'],
      [{ a: undefined }, 'key.a'],
      [NaN, 'key'],
      [new Map(), 'key'],
      [1n, 'key'],
      [() => {}, 'key'],
      ['\ud800', 'key'],
    ]
    for (const [value, path] of misfits) {
      const { error, code } = await errorOf(() => session.set('key', value))
      equal(code, 'ERR_SESSION_DATA')
      equal(error instanceof library.SessionDataError && error.path, path)
    }
    equal(session.size, 0)
  }),
]
