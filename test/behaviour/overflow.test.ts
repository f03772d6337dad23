// Sessions that are larger than their cookies: what moves to the store, when it moves back, how
// often the store is called, and the interplay with the other methods of a session.

import * as devalue from 'devalue'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { SessionTooLargeError, createSessions } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { overflow } from 'sealed-session/overflow'
import type { OverflowOptions } from 'sealed-session/overflow'
import { createJar, toCookieHeader } from '../support/cookie-jar.ts'
import { createFaultyStore } from '../support/faulty-store.ts'
import { DAY, OLDER_SECRET, SECRET, START, WEEK, untyped } from '../support/mint.ts'
import { setUp as setUpSessions } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'
import { storableJson } from '../support/storable-json.ts'

/** Longer than `portable` allows. */
const LARGE = 'x'.repeat(5000)

function setUp(more: Partial<OverflowOptions> = {}, options: Partial<SessionOptions<Data>> = {}) {
  const clock = { now: START }
  const store = createFaultyStore(() => clock.now)
  const rest = setUpSessions({
    ...options,
    overflow: overflow({ storage: store, ...more }),
    clock: () => clock.now * 1000,
  })
  return { ...rest, clock, store }
}

function cartOf(session: Session<Data>): unknown[] {
  return untyped<unknown[]>(session.get('cart'))
}

describe('a session that fits', () => {
  test('never touches the store', async () => {
    const { received, next, store, sessions } = setUp()
    const session = await received((first) => first.set('user', 'ada'))
    session.set('user', 'grace')
    await sessions.measure(session)
    const later = await next(session)
    expect(later.get('user')).toBe('grace')
    await sessions.verify(later)
    later.destroy()
    await sessions.setCookies(later)
    expect(store.count()).toBe('')
  })

  test('gets the same cookies as without the option', async () => {
    const { sessions, make } = setUp()
    const written = await Promise.all(
      [sessions, make({ overflow: undefined })].map(async (by) => {
        const session = await by.open(null)
        session.set('user', 'ada')
        const [line = ''] = await by.setCookies(session)
        return line.length
      }),
    )
    expect(written[0]).toBe(written[1])
  })
})

