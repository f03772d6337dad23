import { describe, expect, test } from 'vitest'
import type { Session } from 'sealed-session'
import { revocations } from 'sealed-session/overflow'
import type { RevocationOptions } from 'sealed-session/overflow'
import { catchAsyncError } from '../../support/errors.ts'
import { createFaultyStore } from '../../support/faulty-store.ts'
import { DAY, START, untyped } from '../../support/mint.ts'
import { setUp as setUpSessions } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

function setUp(options: Partial<RevocationOptions<Data>> = {}) {
  /** Milliseconds since 1970. */
  const clock = { now: START * 1000 }
  const store = createFaultyStore(() => clock.now / 1000)
  const create = () =>
    revocations<Data>(store, {
      user: (session) => (session.has('user') ? String(session.get('user')) : undefined),
      cache: 0,
      clock: () => clock.now,
      ...options,
    })
  const ended = create()
  const rest = setUpSessions({ revoked: ended.revoked, clock: () => clock.now })
  const logIn = (user = 'ada') => rest.cookieOf((session) => session.set('user', user))
  const reasonOf = async (cookie: string) => (await rest.sessions.open(cookie)).rejection?.reason
  const idOf = async (cookie: string) => String((await rest.sessions.open(cookie)).id)
  return { ...rest, clock, store, ended, create, logIn, reasonOf, idOf }
}

describe('endSession', () => {
  test('ends one session, and no other of the user', async () => {
    const { logIn, ended, reasonOf, idOf } = setUp()
    const [one, other] = [await logIn(), await logIn()]
    await ended.endSession(await idOf(one))
    expect([await reasonOf(one), await reasonOf(other)]).toEqual(['revoked', undefined])
  })

  test('ends the session of a visitor too', async () => {
    const { cookieOf, ended, reasonOf, idOf } = setUp()
    const cookie = await cookieOf((session) => session.set('cart', 'tea'))
    await ended.endSession(await idOf(cookie))
    expect(await reasonOf(cookie)).toBe('revoked')
  })

  test('throws without an id', async () => {
    const { ended } = setUp()
    for (const id of [undefined, '', 5]) {
      expect(await catchAsyncError(ended.endSession(untyped(id)))).toMatchObject({ option: 'id' })
    }
  })
})

describe('endUser', () => {
  test('ends all sessions of one user, and of no other', async () => {
    const { logIn, ended, reasonOf, clock } = setUp()
    const [one, two, other] = [await logIn(), await logIn(), await logIn('grace')]
    clock.now += 1000
    await ended.endUser('ada')
    const reasons = await Promise.all([one, two, other].map(reasonOf))
    expect(reasons).toEqual(['revoked', 'revoked', undefined])
  })

  test('accepts the login after it in the same second', async () => {
    const { logIn, ended, reasonOf, clock } = setUp()
    const before = await logIn()
    clock.now += 1250
    await ended.endUser('ada')
    clock.now += 500
    const after = await logIn()
    expect([await reasonOf(before), await reasonOf(after)]).toEqual(['revoked', undefined])
  })

  test.each([1, 999, 1000])(
    'ends a session that began in an earlier second: %i ms later',
    async (ms) => {
      const { logIn, ended, reasonOf, clock } = setUp()
      clock.now += 999
      const before = await logIn()
      clock.now += ms
      await ended.endUser('ada')
      expect(await reasonOf(before)).toBe('revoked')
    },
  )

  test('spares the sessions with these ids', async () => {
    const { logIn, ended, reasonOf, idOf, clock } = setUp()
    const [mine, second, other] = [await logIn(), await logIn(), await logIn()]
    clock.now += 1000
    await ended.endUser('ada', { except: [await idOf(mine), await idOf(second)] })
    const reasons = await Promise.all([mine, second, other].map(reasonOf))
    expect(reasons).toEqual([undefined, undefined, 'revoked'])
    clock.now += 1000
    await ended.endUser('ada', { except: await idOf(second) })
    expect([await reasonOf(mine), await reasonOf(second)]).toEqual(['revoked', undefined])
  })

  test('spares no more than the last call of one second says', async () => {
    const { logIn, ended, reasonOf, idOf, clock } = setUp()
    const cookie = await logIn()
    clock.now += 1000
    await ended.endUser('ada', { except: await idOf(cookie) })
    expect(await reasonOf(cookie)).toBeUndefined()
    await ended.endUser('ada')
    expect(await reasonOf(cookie)).toBe('revoked')
  })

  test('needs a name', async () => {
    const { ended } = setUp()
    for (const name of [undefined, '', 5]) {
      expect(await catchAsyncError(ended.endUser(untyped(name)))).toMatchObject({ option: 'user' })
    }
  })

  test('is not undone by a server whose clock is behind', async () => {
    const { logIn, ended, reasonOf, clock } = setUp()
    const before = await logIn()
    clock.now += 5000
    await ended.endUser('ada')
    clock.now -= 5000
    await ended.endUser('ada')
    clock.now += 5000
    expect(await reasonOf(before)).toBe('revoked')
  })
})

