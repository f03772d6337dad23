// The cookies that a commit writes into one response, and when. Changes write the data, use writes
// tickets.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { overflow } from 'sealed-session/overflow'
import { createJar, namesOf, toCookieHeader } from '../support/cookie-jar.ts'
import { createFaultyStore } from '../support/faulty-store.ts'
import {
  DAY,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  WEEK,
  dateAt,
  mint,
  mintAt,
  mintTicket,
  payload,
  secretId,
  untyped,
} from '../support/mint.ts'
import { dataError, catchAsyncError } from '../support/errors.ts'
import { schemaOf } from '../support/schema.ts'
import { setUp as setUpWith, setUser } from '../support/set-up.ts'

interface Data {
  user?: string
  visits?: number
  cart?: { id: string; tags: string[] }[]
  text?: string
}

const MARKER = 'marker-5e0a1c'

const setUp = (options: Partial<SessionOptions<Data>> = {}) => setUpWith<Data>(options)

/** Returns the `Max-Age` of each line. */
function maxAgesOf(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/; Max-Age=(\d+);/.exec(line)?.[1]))
}

/** Returns the lines that a read-only request writes, at a time after the session's start, in seconds. */
async function readAfter(seconds: number, options: Partial<SessionOptions<Data>> = {}) {
  const { received, sessions, time } = setUp(options)
  const session = await received(setUser)
  time.now += seconds
  session.get('user')
  return sessions.setCookies(session)
}