describe('a session that does not fit', () => {
  test('is written with one call of the store, and opened with one', async () => {
    const { sessions, store, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', LARGE)
    const later = await next(session)
    expect(store.count()).toBe('1 setItem, 1 getItem')
    expect(later.toJSON()).toEqual({ user: 'ada', cart: LARGE })
    expect(later.id).toBe(session.id)
  })

  test('writes nothing when nothing changed', async () => {
    const { received, sessions, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    store.count()
    expect(session.get('cart')).toBe(LARGE)
    expect(await sessions.setCookies(session)).toEqual([])
    expect(store.count()).toBe('')
  })

  test('writes nothing when returned values did not change, in cookies or store', async () => {
    const { received, sessions, store } = setUp()
    const session = await received((first) => {
      first.set('cart', [LARGE])
      first.set('user', { name: 'ada' })
    })
    store.count()
    session.get('cart')
    session.get('user')
    expect(await sessions.setCookies(session)).toEqual([])
    expect(store.count()).toBe('')
  })

  test('moves the fewest keys that are enough, largest first', async () => {
    const { sessions, events, next } = setUp()
    const session = await sessions.open(null)
    session.set('small', 'x'.repeat(100))
    session.set('large', 'x'.repeat(3000))
    session.set('larger', 'x'.repeat(4000))
    session.set('middle', 'x'.repeat(1000))
    await next(session)
    const sealed = events.find(({ type }) => type === 'sealed')
    expect(sealed).toMatchObject({ moved: ['larger', 'large'] })
    expect(await sessions.measure(session)).toMatchObject({
      moved: ['larger', 'large'],
      move: [],
      keys: [{ key: 'middle' }, { key: 'small' }],
    })
  })

  test('moves no key that is not allowed to move', async () => {
    const { sessions, events } = setUp({ keys: ['cart', 'groups'] })
    const session = await sessions.open(null)
    session.set('user', 'x'.repeat(1200))
    session.set('cart', 'x'.repeat(1000))
    session.set('groups', 'x'.repeat(500))
    await sessions.setCookies(session)
    expect(events.at(-1)).toMatchObject({ type: 'sealed', moved: ['cart'] })
  })

  test('is too large if moving the allowed keys does not help, and stores no parcel', async () => {
    const { sessions, store } = setUp({ keys: ['cart'] })
    const session = await sessions.open(null)
    session.set('text', LARGE)
    session.set('cart', LARGE)
    await expect(sessions.setCookies(session)).rejects.toThrow(SessionTooLargeError)
    expect(await sessions.measure(session)).toMatchObject({ level: 'over', moved: [] })
    expect(store.count()).toBe('')
    session.delete('text')
    expect(await sessions.setCookies(session)).not.toEqual([])
  })

  test('is too large beyond half a megabyte', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(523_000))
    session.set('user', 'ada')
    expect((await next(session)).get('text')).toHaveLength(523_000)
    const more = await sessions.open(null)
    more.set('text', 'x'.repeat(524_288))
    await expect(sessions.setCookies(more)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })

  test('moves back into the cookies when it fits, and the store is no longer read', async () => {
    const { received, next, store, events } = setUp()
    const session = await received((first) => {
      first.set('cart', LARGE)
      first.set('user', 'ada')
    })
    session.set('cart', 'tea')
    store.count()
    const later = await next(session)
    expect(later.toJSON()).toEqual({ cart: 'tea', user: 'ada' })
    expect(store.count()).toBe('')
    expect(events.findLast(({ type }) => type === 'sealed')).not.toHaveProperty('moved')
  })

  test('keeps its parcel if only the other data changed: the store is not written', async () => {
    const { received, next, store } = setUp()
    let session = await received((first) => {
      first.set('cart', LARGE)
      first.set('visits', 1)
    })
    store.count()
    for (const visits of [2, 3, 4]) {
      session.set('visits', visits)
      session = await next(session)
      expect(session.toJSON()).toEqual({ cart: LARGE, visits })
      expect(store.count()).toBe('1 getItem')
    }
    expect(store.parcels()).toHaveLength(1)
  })

  test('gets a new parcel if the moved data has changed, and the old one stays as it is', async () => {
    const { received, next, store } = setUp()
    const session = await received((first) => first.set('cart', [LARGE]))
    const [former = ''] = store.parcels()
    const { value } = store.items.get(former) ?? {}
    cartOf(session).push('tea')
    const later = await next(session)
    expect(later.get('cart')).toEqual([LARGE, 'tea'])
    expect(store.parcels()).toHaveLength(2)
    expect(store.items.get(former)?.value).toBe(value)
  })

  test('gets a new parcel if the secret has changed', async () => {
    const { received, next, store, make } = setUp({}, { secrets: OLDER_SECRET })
    const session = await received((first) => {
      first.set('cart', LARGE)
      first.set('visits', 1)
    })
    const rotated = make({ secrets: [SECRET, OLDER_SECRET] })
    const other = await next(session, rotated)
    other.set('visits', 2)
    const later = await next(other, make({ secrets: SECRET }))
    expect(later.toJSON()).toEqual({ cart: LARGE, visits: 2 })
    expect(store.parcels()).toHaveLength(2)
  })

  test('moves scopes and messages too', async () => {
    const { received, events } = setUp()
    const session = await received((first) => {
      first.scope('shop').set('cart', LARGE)
      first.scope('shop').scope('deep').set('step', 2)
      first.flash('notice', LARGE)
      first.flash('notice', 'second')
      first.flash('other', 'third')
      first.set('user', 'ada')
      first.csrfToken()
    })
    expect(events.find(({ type }) => type === 'sealed')).toMatchObject({
      moved: ['scope(shop)', 'flash(notice)'],
    })
    expect(session.scope('shop').get('cart')).toBe(LARGE)
    expect(session.scope('shop').scope('deep').get('step')).toBe(2)
    expect(session.flash('notice')).toEqual([LARGE, 'second'])
    expect(session.flash('other')).toEqual(['third'])
    expect(session.get('user')).toBe('ada')
  })

  test('keeps any data unchanged', async () => {
    const { received } = setUp({}, { limits: { requestHeader: 900, responseHeader: 900 } })
    const value = storableJson({ maxDepth: 4 })
    const data = fc.dictionary(fc.string({ unit: 'grapheme' }), value, { maxKeys: 30 })
    await fc.assert(
      fc.asyncProperty(data, async (given) => {
        const session = await received((first) => {
          first.set('filler', LARGE)
          for (const [key, json] of Object.entries(given)) first.set(key, json)
        })
        expect(session.toJSON()).toEqual({ filler: LARGE, ...given })
      }),
      { numRuns: 50 },
    )
  })

  test('is complete with a serializer', async () => {
    const { received, next, store } = setUp({}, { serializer: devalue })
    const items = new Map([['tea', new Date(0)]])
    const session = await received((first) => {
      first.set('cart', [items, LARGE])
      first.set('at', new Date(5))
    })
    expect(session.get('cart')).toEqual([items, LARGE])
    store.count()
    session.set('at', new Date(6))
    const later = await next(session)
    expect(later.toJSON()).toEqual({ cart: [items, LARGE], at: new Date(6) })
    expect(store.count()).toBe('1 getItem')
  })

  test('is checked by the schema as a whole', async () => {
    const schema = v.object({ user: v.string(), cart: v.optional(v.string(), '') })
    const { sessions, received, make, cookieOf } = setUp({}, { schema })
    const session = await received((first) => {
      first.set('user', 'ada')
      first.set('cart', LARGE)
    })
    expect(session.toJSON()).toEqual({ user: 'ada', cart: LARGE })
    const cookie = await cookieOf((first) => first.set('cart', LARGE), make({ schema: undefined }))
    expect((await sessions.open(cookie)).rejection?.reason).toBe('invalid-data')
  })

  test('is passed to revoked as a whole', async () => {
    const seen: unknown[] = []
    const { received } = setUp(
      {},
      {
        revoked: (session) => {
          seen.push(session.get('cart'))
          return false
        },
      },
    )
    await received((first) => first.set('cart', LARGE))
    expect(seen).toEqual([LARGE])
  })

  test('is sealed into a bare token as a whole, without a parcel', async () => {
    const { received, sessions, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    store.count()
    const token = await sessions.seal(session)
    expect(token.length).toBeGreaterThan(6000)
    expect((await sessions.unseal(token)).get('cart')).toBe(LARGE)
    expect(store.count()).toBe('')
  })

  test('may use several cookies beside its parcel', async () => {
    const { received, next } = setUp({}, { limits: 'node' })
    const session = await received((first) => {
      first.set('page', 'y'.repeat(9000))
      first.set('cart', 'x'.repeat(40_000))
    })
    expect(session.toJSON()).toEqual({ page: 'y'.repeat(9000), cart: 'x'.repeat(40_000) })
    session.delete('page')
    expect((await next(session)).toJSON()).toEqual({ cart: 'x'.repeat(40_000) })
  })
})

describe('with the other methods', () => {
  test('regenerate moves the kept data to a parcel of the new session', async () => {
    const { received, next, store } = setUp()
    const session = await received((first) => {
      first.set('cart', LARGE)
      first.set('old', 1)
    })
    session.regenerate({ keep: ['cart'] })
    session.set('user', 'ada')
    expect((await next(session)).toJSON()).toEqual({ cart: LARGE, user: 'ada' })
    expect(store.parcels()).toHaveLength(2)
  })

  test('renewId creates a parcel for the new id', async () => {
    const { received, next, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    session.renewId()
    const later = await next(session)
    expect(later.get('cart')).toBe(LARGE)
    expect(store.parcels()).toHaveLength(2)
  })

  test('discard restores the moved data', async () => {
    const { received, sessions, store } = setUp()
    const session = await received((first) => first.set('cart', [LARGE]))
    cartOf(session).push('tea')
    session.set('more', LARGE)
    store.count()
    session.discard()
    expect(session.toJSON()).toEqual({ cart: [LARGE] })
    expect(await sessions.setCookies(session)).toEqual([])
    expect(store.count()).toBe('')
  })

  test('save may be repeated, and the session in each cookie store opens', async () => {
    const { received, sessions } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    const cookies = new Map<string, string>()
    const save = () => sessions.save(session, (name, value) => cookies.set(name, value))
    const open = () => sessions.open(Array.from(cookies, (pair) => pair.join('=')).join('; '))
    session.set('cart', `${LARGE}1`)
    await save()
    expect((await open()).get('cart')).toBe(`${LARGE}1`)
    session.set('user', 'ada')
    await save()
    expect((await open()).toJSON()).toEqual({ cart: `${LARGE}1`, user: 'ada' })
    session.discard()
    await save()
    expect((await open()).toJSON()).toEqual({ cart: LARGE })
  })

  test('a write that failed leaves no parcel for the next one, with another id', async () => {
    let isRevoked = false
    const { received, sessions } = setUp({}, { revoked: () => isRevoked })
    const session = await received((first) => first.set('cart', LARGE))
    const cookies = new Map<string, string>()
    const save = () => sessions.save(session, (name, value) => cookies.set(name, value))
    session.renewId()
    isRevoked = true
    await save()
    expect(cookies.size).toBe(0)
    isRevoked = false
    session.set('user', 'ada')
    await save()
    const header = Array.from(cookies, (pair) => pair.join('=')).join('; ')
    expect((await sessions.open(header)).toJSON()).toEqual({ cart: LARGE, user: 'ada' })
  })

  test('a ticket is written without the store', async () => {
    const { received, clock, sessions, store, next } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    clock.now += 10_000
    session.get('cart')
    store.count()
    const lines = await sessions.setCookies(session)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^__Host-session\.t=/)
    expect(store.count()).toBe('')
    expect((await next(session)).get('cart')).toBe(LARGE)
  })

  test('verify does not call the store', async () => {
    const { received, sessions, store, clock } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    store.count()
    expect(await sessions.verify(session)).toBeUndefined()
    clock.now += WEEK + 6
    expect(await sessions.verify(session)).toEqual({ reason: 'expired' })
    expect(store.count()).toBe('')
  })

  test('measure reports what would move and writes nothing', async () => {
    const { sessions, store } = setUp()
    const session = await sessions.open(null)
    session.set('cart', LARGE)
    expect(await sessions.measure(session)).toMatchObject({
      level: 'ok',
      moved: ['cart'],
      move: [],
      keys: [],
      cookies: 1,
    })
    expect(store.count()).toBe('')
  })

  test('measure reports the bytes that are written', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', LARGE)
    const { bytes } = await sessions.measure(session)
    const [line = ''] = await sessions.setCookies(session)
    expect(bytes.cookie).toBe(line.length)
  })

  test('destroy removes the parcel', async () => {
    const { received, next, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    session.destroy()
    expect((await next(session)).isEmpty).toBe(true)
    expect(store.items.size).toBe(0)
  })

  test('destroy removes the parcels of this request too, and a later flash message may move', async () => {
    const { received, sessions, next, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    session.set('cart', `${LARGE}1`)
    await sessions.save(session, () => {})
    expect(store.parcels()).toHaveLength(2)
    session.destroy()
    session.flash('notice', LARGE)
    const later = await next(session)
    expect(later.flash('notice')).toEqual([LARGE])
    expect(store.parcels()).toHaveLength(1)
  })

  test('clear leaves the parcel to expire, because the answer may be lost', async () => {
    const { received, sessions, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    session.clear()
    await sessions.setCookies(session)
    expect(store.parcels()).toHaveLength(1)
  })
})

describe('a parcel', () => {
  test('is kept until the absolute end of its session, clocks that differ included', async () => {
    const { sessions, store } = setUp()
    const session = await sessions.open(null)
    session.set('cart', LARGE)
    await sessions.setCookies(session)
    const [entry] = store.items.values()
    expect(entry?.endsAt).toBe(START + WEEK + 10)
  })

  test('of a session that is written again is kept no longer', async () => {
    const { received, sessions, clock, store } = setUp()
    const session = await received((first) => first.set('cart', LARGE))
    clock.now += DAY / 2
    session.set('cart', `${LARGE}1`)
    await sessions.setCookies(session)
    const ends = [...store.items.values()].map(({ endsAt }) => endsAt)
    expect(ends).toEqual([START + WEEK + 10, START + WEEK + 10])
  })

  test('is kept for at least a minute, because Cloudflare KV accepts no less', async () => {
    const { sessions, store } = setUp({}, { maxAge: 10, idleTimeout: 5, touchInterval: 1 })
    const session = await sessions.open(null)
    session.set('cart', LARGE)
    await sessions.setCookies(session)
    const [entry] = store.items.values()
    expect(entry?.endsAt).toBe(START + 60)
  })

  test('opens until the last second of its session', async () => {
    const { sessions, cookieOf, clock, store } = setUp({}, { idleTimeout: false })
    const cookie = await cookieOf((session) => session.set('cart', LARGE))
    clock.now = START + WEEK + 4
    expect((await sessions.open(cookie)).get('cart')).toBe(LARGE)
    store.count()
    clock.now += 1
    expect((await sessions.open(cookie)).rejection?.reason).toBe('expired')
    expect(store.count()).toBe('')
  })
})

describe('concurrent requests', () => {
  test('two tabs leave a complete session: the last answer wins', async () => {
    const { sessions, cookieOf } = setUp()
    const browser = createJar()
    for (const part of (await cookieOf((first) => first.set('cart', LARGE))).split('; ')) {
      const [name = '', value = ''] = part.split('=')
      browser.put(name, value)
    }
    const [one, other] = [
      await sessions.open(browser.header()),
      await sessions.open(browser.header()),
    ]
    one.set('cart', `${LARGE}1`)
    one.set('note', 'one')
    other.set('cart', `${LARGE}22`)
    other.set('note', 'other')
    const answers = await Promise.all([sessions.setCookies(one), sessions.setCookies(other)])
    for (const [index, expected] of [
      [1, { cart: `${LARGE}22`, note: 'other' }],
      [0, { cart: `${LARGE}1`, note: 'one' }],
    ] as const) {
      browser.store(answers[index] ?? [])
      expect((await sessions.open(browser.header())).toJSON()).toEqual(expected)
    }
  })

  test('a lost answer leaves the former session complete, and its parcel expires', async () => {
    const { sessions, cookieOf, store, clock } = setUp()
    const cookie = await cookieOf((first) => first.set('cart', LARGE))
    const session = await sessions.open(cookie)
    session.set('cart', `${LARGE}1`)
    await sessions.setCookies(session) // and the network fails
    expect((await sessions.open(cookie)).get('cart')).toBe(LARGE)
    expect(store.parcels()).toHaveLength(2)
    for (const { endsAt } of store.items.values())
      expect(endsAt).toBeLessThan(clock.now + WEEK + 60)
  })

  test('a write in flight does not restore a session that has logged out', async () => {
    const { sessions, cookieOf, store } = setUp()
    const browser = createJar()
    browser.store([`${await cookieOf((first) => first.set('cart', LARGE))}; Path=/; Secure`])
    const slow = await sessions.open(browser.header())
    const leaving = await sessions.open(browser.header())
    leaving.destroy()
    browser.store(await sessions.setCookies(leaving))
    expect(store.parcels()).toEqual([])
    slow.set('visits', 2)
    browser.store(await sessions.setCookies(slow))
    store.count()
    const later = await sessions.open(browser.header())
    expect(later.rejection?.reason).toBe('destroyed')
    expect(store.count()).toBe('')
  })

  test('a value that is mutated while the store is awaited does not corrupt the session', async () => {
    const { sessions, store } = setUp()
    const session = await sessions.open(null)
    const cart = ['tea', LARGE]
    const state = { step: 1 }
    session.set('cart', cart)
    session.set('state', state)
    const { setItem } = store
    store.setItem = (key, value, options) => {
      cart.push('late')
      state.step = 2
      return setItem(key, value, options)
    }
    const cookie = toCookieHeader(await sessions.setCookies(session))
    const later = await sessions.open(cookie)
    expect(later.toJSON()).toEqual({ cart: ['tea', LARGE], state: { step: 1 } })
  })

  test('a rotation during a write leaves token and parcel under configured secrets', async () => {
    const { store, clock } = setUp()
    let secrets: readonly string[] = [OLDER_SECRET]
    const sessions = createSessions({
      secrets: () => [...secrets],
      secretsRefresh: 1,
      clock: () => clock.now * 1000,
      overflow: overflow({ storage: store }),
    })
    const session = await sessions.open(null)
    session.set('cart', LARGE)
    const { setItem } = store
    store.setItem = async (key, value, options) => {
      secrets = [SECRET, OLDER_SECRET]
      clock.now += 5
      await sessions.open('__Host-session=x')
      return setItem(key, value, options)
    }
    const cookie = toCookieHeader(await sessions.setCookies(session))
    expect((await sessions.open(cookie)).get('cart')).toBe(LARGE)
  })
})

describe('the option', () => {
  test('may be shared by several sessions', async () => {
    const clock = { now: START }
    const moving = overflow({ storage: createFaultyStore(() => clock.now) })
    const [one, other] = ['a', 'b'].map((name) =>
      setUpSessions({ overflow: moving, cookie: { name } }),
    )
    for (const { received } of [one, other].filter((set) => set !== undefined)) {
      expect((await received((first) => first.set('cart', LARGE))).get('cart')).toBe(LARGE)
    }
  })

  test('exposes which keys may move', () => {
    const storage = createFaultyStore(() => 0)
    expect(overflow({ storage, keys: ['cart'] }).keys).toEqual(['cart'])
    expect(overflow({ storage }).keys).toBeUndefined()
  })
})
