// The dictionary: each member, and what it shows of itself.

import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { pairsOf } from '../../support/cookie-jar.ts'
import { SECRET, START, untyped } from '../../support/mint.ts'

interface Data {
  user?: string
  visits?: number
  roles?: string[]
  nothing?: null
}

const MARKER = 'marker-91c3d7'

function setUp<D extends object = Data>(options: Partial<SessionOptions<D>> = {}) {
  const time = { now: START }
  const clock = () => time.now * 1000
  const sessions = createSessions<D>({ secrets: SECRET, clock, ...options })
  /** The next request's session: what the browser has after this one. */
  const next = async (session: Session<D>) =>
    sessions.open(pairsOf(await sessions.setCookies(session)))
  return { time, sessions, next }
}

async function fresh(): Promise<Session<Data>> {
  return setUp().sessions.open(null)
}

describe('the dictionary', () => {
  test('get gives what set stored, undefined for what is not there, and the fallback for that alone', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    session.set('nothing', null)
    expect(session.get('user')).toBe('ada')
    expect(session.get('visits')).toBeUndefined()
    expect(session.get('visits', 0)).toBe(0)
    expect(session.get('nothing', 'fallback')).toBeNull()
    expect(session.get('user', 'eve')).toBe('ada')
  })

  test('a fallback is not stored', async () => {
    const session = await fresh()
    session.get('visits', 7)
    expect(session.has('visits')).toBe(false)
    expect(session.isEmpty).toBe(true)
  })

  test('get gives the value itself, not a copy', async () => {
    const session = await fresh()
    const roles = ['admin']
    session.set('roles', roles)
    expect(session.get('roles')).toBe(roles)
  })

  test('set replaces, and keeps the place the key had', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    session.set('visits', 1)
    session.set('user', 'eve')
    expect(session.entries()).toEqual([
      ['user', 'eve'],
      ['visits', 1],
    ])
  })

  test('has and delete say whether the key is there', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    expect(session.has('user')).toBe(true)
    expect(session.delete('user')).toBe(true)
    expect(session.delete('user')).toBe(false)
    expect(session.has('user')).toBe(false)
  })

  test('clear removes every key', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    session.set('visits', 1)
    session.clear()
    expect(session.size).toBe(0)
    expect(session.keys()).toEqual([])
  })

  test('keys, entries, iteration and size agree', async () => {
    const session = await fresh()
    session.set('visits', 1)
    session.set('user', 'ada')
    expect(session.keys()).toEqual(['visits', 'user'])
    expect([...session]).toEqual(session.entries())
    expect(session.size).toBe(2)
    expect(Object.fromEntries(session)).toEqual(session.toJSON())
  })

  test('toJSON gives the data and nothing else, as an object of its own', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    const data = session.toJSON()
    expect(data).toEqual({ user: 'ada' })
    data.user = 'eve'
    expect(session.get('user')).toBe('ada')
    expect(JSON.stringify({ session })).toBe('{"session":{"user":"ada"}}')
  })

  test('keys, values and their order come back with the next request', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('visits', 1)
    session.set('roles', ['a', 'b'])
    session.set('user', 'zoë 🦊')
    expect((await next(session)).entries()).toEqual(session.entries())
  })

  test.each([undefined, 1n, Number.NaN, -0, new Date(0), new Map(), () => 1, Symbol('s')])(
    'set refuses %s, with its key as the path, and keeps what was there',
    async (value) => {
      const session = await fresh()
      session.set('visits', 1)
      expect(() => session.set('visits', untyped(value))).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA', path: 'visits' }),
      )
      expect(session.toJSON()).toEqual({ visits: 1 })
    },
  )

  test.each([1, null, undefined, Symbol('s'), {}])('set refuses the key %s', async (key) => {
    const session = await fresh()
    expect(() => session.set(untyped<'user'>(key), 'ada')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'key' }),
    )
    expect(session.isEmpty).toBe(true)
  })
})

