// The session: its identity and times, the methods that begin, renew, end and reset it, and what it
// exposes. The dictionary and the messages have files of their own.

import { inspect } from 'node:util'
import { runInThisContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { getState } from '../../../src/session/session.ts'
import { pairsOf } from '../../support/cookie-jar.ts'
import {
  DAY,
  NAME,
  SECRET,
  START,
  WEEK,
  dateAt,
  mint,
  payload,
  untyped,
} from '../../support/mint.ts'
import { COMMITTED_ERROR, catchError, configError, catchAsyncError } from '../../support/errors.ts'
import { schemaOf } from '../../support/schema.ts'
import { openNew, setUp, setUser } from '../../support/set-up.ts'

interface Data {
  user?: string
  visits?: number
  roles?: string[]
  nothing?: null
}

const MARKER = 'marker-91c3d7'
const LIFETIMES = {
  remembered: { maxAge: 30 * DAY, idleTimeout: 10 * DAY },
  brief: { maxAge: 1800, idleTimeout: 600, persistent: false },
}

describe('identity and times', () => {
  test('an empty session has none', async () => {
    const session = await openNew()
    expect(session).toMatchObject({
      id: undefined,
      startedAt: undefined,
      expiresAt: undefined,
      isNew: true,
      isEmpty: true,
      rejection: undefined,
    })
  })

  test('the first entry begins it: an id of 22 characters, a start and an end', async () => {
    const session = await openNew()
    setUser(session)
    expect(session.id).toMatch(/^[\w-]{22}$/)
    expect(session.startedAt).toEqual(dateAt(START))
    expect(session.expiresAt).toEqual(dateAt(START + DAY))
    expect(session.isNew).toBe(true)
    expect(session.isEmpty).toBe(false)
  })

  test('no two sessions have the same id', async () => {
    const { sessions } = setUp<Data>()
    const opened = await Promise.all(Array.from({ length: 500 }, () => sessions.open(null)))
    for (const session of opened) setUser(session)
    expect(new Set(opened.map(({ id }) => id)).size).toBe(500)
  })

  test('the next request has the same id and start, and is not new', async () => {
    const { sessions, next, time } = setUp<Data>()
    const session = await sessions.open(null)
    setUser(session)
    const later = await next(session)
    time.now += 100
    expect(later.isNew).toBe(false)
    expect([later.id, later.startedAt, later.expiresAt]).toEqual([
      session.id,
      session.startedAt,
      session.expiresAt,
    ])
    later.set('visits', 1)
    expect([later.id, later.startedAt]).toEqual([session.id, session.startedAt])
    expect(later.expiresAt).toEqual(dateAt(START + 100 + DAY))
  })

  test('expiresAt after a commit is the end that the cookies have', async () => {
    const { sessions, next, time } = setUp<Data>()
    const session = await sessions.open(null)
    setUser(session)
    const later = await next(session)
    time.now += 100
    expect(session.expiresAt).toEqual(dateAt(START + DAY))
    expect(later.expiresAt).toEqual(session.expiresAt)
  })

  test('expiresAt counts from the ticket if that is later than the token', async () => {
    const { next, received, time } = setUp<Data>()
    const session = await received(setUser)
    time.now += DAY / 2
    session.get('user')
    const later = await next(session)
    time.now += DAY / 2
    expect(later.expiresAt).toEqual(dateAt(START + DAY / 2 + DAY))
  })

  test('expiresAt never passes the absolute end', async () => {
    const { received, time } = setUp<Data>({ maxAge: 1000, idleTimeout: 600 })
    const session = await received(setUser)
    time.now += 500
    session.set('visits', 1)
    expect(session.expiresAt).toEqual(dateAt(START + 1000))
  })

  test('a new session that is empty again has no identity', async () => {
    const session = await openNew()
    setUser(session)
    session.clear()
    expect([session.id, session.startedAt, session.expiresAt]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('a session that was received and emptied keeps its identity until the commit', async () => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    const { id } = session
    session.clear()
    expect([session.id, session.isEmpty, session.isNew]).toEqual([id, true, false])
    session.set('visits', 1)
    expect(session.id).toBe(id)
  })

  test('a change of the Date that startedAt returns does not affect the session', async () => {
    const session = await openNew()
    setUser(session)
    session.startedAt?.setTime(0)
    session.expiresAt?.setTime(0)
    expect([session.startedAt, session.expiresAt]).toEqual([dateAt(START), dateAt(START + DAY)])
  })

  test('rejection has only the reason, and is frozen', async () => {
    const { rejection } = await setUp().sessions.open(`${NAME}=junk`)
    expect(rejection).toEqual({ reason: 'malformed' })
    expect(Object.isFrozen(rejection)).toBe(true)
  })
})

describe('regenerate', () => {
  test('gives a new id and new times, and keeps nothing', async () => {
    const { next, received, time } = setUp<Data>()
    const session = await received(setUser)
    const { id } = session
    time.now += 1000
    session.regenerate()
    expect(session.isEmpty).toBe(true)
    expect([session.id, session.isNew]).toEqual([undefined, true])
    session.set('user', 'eve')
    expect(session.id).not.toBe(id)
    expect(session.startedAt).toEqual(dateAt(START + 1000))
    expect((await next(session)).toJSON()).toEqual({ user: 'eve' })
  })

  test('keeps only the keys named by keep', async () => {
    const { next, received, time } = setUp<Data>()
    const session = await received((first) => {
      first.set('user', 'ada')
      first.set('visits', 3)
      first.set('roles', ['admin'])
    })
    const { id } = session
    time.now += 1000
    session.regenerate({ keep: ['visits', 'nothing'] })
    expect(session.toJSON()).toEqual({ visits: 3 })
    expect(session.id).not.toBe(id)
    expect(session.startedAt).toEqual(dateAt(START + 1000))
    const last = await next(session)
    expect(last.toJSON()).toEqual({ visits: 3 })
    expect([last.id, last.startedAt]).toEqual([session.id, session.startedAt])
  })

  test('keeps no key whose name only begins like a named one', async () => {
    const session = await setUp().sessions.open(null)
    session.set('user', 1)
    session.set('userPrefs', 2)
    session.regenerate({ keep: ['userPrefs'] })
    expect(session.toJSON()).toEqual({ userPrefs: 2 })
  })

  test('is written even if every key is kept', async () => {
    const { sessions, received } = setUp<Data>()
    const session = await received(setUser)
    session.regenerate({ keep: ['user'] })
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('sets no logout stamp, so the former cookie stays valid until its end', async () => {
    const { sessions, cookieOf } = setUp<Data>()
    const cookie = await cookieOf(setUser)
    const session = await sessions.open(cookie)
    session.regenerate({ keep: ['user'] })
    const lines = await sessions.setCookies(session)
    expect(lines).toHaveLength(1)
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
  })

  test('begins the named lifetime, or the default one if none is named', async () => {
    const { sessions, next, time } = setUp<Data>({ lifetimes: LIFETIMES })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'remembered' })
    setUser(session)
    expect(session.expiresAt).toEqual(dateAt(START + 10 * DAY))
    const later = await next(session)
    time.now += 9 * DAY
    expect([later.get('user'), later.expiresAt]).toEqual(['ada', dateAt(START + 10 * DAY)])
    later.regenerate({ keep: ['user'] })
    expect(later.expiresAt).toEqual(dateAt(START + 9 * DAY + DAY))
  })

  test('keeps the lifetime for later entries, and after clear', async () => {
    const { sessions, next } = setUp<Data>({ lifetimes: LIFETIMES })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'brief' })
    expect([session.id, session.expiresAt]).toEqual([undefined, undefined])
    setUser(session)
    session.clear()
    session.set('visits', 1)
    expect((await next(session)).expiresAt).toEqual(dateAt(START + 600))
  })

  test('without arguments resets a lifetime that was chosen before', async () => {
    const { sessions } = setUp<Data>({ lifetimes: LIFETIMES })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'brief' })
    session.regenerate()
    setUser(session)
    expect(session.expiresAt).toEqual(dateAt(START + DAY))
  })

  test('that throws changes nothing', async () => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    const { id } = session
    expect(() => session.regenerate(untyped({ keep: 'user' }))).toThrow(
      configError('regenerate.keep'),
    )
    expect([session.id, session.get('user'), session.isNew]).toEqual([id, 'ada', false])
  })
})