describe('the session', () => {
  test('is written when it is new, and the next request has it', async () => {
    const { sessions } = setUp()
    const browser = createJar()
    const session = await sessions.open(browser.request())
    setUser(session)
    browser.store(await sessions.commit(session, new Response('hello')))
    expect((await sessions.open(browser.request())).toJSON()).toEqual({ user: 'ada' })
  })

  test('is not written if it was only read: no Set-Cookie, but Vary', async () => {
    const { sessions, received } = setUp()
    const session = await received(setUser)
    expect(session.get('user')).toBe('ada')
    const { headers } = await sessions.commit(session, new Response())
    expect(headers.getSetCookie()).toEqual([])
    expect(headers.get('vary')).toBe('Cookie')
  })

  test('is not written if a key was set to its present value', async () => {
    const { sessions, received } = setUp()
    const session = await received(setUser)
    setUser(session)
    session.delete('visits')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('is not written if it is new and became empty again', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    session.delete('user')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('is written if a value was changed in place, whichever method returned it', async () => {
    const reach: ((session: Session<Data>) => unknown)[] = [
      (session) => session.get('cart')?.[0],
      (session) => session.toJSON().cart?.[0],
      (session) => untyped<[string, unknown[]][]>([...session])[0]?.[1][0],
      (session) => untyped<[string, unknown[]][]>(session.entries())[0]?.[1][0],
    ]
    for (const find of reach) {
      const { received, next } = setUp()
      const session = await received((first) => first.set('cart', [{ id: 'a', tags: [] }]))
      untyped<{ tags: string[] }>(find(session)).tags.push('new')
      expect((await next(session)).get('cart')).toEqual([{ id: 'a', tags: ['new'] }])
    }
  })

  test('is written with changes made to a value after it was set', async () => {
    const { received } = setUp()
    const tags = ['a']
    const session = await received((first) => {
      first.set('cart', [{ id: 'a', tags }])
      tags.push('b')
    })
    expect(session.get('cart')).toEqual([{ id: 'a', tags: ['a', 'b'] }])
  })

  test('keeps its start and end when it is written, and has a new seal time', async () => {
    const { received, next, time, sessions } = setUp()
    const session = await received(setUser)
    time.now += 1000
    session.set('visits', 1)
    expect(maxAgesOf(await sessions.setCookies(session))).toEqual([WEEK - 1000])
    const later = await next(session)
    expect([later.id, later.startedAt]).toEqual([session.id, dateAt(START)])
    expect(later.expiresAt).toEqual(dateAt(START + 1000 + DAY))
  })

  test('stays in the browser until its absolute end, not until the end of idleTimeout', async () => {
    const { sessions } = setUp({ idleTimeout: 60, maxAge: 5000 })
    const session = await sessions.open(null)
    setUser(session)
    expect(maxAgesOf(await sessions.setCookies(session))).toEqual([5000])
  })

  test('has no Max-Age if its cookies end with the browser, and the same end in the token', async () => {
    const { sessions, time } = setUp({ cookie: { persistent: false } })
    const session = await sessions.open(null)
    setUser(session)
    const lines = await sessions.setCookies(session)
    expect(lines.join()).not.toMatch(/Max-Age|Expires/)
    time.now += DAY + 5
    expect((await sessions.open(toCookieHeader(lines))).rejection).toEqual({ reason: 'idle' })
  })

  test('written within the tolerance after its end is not deleted by its own Max-Age', async () => {
    const { received, sessions, time } = setUp({ maxAge: 1000 })
    const session = await received(setUser)
    time.now += 1003
    session.set('visits', 1)
    expect(maxAgesOf(await sessions.setCookies(session))).toEqual([1])
    expect(session.expiresAt).toEqual(dateAt(START + 1000))
  })

  test('is sealed as of its start if the clock went back, and never lives longer', async () => {
    const { sessions, time } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    time.now -= 100
    const lines = await sessions.setCookies(session)
    expect(maxAgesOf(lines)).toEqual([WEEK + 100])
    time.now = START
    const later = await sessions.open(toCookieHeader(lines))
    expect([later.startedAt, later.expiresAt]).toEqual([dateAt(START), dateAt(START + DAY)])
  })

  test('deletes the other parts if it has fewer, and none if it has more', async () => {
    const { received, next, sessions } = setUp({ limits: 'browsers' })
    const session = await received((first) => first.set('text', 'x'.repeat(9000)))
    session.set('text', 'short')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.1`, `${NAME}.2`, `${NAME}.3`])
    expect(maxAgesOf(lines)).toEqual([WEEK, 0, 0, 0])
    const later = await next(session)
    later.set('text', 'x'.repeat(5000))
    expect(maxAgesOf(await sessions.setCookies(later))).toEqual([WEEK, WEEK])
  })
})

describe('a ticket', () => {
  const TICKET = [expect.stringMatching(/^__Host-session\.t=[\w.-]+; Max-Age=\d+; Path=\/; /)]

  test('is written by use after touchInterval, and not before', async () => {
    expect(await readAfter(599, { touchInterval: 600 })).toEqual([])
    expect(await readAfter(600, { touchInterval: 600 })).toEqual(TICKET)
  })

  test('is due after a tenth of idleTimeout by default', async () => {
    expect(await readAfter(359, { idleTimeout: 3600 })).toEqual([])
    expect(await readAfter(360, { idleTimeout: 3600 })).toEqual(TICKET)
  })

  test('is due with touchInterval 0 at every request in which the clock has moved', async () => {
    expect(await readAfter(0, { touchInterval: 0 })).toEqual([])
    expect(await readAfter(1, { touchInterval: 0 })).toEqual(TICKET)
  })

  test('is never due without an idleTimeout, because it would not move the end', async () => {
    expect(await readAfter(WEEK - 1, { idleTimeout: false })).toEqual([])
  })

  test('is not due close to the absolute end, because it would not move the end', async () => {
    const options = { maxAge: 1000, idleTimeout: 600, touchInterval: 300 }
    const { received, sessions, next, time } = setUp(options)
    const session = await received(setUser)
    time.now += 500
    session.get('user')
    const lines = await sessions.setCookies(session)
    expect([namesOf(lines), maxAgesOf(lines)]).toEqual([[`${NAME}.t`], [500]])
    time.now = START + 900
    const later = await next(session)
    expect(later.get('user')).toBe('ada')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('moves the end of the session without a new token', async () => {
    const { received, next, time, sessions } = setUp()
    const session = await received(setUser)
    time.now += DAY / 2
    session.get('user')
    expect(await sessions.setCookies(session)).toHaveLength(1)
    const later = await next(session)
    expect([later.id, later.startedAt]).toEqual([session.id, dateAt(START)])
    expect(later.expiresAt).toEqual(dateAt(START + DAY / 2 + DAY))
    time.now += DAY
    expect((await next(later)).get('user')).toBe('ada')
  })

  test('keeps a session that is used from day to day until its absolute end', async () => {
    const { received, next, time } = setUp()
    let session = await received(setUser)
    for (time.now = START; time.now < START + WEEK; time.now += DAY - 1) {
      session = await next(session)
      expect(session.get('user')).toBe('ada')
    }
    time.now = START + WEEK + 5
    expect((await next(session)).rejection).toEqual({ reason: 'expired' })
  })

  test('has a size that does not depend on the session', async () => {
    const { received, sessions, time } = setUp({ limits: 'node' })
    const lengths = new Set<number>()
    for (const size of [1, 3000, 9000]) {
      time.now = START
      const session = await received((first) => first.set('text', 'x'.repeat(size)))
      time.now += DAY / 2
      session.get('text')
      const lines = await sessions.setCookies(session)
      expect(namesOf(lines)).toEqual([`${NAME}.t`])
      for (const line of lines) lengths.add(line.length)
    }
    expect(lengths.size).toBe(1)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(220)
  })

  test('is never written beside data', async () => {
    const { received, sessions, time } = setUp()
    const session = await received(setUser)
    time.now += DAY / 2
    session.touch()
    session.set('visits', 1)
    expect(namesOf(await sessions.setCookies(session))).toEqual([NAME])
  })

  test('that arrives after a write does not undo it', async () => {
    const { sessions, time } = setUp()
    const browser = createJar()
    const first = await sessions.open(browser.request())
    setUser(first)
    browser.store(await sessions.setCookies(first))
    time.now += DAY / 2
    const slow = await sessions.open(browser.request())
    slow.get('user')
    const ticket = await sessions.setCookies(slow)
    const writer = await sessions.open(browser.request())
    writer.regenerate({ keep: ['user'] })
    writer.set('visits', 1)
    browser.store(await sessions.setCookies(writer))
    browser.store(ticket)
    const last = await sessions.open(browser.request())
    expect([last.id, last.toJSON()]).toEqual([writer.id, { user: 'ada', visits: 1 }])
    expect(last.expiresAt).toEqual(dateAt(START + DAY / 2 + DAY))
  })

  test('is written if the request has the ticket of another session', async () => {
    const { sessions, time } = setUp()
    time.now += DAY / 2
    const foreign = mintTicket(time.now, 'B'.repeat(22))
    const session = await sessions.open(`${NAME}=${mint()}; ${NAME}.t=${foreign}`)
    session.get('user')
    expect(await sessions.setCookies(session)).toEqual(TICKET)
  })

  test('is written by a touch after the session was saved, and not before the clock has moved on', async () => {
    const { sessions, time } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const saved: string[] = []
    const save = () => sessions.save(session, (name) => void saved.push(name))
    await save()
    setUser(session)
    await save()
    expect(saved).toEqual([NAME])
    time.now -= 1
    session.touch()
    await save()
    expect(saved).toEqual([NAME])
    time.now += 1
    session.touch()
    await save()
    expect(saved).toEqual([NAME, `${NAME}.t`])
  })

  test('is not written by a touch if the clock went back before the last use', async () => {
    const { sessions, time } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}; ${NAME}.t=${mintTicket(START + 5)}`)
    session.touch()
    expect(await sessions.setCookies(session)).toEqual([])
    time.now += 6
    const later = await sessions.open(`${NAME}=${mint()}; ${NAME}.t=${mintTicket(START + 5)}`)
    later.touch()
    expect(await sessions.setCookies(later)).toEqual(TICKET)
  })

  test('ends with the browser if the session does', async () => {
    const { received, sessions, time } = setUp({ cookie: { persistent: false } })
    const session = await received(setUser)
    time.now += DAY / 2
    session.get('user')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([`${NAME}.t`])
    expect(lines.join()).not.toMatch(/Max-Age|Expires/)
  })
})

describe('a named lifetime', () => {
  const lifetimes = {
    remembered: { maxAge: 30 * DAY, idleTimeout: 10 * DAY },
    brief: { maxAge: 1800, idleTimeout: 600, persistent: false },
  }

  test('decides how long the cookies live, with Max-Age or without', async () => {
    const { sessions } = setUp({ lifetimes })
    const linesOf = async (lifetime?: string) => {
      const session = await sessions.open(null)
      session.regenerate({ lifetime })
      setUser(session)
      return sessions.setCookies(session)
    }
    expect(maxAgesOf(await linesOf())).toEqual([WEEK])
    expect(maxAgesOf(await linesOf('remembered'))).toEqual([30 * DAY])
    expect((await linesOf('brief')).join()).not.toMatch(/Max-Age|Expires/)
  })

  test('decides when a ticket is due, and how long it lives', async () => {
    const { received, sessions, next, time } = setUp({ lifetimes })
    const session = await received((first) => {
      first.regenerate({ lifetime: 'remembered' })
      setUser(first)
    })
    time.now += DAY - 1
    session.get('user')
    expect(await sessions.setCookies(session)).toEqual([])
    const later = await next(session)
    time.now += 1
    later.get('user')
    const lines = await sessions.setCookies(later)
    expect([namesOf(lines), maxAgesOf(lines)]).toEqual([[`${NAME}.t`], [29 * DAY]])
  })

  test('decides when the ticket of a session that ends with the browser is due', async () => {
    const { received, sessions, time } = setUp({ lifetimes })
    const session = await received((first) => {
      first.regenerate({ lifetime: 'brief' })
      setUser(first)
    })
    time.now += 60
    session.get('user')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([`${NAME}.t`])
    expect(lines.join()).not.toMatch(/Max-Age|Expires/)
  })

  test('stays with the session over writes, renewed ids and instances without that lifetime', async () => {
    const { received, next, make, time } = setUp({ lifetimes })
    const without = make({ lifetimes: undefined })
    const session = await received((first) => {
      first.regenerate({ lifetime: 'remembered' })
      setUser(first)
    })
    session.renewId()
    let later = await next(session, without)
    expect(later.expiresAt).toEqual(dateAt(START + DAY))
    later.set('visits', 1)
    const lines = await without.setCookies(later)
    expect(maxAgesOf(lines)).toEqual([WEEK])
    later = await next(later, make())
    expect(later.expiresAt).toEqual(dateAt(START + 10 * DAY))
    time.now += 10 * DAY + 4
    expect((await next(later)).get('user')).toBe('ada')
  })

  test('takes Max-Age and tickets from the current configuration', async () => {
    const { sessions, time } = setUp({
      lifetimes: { remembered: { maxAge: 2 * DAY, idleTimeout: 1000 } },
    })
    const value = mint(payload({ life: 30 * DAY, more: { l: 'remembered' } }))
    time.now += 100
    const session = await sessions.open(`${NAME}=${value}`)
    session.get('user')
    const lines = await sessions.setCookies(session)
    expect([namesOf(lines), maxAgesOf(lines)]).toEqual([[`${NAME}.t`], [2 * DAY - 100]])
  })
})

describe('the secret that seals', () => {
  test('is the newest, and all others open', async () => {
    const { make, events, cookieOf } = setUp()
    const old = await cookieOf(setUser, make({ secrets: OLDER_SECRET }))
    expect(events.at(-1)).toMatchObject({ type: 'sealed', secretId: secretId(OLDER_SECRET) })
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    expect((await sessions.open(old)).get('user')).toBe('ada')
    const fresh = await cookieOf(setUser, sessions)
    expect((await make({ secrets: SECRET }).open(fresh)).get('user')).toBe('ada')
    expect((await make({ secrets: OLDER_SECRET }).open(fresh)).rejection).toEqual({
      reason: 'unknown-key',
    })
  })

  test('is the newest from the next write on, and the times of the session stay', async () => {
    const { make, time, cookieOf } = setUp()
    const old = await cookieOf(setUser, make({ secrets: OLDER_SECRET }))
    time.now += 10
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    const { id, startedAt } = session
    session.set('visits', 1)
    const cookie = toCookieHeader(await sessions.setCookies(session))
    const next = await make({ secrets: SECRET }).open(cookie)
    expect(next.toJSON()).toEqual({ user: 'ada', visits: 1 })
    expect([next.id, next.startedAt, next.isNew]).toEqual([id, startedAt, false])
  })

  test('stays the older one for a session that is only read, and its ticket has the newest', async () => {
    const { make, time, cookieOf, events } = setUp()
    const old = await cookieOf(setUser, make({ secrets: OLDER_SECRET }))
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.setCookies(session)).toEqual([])
    time.now += DAY / 2
    const later = await sessions.open(old)
    later.get('user')
    const ticket = toCookieHeader(await sessions.setCookies(later))
    expect(events.at(-1)).toMatchObject({ cause: 'renewed', secretId: secretId(SECRET) })
    expect((await sessions.open(`${old}; ${ticket}`)).expiresAt).toEqual(later.expiresAt)
  })

  test('opens nothing after it was removed', async () => {
    const { make, cookieOf } = setUp()
    const old = await cookieOf(setUser, make({ secrets: OLDER_SECRET }))
    for (const secrets of [SECRET, [SECRET, OTHER_SECRET]]) {
      const session = await make({ secrets }).open(old)
      expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'unknown-key' }, true])
    }
  })

  test('changes with the day, and a session of the day before still opens', async () => {
    const { received, next, time } = setUp()
    const session = await received(setUser)
    time.now += DAY - 43_201
    session.set('visits', 1)
    const later = await next(session)
    time.now += 2
    later.set('visits', 2)
    expect((await next(later)).toJSON()).toEqual({ user: 'ada', visits: 2 })
  })
})