describe('keys that look like something else', () => {
  const names = [
    'id',
    'exp',
    'iat',
    'nbf',
    'jti',
    'out',
    'd',
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

  test.each(names)('%j is just data', async (name) => {
    const { sessions, next } = setUp<Record<string, unknown>>()
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
    const { sessions, next } = setUp<Record<string, string>>()
    const session = await sessions.open(null)
    for (const name of names) session.set(name, `value of ${name}`)
    const later = await next(session)
    for (const name of names) expect(later.get(name)).toBe(`value of ${name}`)
    expect(later.size).toBe(names.length)
  })
})

describe('identity and times', () => {
  test('an empty session has none', async () => {
    const session = await fresh()
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
    const session = await fresh()
    session.set('user', 'ada')
    expect(session.id).toMatch(/^[\w-]{22}$/)
    expect(session.startedAt).toEqual(new Date(START * 1000))
    expect(session.expiresAt).toEqual(new Date((START + 86_400) * 1000))
    expect(session.isNew).toBe(true)
    expect(session.isEmpty).toBe(false)
  })

  test('two sessions never have one id', async () => {
    const { sessions } = setUp()
    const ids = new Set<unknown>()
    const opened = await Promise.all(Array.from({ length: 500 }, () => sessions.open(null)))
    for (const session of opened) {
      session.set('visits', 1)
      ids.add(session.id)
    }
    expect(ids.size).toBe(500)
  })

  test('the next request has the same id and start, and is not new', async () => {
    const { sessions, next, time } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    time.now += 100
    expect(later.isNew).toBe(false)
    expect([later.id, later.startedAt, later.expiresAt]).toEqual([
      session.id,
      session.startedAt,
      session.expiresAt,
    ])
    later.set('visits', 1)
    expect(later.id).toBe(session.id)
    expect(later.startedAt).toEqual(session.startedAt)
    expect(later.expiresAt).toEqual(new Date((START + 100 + 86_400) * 1000))
  })

  test('expiresAt after a commit is the end that the cookies have', async () => {
    const { sessions, next, time } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    time.now += 100
    expect(session.expiresAt).toEqual(new Date((START + 86_400) * 1000))
    expect(later.expiresAt).toEqual(session.expiresAt)
  })

  test('a new session that became empty again has no identity', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    session.clear()
    expect([session.id, session.startedAt, session.expiresAt]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('the Date that startedAt gives may be changed without harm', async () => {
    const session = await fresh()
    session.set('user', 'ada')
    session.startedAt?.setTime(0)
    expect(session.startedAt).toEqual(new Date(START * 1000))
  })
})

describe('regenerate', () => {
  test('gives a new id and new times, and keeps nothing', async () => {
    const { sessions, next, time } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    time.now += 1000
    later.regenerate()
    expect(later.isEmpty).toBe(true)
    expect([later.id, later.isNew]).toEqual([undefined, true])
    later.set('user', 'eve')
    expect(later.id).not.toBe(session.id)
    expect(later.startedAt).toEqual(new Date((START + 1000) * 1000))
    expect((await next(later)).toJSON()).toEqual({ user: 'eve' })
  })

  test('keeps the keys that keep names, and no others', async () => {
    const { sessions, next, time } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('visits', 3)
    session.set('roles', ['admin'])
    const later = await next(session)
    time.now += 1000
    later.regenerate({ keep: ['visits', 'nothing'] })
    expect(later.toJSON()).toEqual({ visits: 3 })
    expect(later.id).not.toBe(session.id)
    expect(later.startedAt).toEqual(new Date((START + 1000) * 1000))
    const last = await next(later)
    expect(last.toJSON()).toEqual({ visits: 3 })
    expect([last.id, last.startedAt]).toEqual([later.id, later.startedAt])
  })

  test('is written even if every key is kept', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    later.regenerate({ keep: ['user'] })
    expect(await sessions.setCookies(later)).toHaveLength(1)
  })
})

describe('destroy', () => {
  test('empties the session, deletes its cookies and leaves a mark', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    later.destroy()
    expect(later.isEmpty).toBe(true)
    expect(later.id).toBeUndefined()
    const lines = await sessions.setCookies(later)
    expect(lines[0]).toMatch(/^__Host-session=; Max-Age=0; /)
    expect(lines[1]).toMatch(/^__Host-session\.x=1; Max-Age=604805; /)
    expect(lines).toHaveLength(2)
  })

  test('of a session that never was writes nothing', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.destroy()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('a write after it begins a new session', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    later.destroy()
    later.set('visits', 0)
    expect(later.id).not.toBe(session.id)
    expect(later.isNew).toBe(true)
    const last = await next(later)
    expect(last.toJSON()).toEqual({ visits: 0 })
    expect(last.rejection).toBeUndefined()
    expect(last.id).toBe(later.id)
  })

  test('twice in one request counts once', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    later.destroy()
    later.set('visits', 0)
    later.destroy()
    expect(pairsOf(await sessions.setCookies(later))).toBe('__Host-session=; __Host-session.x=1')
  })
})

describe('what is shown of them', () => {
  test('a session shows its values to toJSON alone', async () => {
    const { sessions } = setUp<Record<string, unknown>>()
    const session = await sessions.open(null)
    session.set('user', { [`deep-${MARKER}`]: [MARKER] })
    const cookie = pairsOf(await sessions.setCookies(session))
    const opened = await sessions.open(cookie)
    for (const shown of [session, opened, sessions, { sessions, list: [opened] }]) {
      const text = inspect(shown, { showHidden: true, depth: 10, getters: false })
      expect(text).not.toContain(MARKER)
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('eyJ')
    }
    expect(String(untyped<unknown>(opened))).toBe('[object Session]')
    expect(String(untyped<unknown>(sessions)) + JSON.stringify(sessions)).not.toContain(SECRET)
    expect(Object.keys(opened)).toEqual([])
    expect(Object.getOwnPropertySymbols(opened)).toEqual([])
    expect(JSON.stringify(opened)).toContain(MARKER)
  })

  test('no error shows a value', async () => {
    const { sessions } = setUp<Record<string, unknown>>()
    const session = await sessions.open(null)
    session.set('big', MARKER.repeat(2000))
    const errors: unknown[] = [
      await sessions.setCookies(session).catch((error: unknown) => error),
      thrownBy(() => session.set('date', { at: new Date(0), [`x`]: MARKER })),
      thrownBy(() => session.set('list', [MARKER, undefined])),
      thrownBy(() => session.set('half', `${MARKER}\ud800`)),
      thrownBy(() => createSessions({ secrets: MARKER })),
      thrownBy(() =>
        createSessions({ secrets: [SECRET, `${MARKER} ${MARKER} ${MARKER}`, SECRET] }),
      ),
      thrownBy(() => createSessions({ secrets: untyped({ secret: MARKER }) })),
      await sessions.open(untyped({ cookie: MARKER })).catch((error: unknown) => error),
    ]
    for (const error of errors) {
      expect(error).toHaveProperty('code')
      const text = `${inspect(error, { showHidden: true, depth: 10 })}${String(error)}`
      expect(text).not.toContain(MARKER)
      expect(text).not.toContain(SECRET)
      expect(JSON.stringify(error)).not.toContain(MARKER)
    }
  })

  test('the sessions object is frozen, and its members need no this', async () => {
    const { sessions } = setUp()
    expect(Object.isFrozen(sessions)).toBe(true)
    const open = Reflect.get(sessions, 'open')
    expect((await open(null)).isEmpty).toBe(true)
  })
})

function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}