describe('renewId', () => {
  test('gives a new id to the same session: data, start, end and lifetime stay', async () => {
    const { received, next, time } = setUp<Data>({ lifetimes: LIFETIMES })
    const session = await received((first) => {
      first.regenerate({ lifetime: 'remembered' })
      setUser(first)
      first.flash('notice', 'hello')
      first.scope('cart').set('items', 1)
    })
    const { id } = session
    time.now += 5 * DAY
    session.renewId()
    expect(session.id).toMatch(/^[\w-]{22}$/)
    expect(session.id).not.toBe(id)
    expect([session.isNew, session.startedAt]).toEqual([false, dateAt(START)])
    const later = await next(session)
    expect([later.id, later.startedAt]).toEqual([session.id, dateAt(START)])
    expect(later.expiresAt).toEqual(dateAt(START + 5 * DAY + 10 * DAY))
    expect([later.get('user'), later.peekFlash('notice')]).toEqual(['ada', ['hello']])
    expect(later.scope('cart').get('items')).toBe(1)
    time.now = START + 30 * DAY
    expect((await next(later)).rejection).toBeUndefined()
    time.now += 5
    expect((await next(later)).rejection).toEqual({ reason: 'expired' })
  })

  test('does not defer the end of the session, however often it is called', async () => {
    const { received, next, time } = setUp<Data>({ idleTimeout: false })
    let session = await received(setUser)
    for (let day = 1; day <= 7; day++) {
      session.renewId()
      session = await next(session)
      expect(session.expiresAt).toEqual(dateAt(START + WEEK))
      time.now += DAY - 1
    }
    time.now = START + WEEK + 5
    expect((await next(session)).rejection).toEqual({ reason: 'expired' })
  })

  test('is written even without another change, with the former id in the event', async () => {
    const { sessions, received, events } = setUp<Data>()
    const session = await received(setUser)
    const { id } = session
    session.renewId()
    session.renewId()
    expect(await sessions.setCookies(session)).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({
      type: 'sealed',
      cause: 'changed',
      id: session.id,
      previous: id,
    })
  })

  test('does nothing before a session exists', async () => {
    const { sessions, events } = setUp<Data>()
    const session = await sessions.open(null)
    session.renewId()
    expect([session.id, session.isEmpty]).toEqual([undefined, true])
    expect(await sessions.setCookies(session)).toEqual([])
    expect(events).toEqual([])
  })

  test('keeps the CSRF secret, so that open forms stay valid', async () => {
    const { sessions, next } = setUp<Data>()
    const session = await sessions.open(null)
    const token = session.csrfToken()
    const later = await next(session)
    later.renewId()
    expect((await next(later)).verifyCsrfToken(token)).toBe(true)
  })
})