describe('a schema', () => {
  const Shape = v.object({ user: v.string(), visits: v.optional(v.number()) })

  test('rejects data that does not fit, with its path and without the value', async () => {
    const { make } = setUpWith()
    const sessions = make({ schema: Shape })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('visits', MARKER)
    const error = await catchAsyncError(sessions.setCookies(session))
    expect(error).toEqual(dataError('visits'))
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(MARKER)
    session.set('visits', 1)
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('may be asynchronous', async () => {
    const schema = v.pipeAsync(
      v.object({ user: v.string() }),
      v.checkAsync(({ user }) => Promise.resolve(user !== 'eve')),
    )
    const { make } = setUpWith<{ user: string }>()
    const sessions = make({ schema })
    const session = await sessions.open(null)
    session.set('user', 'eve')
    const error = await catchAsyncError(sessions.setCookies(session))
    expect(error).toMatchObject({ code: 'ERR_SESSION_DATA' })
  })

  test('is not called if no data is written: for a session that was read, or gets a ticket', async () => {
    const seen: unknown[] = []
    const schema = schemaOf<Data>((value) => {
      seen.push(value)
      return { value }
    })
    const { make, time, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const sessions = make({ schema })
    time.now += DAY / 2
    const session = await sessions.open(cookie)
    session.get('user')
    expect(await sessions.setCookies(session)).toHaveLength(1)
    expect(seen).toEqual([{ user: 'ada' }])
  })

  test('is called before data is sealed, so that a rejected write causes no event', async () => {
    const { sessions, events } = setUp({ schema: schemaOf<Data>(() => ({ issues: [{}] })) })
    const session = await sessions.open(null)
    setUser(session)
    expect(await catchAsyncError(sessions.setCookies(session))).toEqual(dataError('the session'))
    expect(events).toEqual([])
  })
})

describe('a serializer', () => {
  test('with stringify and parse is used as it is', async () => {
    const { received } = setUp({ serializer: JSON })
    expect((await received(setUser)).toJSON()).toEqual({ user: 'ada' })
  })

  test('that throws causes a SessionDataError without a value of the session', async () => {
    const { sessions } = setUpWith({ serializer: devalue })
    const session = await sessions.open(null)
    session.set('secret', MARKER)
    session.set('handler', () => MARKER)
    const error = await catchAsyncError(sessions.setCookies(session))
    expect(error).toMatchObject({ code: 'ERR_SESSION_DATA' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(MARKER)
  })

  test('that returns no string causes a SessionDataError', async () => {
    const serializer = { stringify: () => untyped<string>(undefined), parse: JSON.parse }
    const { sessions } = setUp({ serializer })
    const session = await sessions.open(null)
    setUser(session)
    await expect(sessions.setCookies(session)).rejects.toMatchObject({ code: 'ERR_SESSION_DATA' })
  })
})

describe('a session of which a store holds a part', () => {
  const TEXT = 'x'.repeat(5000)

  function setUpStore() {
    const store = createFaultyStore(() => START)
    return { store, ...setUp({ overflow: overflow({ storage: store }) }) }
  }

  test('keeps it until it logs out', async () => {
    const { store, received, sessions } = setUpStore()
    const session = await received((first) => first.set('text', TEXT))
    session.set('user', 'ada')
    await sessions.setCookies(session)
    expect(store.parcels()).toHaveLength(1)
    const later = await received((first) => first.set('text', TEXT))
    later.destroy()
    await sessions.setCookies(later)
    expect(store.parcels()).toHaveLength(1)
  })

  test('also loses the part that was stored in the request of the logout', async () => {
    const { store, received, sessions } = setUpStore()
    const session = await received(setUser)
    session.set('text', TEXT)
    await sessions.save(session, () => {})
    expect(store.parcels()).toHaveLength(1)
    session.destroy()
    await sessions.setCookies(session)
    expect(store.parcels()).toEqual([])
  })

  test('does not exist for a visitor whose cookie is not ours, and who logs out', async () => {
    const { store, sessions } = setUpStore()
    const session = await sessions.open(`${NAME}=junk`)
    session.destroy()
    expect(await sessions.setCookies(session)).toHaveLength(2)
    expect(store.count()).toBe('')
  })

  test('is not written if the store fails, but a logout is', async () => {
    const { store, received, sessions } = setUpStore()
    store.faults.setItem = () => Promise.reject(new Error('down'))
    const session = await received(setUser)
    session.set('text', TEXT)
    await expect(sessions.setCookies(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
    const ended = await received(setUser)
    ended.destroy()
    ended.flash('notice', TEXT)
    const names = namesOf(await sessions.setCookies(ended))
    expect(names).toEqual([NAME, `${NAME}.x`])
    expect(ended.isEmpty).toBe(true)
  })

  test('has an event that names what was moved, and no other event does', async () => {
    const { events, received, sessions } = setUpStore()
    const session = await received(setUser)
    session.set('text', TEXT)
    session.renewId()
    await sessions.setCookies(session)
    const sealed = events.filter(({ type }) => type === 'sealed')
    expect(sealed.map((event) => ('moved' in event ? event.moved : 'none'))).toEqual([
      'none',
      ['text'],
    ])
    expect(sealed.map((event) => 'previous' in event)).toEqual([false, true])
  })
})

describe('a session that is bound to a device', () => {
  const setUpDevice = (options: Partial<SessionOptions<Data>> = {}) =>
    setUp({ device: deviceBound(), ...options })

  async function bind(options: Partial<SessionOptions<Data>> = {}) {
    const { sessions } = setUpDevice(options)
    const session = await sessions.open(null)
    setUser(session)
    session.bindToDevice()
    return sessions.commit(session, new Response())
  }

  test('after a logout in the same request deletes each former ticket once', async () => {
    const { received, sessions } = setUpDevice()
    const session = await received((first) => {
      setUser(first)
      first.bindToDevice()
    })
    session.destroy()
    setUser(session)
    session.bindToDevice()
    const names = namesOf(await sessions.setCookies(session)).filter((name) => name.includes('.d.'))
    expect(names).toHaveLength(2)
    expect(new Set(names).size).toBe(2)
  })

  test('has room in the header for the field that asks for a key', async () => {
    const { headers } = await bind()
    const asked = headers.get('Secure-Session-Registration') ?? ''
    const frame = 'Set-Cookie: \r\n'.length
    const lines = headers.getSetCookie().reduce((sum, line) => sum + line.length + frame, 0)
    const fits = (responseHeader: number) =>
      bind({ limits: { preset: 'browsers', responseHeader } }).then(
        () => true,
        () => false,
      )
    let [tooSmall, enough] = [0, 8192]
    while (enough - tooSmall > 1) {
      const between = Math.floor((enough + tooSmall) / 2)
      if (await fits(between)) enough = between
      else tooSmall = between
    }
    expect(enough).toBe(lines + asked.length + frame)
  })
})

describe('bare tokens', () => {
  test('are sealed without a change to the session or its cookies', async () => {
    const { sessions, received } = setUp()
    const session = await received(setUser)
    expect(await sessions.seal(session)).toMatch(/^eyJ/)
    expect(await sessions.setCookies(session)).toEqual([])
    session.get('user')
  })

  test('are not limited by cookies: they may have 65 536 characters', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const sealedWith = async (length: number) => {
      session.set('text', 'x'.repeat(length))
      return sessions.seal(session)
    }
    const frame = (await sealedWith(0)).length
    let length = Math.floor(((65_536 - frame) * 3) / 4)
    while ((await sealedWith(length)).length < 65_536) length++
    const token = await sealedWith(length)
    expect(token).toHaveLength(65_536)
    expect((await sessions.unseal(token)).get('text')).toHaveLength(length)
    await expect(sealedWith(length + 1)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect((await sessions.unseal(`${token}A`)).rejection).toEqual({ reason: 'too-large' })
  })

  test('that are sealed again have a new seal time and the same end', async () => {
    const { sessions, time } = setUp()
    const first = await sessions.open(null)
    setUser(first)
    let token = await sessions.seal(first)
    for (let use = 0; use < 6; use++) {
      time.now += DAY
      const session = await sessions.unseal(token)
      expect([session.id, session.startedAt]).toEqual([first.id, dateAt(START)])
      token = await sessions.seal(session)
    }
    time.now += DAY + 5
    expect((await sessions.unseal(token)).rejection).toEqual({ reason: 'expired' })
  })
})

describe('observe', () => {
  test('is called for the whole life of a session, and never with its data', async () => {
    const { sessions, time, events } = setUp()
    const browser = createJar()
    const step = async (act: (session: Session<Data>) => void) => {
      const request = browser.request()
      const session = await sessions.open(request)
      act(session)
      browser.store(await sessions.commit(request, new Response()))
      return session
    }
    const { id = '' } = await step((session) => session.set('text', MARKER))
    time.now += 10
    await step((session) => session.set('user', MARKER))
    time.now += 20_000
    await step((session) => session.get('user'))
    await step((session) => session.destroy())
    const sealed = { type: 'sealed', id, secretId: secretId() }
    const opened = { ...sealed, type: 'opened' }
    expect(events).toEqual([
      { ...sealed, cause: 'new', bytes: expect.any(Number) },
      { ...opened, age: 10 },
      { ...sealed, cause: 'changed', bytes: expect.any(Number) },
      { ...opened, age: 20_000 },
      { ...sealed, cause: 'renewed', bytes: expect.any(Number) },
      { ...opened, age: 20_000 },
      { type: 'destroyed', id },
    ])
    const text = inspect(events, { depth: 10, showHidden: true }) + JSON.stringify(events)
    for (const hidden of [MARKER, SECRET, browser.header().slice(-20)]) {
      expect(text).not.toContain(hidden)
    }
  })

  test('receives the bytes of the sealed value: of the session, of a ticket, of a token', async () => {
    const { sessions, received, events, time } = setUp()
    const session = await received(setUser)
    const token = await sessions.seal(session)
    expect(events.at(-1)).toMatchObject({ type: 'sealed', cause: 'token', bytes: token.length })
    time.now += DAY / 2
    session.touch()
    const ticket = toCookieHeader(await sessions.setCookies(session)).slice(`${NAME}.t=`.length)
    expect(events.at(-1)).toMatchObject({ cause: 'renewed', bytes: ticket.length })
    const other = await sessions.open(null)
    setUser(other)
    const value = toCookieHeader(await sessions.setCookies(other)).slice(`${NAME}=`.length)
    expect(events.at(-1)).toMatchObject({ cause: 'new', bytes: value.length })
  })

  test('receives the former id after regenerate and renewId, so that a log can follow a session', async () => {
    const { received, next, events } = setUp()
    const session = await received(setUser)
    const first = session.id
    session.regenerate({ keep: ['user'] })
    const later = await next(session)
    const sealed = events.find((event) => event.type === 'sealed' && 'previous' in event)
    expect(sealed).toMatchObject({ cause: 'new', id: session.id, previous: first })
    events.length = 0
    later.renewId()
    await next(later)
    expect(events[0]).toMatchObject({ cause: 'changed', id: later.id, previous: session.id })
  })

  test('receives no former id for a new session', async () => {
    const { cookieOf, events } = setUp()
    await cookieOf((session) => {
      setUser(session)
      session.renewId()
    })
    expect(events).toHaveLength(1)
    expect(events[0]).not.toHaveProperty('previous', undefined)
  })
})

test('a cookie that arrives in the last second of the tolerance can be read and written', async () => {
  const { sessions, time } = setUp()
  time.now = START + WEEK + 4
  const value = mintAt({ startedAt: START, sealedAt: START + WEEK - 1 })
  const session = await sessions.open(`${NAME}=${value}`)
  session.set('visits', 1)
  const lines = await sessions.setCookies(session)
  expect(maxAgesOf(lines)).toEqual([1])
  expect((await sessions.open(toCookieHeader(lines))).toJSON()).toEqual({ user: 'ada', visits: 1 })
  time.now++
  expect((await sessions.open(toCookieHeader(lines))).rejection).toEqual({ reason: 'expired' })
})