describe('endAll', () => {
  test('ends all sessions that began before a moment, by default before now', async () => {
    const { logIn, ended, reasonOf, clock } = setUp()
    const first = await logIn()
    clock.now += 10_000
    const second = await logIn('grace')
    await ended.endAll(new Date(clock.now))
    expect([await reasonOf(first), await reasonOf(second)]).toEqual(['revoked', undefined])
    clock.now += 1000
    await ended.endAll()
    expect(await reasonOf(second)).toBe('revoked')
    await ended.endAll(START)
    expect(await reasonOf(second)).toBe('revoked')
  })

  test('throws for an argument that is no time', async () => {
    const { ended } = setUp()
    expect(await catchAsyncError(ended.endAll('yesterday'))).toMatchObject({ option: 'before' })
  })
})

describe('a request in flight', () => {
  test('writes nothing of a session that was ended meanwhile', async () => {
    const { logIn, ended, sessions } = setUp()
    const session = await sessions.open(await logIn())
    await ended.endSession(String(session.id))
    session.set('cart', 'tea')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('that ends all other sessions can write its own', async () => {
    const { logIn, ended, sessions, next, clock } = setUp()
    const session = await sessions.open(await logIn())
    clock.now += 2000
    await ended.endUser('ada', { except: String(session.id) })
    session.set('notice', 'The others are logged out')
    expect(await sessions.setCookies(session)).not.toEqual([])
    expect((await next(session)).rejection).toBeUndefined()
  })
})

describe('the store', () => {
  test('is asked once for the session, once for its user, and once for all, at the same time', async () => {
    const { logIn, sessions, store, cookieOf } = setUp()
    const cookie = await logIn()
    const visitor = await cookieOf((session) => session.set('cart', 'tea'))
    store.count()
    await sessions.open(cookie)
    expect(store.count()).toBe('3 getItem')
    await sessions.open(visitor)
    expect(store.count()).toBe('2 getItem')
  })

  test('is asked at most once a second, by default', async () => {
    const { logIn, sessions, store, clock } = setUp({ cache: undefined })
    const [cookie, other] = [await logIn(), await logIn()]
    store.count()
    await sessions.open(cookie)
    clock.now += 999
    await sessions.open(cookie)
    expect(store.count()).toBe('3 getItem')
    await sessions.open(other)
    expect(store.count()).toBe('1 getItem')
    clock.now += 1
    await sessions.open(cookie)
    expect(store.count()).toBe('3 getItem')
  })

  test('is asked at once by the process that ended a session', async () => {
    const { logIn, ended, reasonOf, idOf } = setUp({ cache: 60 })
    const cookie = await logIn()
    await ended.endSession(await idOf(cookie))
    expect(await reasonOf(cookie)).toBe('revoked')
  })

  test('may drop entries when no session of that time can be left', async () => {
    const { ended, store, clock } = setUp()
    await ended.endSession('id')
    await ended.endUser('ada')
    await ended.endAll()
    const ends = new Set(Array.from(store.items.values(), ({ endsAt }) => endsAt))
    expect(ends).toEqual(new Set([clock.now / 1000 + 400 * DAY + 60]))
    const { ended: other, store: second } = setUp({ maxAge: 7 * DAY })
    await other.endAll()
    expect([...second.items.values()][0]?.endsAt).toBe(START + 7 * DAY + 60)
  })

  test('never receives the id of a session or of a user', async () => {
    const { ended, store } = setUp()
    await ended.endSession('the-session')
    await ended.endUser('ada@example.com', { except: 'the-session' })
    const text = JSON.stringify([...store.items])
    expect(text).not.toMatch(/the-session|ada|example/)
    expect(store.items.size).toBe(2)
  })

  test('receives no string that it could parse as JSON', async () => {
    const { ended, store } = setUp()
    await ended.endSession('id')
    await ended.endUser('ada', { except: ['id', 'other'] })
    for (const { value } of store.items.values()) expect(() => JSON.parse(value)).toThrow()
  })

  test('that fails makes every session revoked, with the error in the event', async () => {
    const { logIn, reasonOf, store, events } = setUp()
    const cookie = await logIn()
    store.faults.getItem = () => Promise.reject(new Error('down'))
    expect(await reasonOf(cookie)).toBe('revoked')
    expect(events.at(-1)).toMatchObject({ error: { code: 'ERR_SESSION_STORE' } })
    delete store.faults.getItem
    expect(await reasonOf(cookie)).toBeUndefined()
  })

  test.each(['', 'before', 'before x', 'before -1', 'before 5 short', '1768478400', 'xbefore 5'])(
    'that holds "%s" in place of a moment makes every session revoked',
    async (value) => {
      const { logIn, reasonOf, store, events } = setUp()
      const cookie = await logIn()
      store.items.set('revoked:all', { value, endsAt: Infinity })
      expect(await reasonOf(cookie)).toBe('revoked')
      expect(events.at(-1)).toMatchObject({ error: { code: 'ERR_SESSION_STORE' } })
    },
  )

  test('holds a word for a session, and a moment for the others, with those that it spares', async () => {
    const { ended, store } = setUp()
    await ended.endSession('id')
    await ended.endUser('ada')
    await ended.endUser('grace', { except: ['id', 'other'] })
    await ended.endAll()
    const texts = Array.from(store.items.values(), ({ value }) => value)
    expect(texts).toEqual([
      'ended',
      `before ${START}`,
      expect.stringMatching(new RegExp(`^before ${START}( [\\w-]{43}){2}$`)),
      `before ${START}`,
    ])
  })

  test('that fails makes every method reject', async () => {
    const { ended, store } = setUp()
    store.faults.setItem = () => Promise.reject(new Error('down'))
    for (const call of [
      () => ended.endSession('id'),
      () => ended.endUser('ada'),
      () => ended.endAll(),
    ]) {
      expect(await catchAsyncError(call())).toMatchObject({ code: 'ERR_SESSION_STORE' })
    }
  })
})

describe('revocations', () => {
  const store = createFaultyStore(() => START)

  test('works without options', async () => {
    const { revoked, endSession } = revocations(store)
    const session = { id: 'an-id', startedAt: new Date() }
    expect(await revoked(untyped<Session>(session))).toBe(false)
    await endSession('an-id')
    expect(await revoked(untyped<Session>(session))).toBe(true)
  })

  test('has not ended a session that is empty', async () => {
    expect(await revocations(store).revoked(untyped<Session>({}))).toBe(false)
  })

  test('has no endUser without a function that returns the user', async () => {
    const error = await catchAsyncError(revocations(store).endUser('ada'))
    expect(error).toMatchObject({ option: 'revocations.user' })
  })

  test.each<[unknown, unknown, string]>([
    [undefined, {}, 'storage is undefined and must have getItem'],
    [store, 5, 'revocations was given 5 as its options'],
    [
      store,
      { users: 1 },
      'revocations.users is no option: there are user, maxAge, cache, timeout, clock',
    ],
    [store, { user: 'ada' }, 'revocations.user is "ada" and must be a function'],
    [store, { clock: 5 }, 'revocations.clock is 5 and must be a function'],
    [
      store,
      { cache: -1 },
      'revocations.cache is -1 and must be a whole number from 0 to 60 seconds',
    ],
    [store, { maxAge: 0 }, 'revocations.maxAge is 0 and must be'],
    [store, { timeout: 61 }, 'revocations.timeout is 61 and must be'],
  ])('refuses %s and %j', (storage, options, message) => {
    expect(() => revocations(untyped(storage), untyped<RevocationOptions>(options))).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining(message),
      }),
    )
  })
})