describe('destroy', () => {
  test('empties the session, deletes its cookies and sets a stamp', async () => {
    const { sessions, received } = setUp<Data>()
    const session = await received(setUser)
    session.destroy()
    expect([session.isEmpty, session.id, session.isNew]).toEqual([true, undefined, true])
    const lines = await sessions.setCookies(session)
    expect(lines[0]).toMatch(/^__Host-session=; Max-Age=0; /)
    expect(lines[1]).toMatch(/^__Host-session\.x=[\w-]{4}; Max-Age=604805; /)
    expect(lines).toHaveLength(2)
  })

  test('without a session writes nothing', async () => {
    const { sessions } = setUp<Data>()
    const session = await sessions.open(null)
    setUser(session)
    session.destroy()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('of a rejected session sets a stamp too', async () => {
    const { sessions } = setUp<Data>()
    const session = await sessions.open(`${NAME}=junk`)
    session.destroy()
    expect(await sessions.setCookies(session)).toEqual([
      expect.stringMatching(/^__Host-session=; Max-Age=0; /),
      expect.stringMatching(/^__Host-session\.x=[\w-]{4}; /),
    ])
  })

  test('a write after it begins a new session, of the default lifetime', async () => {
    const { received, next } = setUp<Data>({ lifetimes: LIFETIMES })
    const session = await received((first) => {
      first.regenerate({ lifetime: 'remembered' })
      setUser(first)
    })
    const { id } = session
    session.destroy()
    session.set('visits', 0)
    expect(session.id).not.toBe(id)
    expect([session.isNew, session.expiresAt]).toEqual([true, dateAt(START + DAY)])
    const last = await next(session)
    expect(last.toJSON()).toEqual({ visits: 0 })
    expect([last.rejection, last.id]).toEqual([undefined, session.id])
  })

  test('twice in one request sets one stamp', async () => {
    const { sessions, received } = setUp<Data>()
    const session = await received(setUser)
    session.destroy()
    session.set('visits', 0)
    session.destroy()
    const cookies = pairsOf(await sessions.setCookies(session))
    expect(cookies).toMatch(/^__Host-session=; __Host-session\.x=[\w-]{4}$/)
  })

  test('sets a new stamp each time', async () => {
    const { sessions, cookieOf } = setUp<Data>()
    const cookie = await cookieOf(setUser)
    const stamps = new Set<string | undefined>()
    for (let logout = 0; logout < 50; logout++) {
      const session = await sessions.open(cookie)
      session.destroy()
      stamps.add((await sessions.setCookies(session)).at(-1)?.split(';', 1).join())
    }
    expect(stamps.size).toBe(50)
  })
})

describe('discard', () => {
  const CHANGES: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
    ['set', (session) => session.set('user', 'eve')],
    ['delete', (session) => session.delete('user')],
    ['clear', (session) => session.clear()],
    ['a change in place', (session) => session.get('roles')?.push('admin')],
    ['a scope', (session) => session.scope('cart').set('items', 2)],
    ['flash', (session) => session.flash('notice', 'new')],
    ['a message that was taken', (session) => session.flash('notice')],
    ['csrfToken', (session) => session.csrfToken()],
    ['setTestCookie', (session) => session.setTestCookie()],
    ['deleteTestCookie', (session) => session.deleteTestCookie()],
    ['regenerate', (session) => session.regenerate()],
    ['renewId', (session) => session.renewId()],
    ['destroy', (session) => session.destroy()],
    ['touch', (session) => session.touch()],
  ]

  function fill(session: Session<Data>): void {
    session.set('user', 'ada')
    session.set('roles', ['reader'])
    session.scope('cart').set('items', 1)
    session.flash('notice', 'old')
    session.setTestCookie()
  }

  function shown(session: Session<Data>): unknown[] {
    return [
      session.toJSON(),
      session.scope('cart').toJSON(),
      session.peekFlash('notice'),
      session.testCookieWorked(),
      session.id,
      session.isNew,
      session.startedAt,
      session.expiresAt,
    ]
  }

  test.each(CHANGES)('reverts %s, and nothing is written', async (_, change) => {
    const { sessions, received, time } = setUp<Data>()
    const session = await received(fill)
    const before = structuredClone(shown(session))
    time.now += 100
    change(session)
    session.discard()
    expect(shown(session)).toEqual(before)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test.each(CHANGES)('reverts %s of a session that began in this request', async (_, change) => {
    const { sessions } = setUp<Data>()
    const session = await sessions.open(null)
    fill(session)
    change(session)
    session.discard()
    expect([session.isEmpty, session.id, session.isNew]).toEqual([true, undefined, true])
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('also prevents a ticket that is due', async () => {
    const { sessions, received, time } = setUp<Data>()
    const session = await received(setUser)
    time.now += DAY / 2
    session.get('user')
    session.discard()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('does not affect later changes, or a later touch', async () => {
    const { sessions, received, next, time } = setUp<Data>()
    const session = await received(setUser)
    session.set('user', 'eve')
    session.discard()
    session.set('visits', 1)
    const later = await next(session)
    expect(later.toJSON()).toEqual({ user: 'ada', visits: 1 })
    time.now += 10
    later.discard()
    later.touch()
    expect(await sessions.setCookies(later)).toEqual([expect.stringMatching(/^[^=]+\.t=/)])
  })

  test('detaches values that were returned before it', async () => {
    const { sessions, received } = setUp<Data>()
    const session = await received(fill)
    const roles = session.get('roles')
    session.discard()
    roles?.push('admin')
    expect(session.get('roles')).toEqual(['reader'])
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('keeps the rejection of a rejected cookie, and does not delete that cookie', async () => {
    const { sessions } = setUp<Data>()
    const session = await sessions.open(`${NAME}=junk`)
    setUser(session)
    session.discard()
    expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'malformed' }, true])
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('restores the output of a schema', async () => {
    const schema = schemaOf<Data>((value) => ({ value: { roles: [], ...Object(value) } }))
    const { sessions, cookieOf, make } = setUp<Data>()
    const cookie = await cookieOf(setUser)
    const checked = make({ schema })
    const session = await checked.open(cookie)
    session.get('roles')?.push('admin')
    session.discard()
    expect(session.toJSON()).toEqual({ roles: [], user: 'ada' })
    expect(await checked.setCookies(session)).toEqual([])
    expect(await sessions.setCookies(await sessions.open(cookie))).toEqual([])
  })
})

describe('touch', () => {
  test('writes a ticket at once, and the end moves', async () => {
    const { sessions, received, time } = setUp<Data>()
    const session = await received(setUser)
    time.now += 10
    session.touch()
    expect(session.expiresAt).toEqual(dateAt(START + 10 + DAY))
    expect(await sessions.setCookies(session)).toEqual([
      expect.stringMatching(/^__Host-session\.t=[\w.-]+; Max-Age=604790; /),
    ])
    expect(session.expiresAt).toEqual(dateAt(START + 10 + DAY))
  })

  test('beside a change writes the session, and no ticket', async () => {
    const { sessions, received, time } = setUp<Data>()
    const session = await received(setUser)
    time.now += 10
    session.touch()
    session.set('visits', 1)
    expect(await sessions.setCookies(session)).toEqual([expect.stringMatching(/^__Host-session=/)])
  })

  test('of an empty session, new or rejected, writes nothing', async () => {
    const { sessions } = setUp<Data>()
    for (const cookie of [null, `${NAME}=junk`]) {
      const session = await sessions.open(cookie)
      session.touch()
      expect([session.id, await sessions.setCookies(session)]).toEqual([undefined, []])
    }
  })
})

describe('the test cookie', () => {
  test('has worked only in the next request, if the browser stored it', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    expect(session.testCookieWorked()).toBe(false)
    session.setTestCookie()
    expect(session.testCookieWorked()).toBe(false)
    expect((await next(session)).testCookieWorked()).toBe(true)
    expect((await sessions.open(null)).testCookieWorked()).toBe(false)
  })

  test('setting it begins a session without data; asking begins none', async () => {
    const session = await setUp().sessions.open(null)
    session.testCookieWorked()
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
    session.setTestCookie()
    expect([session.isEmpty, session.size, session.toJSON()]).toEqual([false, 0, {}])
    expect(session.id).toMatch(/^[\w-]{22}$/)
  })

  test('deleting it makes the answer false and deletes the cookie', async () => {
    const { sessions, received } = setUp()
    const session = await received((first) => first.setTestCookie())
    session.deleteTestCookie()
    expect([session.testCookieWorked(), session.isEmpty]).toEqual([false, true])
    const lines = await sessions.setCookies(session)
    expect(lines).toEqual([expect.stringMatching(/^__Host-session=; Max-Age=0; /)])
  })

  test('deleting it keeps the rest of the session, and lasts to the next request', async () => {
    const { received, next } = setUp()
    const session = await received((first) => {
      first.set('user', 'ada')
      first.setTestCookie()
    })
    session.deleteTestCookie()
    const last = await next(session)
    expect([last.get('user'), last.testCookieWorked()]).toEqual(['ada', false])
  })

  test('setting it again after it has worked writes no cookie, and the answer stays true', async () => {
    const { sessions, received } = setUp()
    const session = await received((first) => first.setTestCookie())
    session.setTestCookie()
    expect(session.testCookieWorked()).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('set, deleted and set in one request, it works from the next request', async () => {
    const { received } = setUp()
    const session = await received((first) => first.setTestCookie())
    session.deleteTestCookie()
    session.setTestCookie()
    expect(session.testCookieWorked()).toBe(false)
  })

  test('regenerate drops the test cookie and keeps the answer; destroy drops both', async () => {
    const { sessions, cookieOf, next } = setUp()
    const cookie = await cookieOf((first) => first.setTestCookie())
    const session = await sessions.open(cookie)
    session.regenerate()
    session.set('user', 'ada')
    expect(session.testCookieWorked()).toBe(true)
    expect((await next(session)).testCookieWorked()).toBe(false)
    const other = await sessions.open(cookie)
    other.destroy()
    expect(other.testCookieWorked()).toBe(false)
  })

  test('a rejected cookie has not worked', async () => {
    const { time, sessions, cookieOf } = setUp()
    const cookie = await cookieOf((first) => first.setTestCookie())
    time.now += DAY + 5
    expect((await sessions.open(cookie)).testCookieWorked()).toBe(false)
  })
})

describe('arguments that a method does not take', () => {
  const callback = () => {}

  test.each([
    ['destroy', [callback], 'a function: write destroy()'],
    ['destroy', ['ada'], 'was given "ada"'],
    ['discard', [callback], 'write discard()'],
    ['touch', [{ maxAge: 60 }], 'was given an object'],
    ['renewId', [callback], 'write renewId()'],
    ['clear', ['user'], 'was given "user"'],
    ['destroy', [undefined, callback], 'takes no argument'],
  ])('%s(…) throws at the call: %j', async (method, given, words) => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    const { id } = session
    const act = () => Reflect.apply(Reflect.get(session, method), session, given)
    const error = catchError(act)
    expect(error).toEqual(configError(method))
    expect(String(error)).toContain(words)
    expect([session.id, session.get('user')]).toEqual([id, 'ada'])
  })

  test.each([
    [callback, 'regenerate'],
    [null, 'regenerate'],
    ['cart', 'regenerate'],
    [['cart'], 'regenerate'],
    [{ keep: 'userPrefs' }, 'regenerate.keep'],
    [{ kep: ['user'] }, 'regenerate.kep'],
    [{ lifetime: 'remembered' }, 'regenerate.lifetime'],
  ])('regenerate(%j) throws at the call', async (given, option) => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    expect(() => session.regenerate(untyped(given))).toThrow(configError(option))
    expect(session.get('user')).toBe('ada')
  })

  test('undefined counts as no argument, so that a method can be passed as a callback', async () => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    for (const method of ['touch', 'renewId', 'regenerate', 'clear', 'discard', 'destroy']) {
      Reflect.apply(Reflect.get(session, method), session, [undefined])
    }
    expect(session.isEmpty).toBe(true)
  })

  test.each(['flash', 'peekFlash'])('%s without a string as its key throws', async (method) => {
    const session = await openNew()
    for (const key of [undefined, null, 1, {}, Symbol('s'), ['notice']]) {
      const act = () => Reflect.apply(Reflect.get(session, method), session, [key])
      expect(act).toThrow(configError('key'))
    }
    expect(session.isEmpty).toBe(true)
  })
})

describe('after the commit', () => {
  const CHANGES: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
    ['set', (session) => session.set('user', 'eve')],
    ['delete', (session) => session.delete('user')],
    ['clear', (session) => session.clear()],
    ['flash', (session) => session.flash('notice', 'hello')],
    ['csrfToken', (session) => session.csrfToken()],
    ['setTestCookie', (session) => session.setTestCookie()],
    ['deleteTestCookie', (session) => session.deleteTestCookie()],
    ['regenerate', (session) => session.regenerate()],
    ['renewId', (session) => session.renewId()],
    ['destroy', (session) => session.destroy()],
    ['discard', (session) => session.discard()],
    ['touch', (session) => session.touch()],
  ]

  test.each(CHANGES)('%s throws, and changes nothing', async (_, change) => {
    const { sessions } = setUp<Data>()
    const session = await sessions.open(null)
    setUser(session)
    await sessions.setCookies(session)
    const { id } = session
    expect(() => change(session)).toThrow(COMMITTED_ERROR)
    expect([session.id, session.toJSON()]).toEqual([id, { user: 'ada' }])
  })

  test('everything can still be read', async () => {
    const { sessions, received } = setUp<Data>()
    const session = await received((first) => {
      setUser(first)
      first.setTestCookie()
      first.csrfToken()
    })
    await sessions.setCookies(session)
    expect([session.get('user'), session.isNew, session.size]).toEqual(['ada', false, 1])
    expect([session.testCookieWorked(), session.verifyCsrfToken('x')]).toEqual([true, false])
    expect(session.csrfToken()).toHaveLength(43)
    expect(session.peekFlash('notice')).toEqual([])
  })
})

describe('properties', () => {
  test('cannot be added, and the error names set', async () => {
    const { received } = setUp<Data>()
    const session = await received(setUser)
    const names = ['name', 'then', '__proto__x', '0', 'save', 'destroyed']
    for (const target of [session, session.scope('cart')]) {
      for (const name of names) {
        const error = catchError(() => Object.assign(target, { [name]: 'eve' }))
        expect(error).toBeInstanceOf(TypeError)
        expect(String(error)).toContain(`write session.set("${name}", value)`)
      }
      expect(Object.keys(target)).toEqual([])
    }
    expect(session.toJSON()).toEqual({ user: 'ada' })
  })

  test('cannot be added in sloppy mode either, in which failed assignments are silent', async () => {
    const session = await openNew()
    const assign = () => runInThisContext('(session) => { session.user = "ada" }')(session)
    expect(assign).toThrow(TypeError)
  })

  test('cannot be replaced or defined', async () => {
    const session = await openNew()
    expect(() => Object.assign(session, { id: 'mine' })).toThrow(TypeError)
    expect(() => Object.assign(session, { get: () => 'eve' })).toThrow(TypeError)
    expect(Reflect.defineProperty(session, 'user', { value: 'ada' })).toBe(false)
    expect(Reflect.setPrototypeOf(session, { user: 'ada' })).toBe(false)
    expect(Reflect.has(session, 'user')).toBe(false)
  })

  test('of other object literals and classes are not affected', () => {
    const other: Record<string, unknown> = {}
    other['user'] = 'ada'
    expect(other).toEqual({ user: 'ada' })
    expect(Object.getPrototypeOf(Object.prototype)).toBeNull()
  })
})

describe('exposure', () => {
  test('a session shows its values to toJSON alone', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', { [`deep-${MARKER}`]: [MARKER] })
    const cookie = pairsOf(await sessions.setCookies(session))
    const opened = await sessions.open(cookie)
    for (const shown of [session, opened, sessions, { sessions, list: [opened] }]) {
      const text = inspect(shown, { showHidden: true, depth: 10, getters: false })
      expect(text).not.toContain(MARKER)
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain(cookie.slice(-20))
    }
    expect(String(untyped<unknown>(opened))).toBe('[object Session]')
    expect(String(untyped<unknown>(sessions)) + JSON.stringify(sessions)).not.toContain(SECRET)
    expect(Object.keys(opened)).toEqual([])
    expect(Object.getOwnPropertySymbols(opened)).toEqual([])
    expect(JSON.stringify(opened)).toContain(MARKER)
  })

  test('no property of a session exposes its state', async () => {
    const session = await openNew()
    setUser(session)
    const reachable: unknown[] = []
    for (let object: unknown = session; object !== null; object = Object.getPrototypeOf(object)) {
      const { constructor } = Object(object)
      reachable.push(...Reflect.ownKeys(constructor).map((key) => Reflect.get(constructor, key)))
    }
    for (const found of reachable.filter((value) => typeof value === 'function')) {
      const result: unknown = catchError(() => untyped<(given: unknown) => unknown>(found)(session))
      expect(inspect(result, { depth: 10, showHidden: true })).not.toContain('contents')
    }
    expect(Object.getOwnPropertyNames(session.constructor).toSorted()).toEqual([
      'length',
      'name',
      'prototype',
    ])
  })

  test('no error shows a value', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('big', MARKER.repeat(2000))
    const errors: unknown[] = [
      await catchAsyncError(sessions.setCookies(session)),
      catchError(() => session.set('date', { at: new Date(0), [`x`]: MARKER })),
      catchError(() => session.set('list', [MARKER, undefined])),
      catchError(() => session.set('half', `${MARKER}\ud800`)),
      catchError(() => createSessions({ secrets: MARKER })),
      catchError(() =>
        createSessions({ secrets: [SECRET, `${MARKER} ${MARKER} ${MARKER}`, SECRET] }),
      ),
      catchError(() => createSessions({ secrets: untyped({ secret: MARKER }) })),
      await catchAsyncError(sessions.open(untyped({ cookie: MARKER }))),
    ]
    for (const error of errors) {
      expect(error).toHaveProperty('code')
      const text = `${inspect(error, { showHidden: true, depth: 10 })}${String(error)}`
      expect(text).not.toContain(MARKER)
      expect(text).not.toContain(SECRET)
      expect(JSON.stringify(error)).not.toContain(MARKER)
    }
  })
})

describe('getState', () => {
  test('returns the state of a session, and undefined for anything else', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${mint(payload())}`)
    expect(getState(session)).toMatchObject({ isNew: false, accessed: true, committed: false })
    const others = [null, undefined, 1, 'session', {}, [], () => {}, sessions, session.scope('a')]
    for (const other of others) expect(getState(other)).toBeUndefined()
    expect(getState(Object.create(session))).toBeUndefined()
    expect(getState(new Proxy(session, {}))).toBeUndefined()
  })
})
