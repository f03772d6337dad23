// `request.session` with the interface of express-session and cookie-session, on a server of
// node:http.

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionOptions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import { overflow } from 'sealed-session/overflow'
import type { OverflowStorage } from 'sealed-session/overflow'
import { startVisitor } from '../../support/express-visitor.ts'
import type { ExpressVisitor } from '../../support/express-visitor.ts'
import { DAY, OTHER_SECRET, SECRET, START, WEEK } from '../../support/mint.ts'

interface Data {
  user: string
  visits: number
  cart: { sku: string; count?: number | undefined }[]
  note: unknown
}

const open: ExpressVisitor<Data>[] = []
let now = START * 1000

afterEach(() => {
  vi.restoreAllMocks()
  now = START * 1000
  for (const { server } of open.splice(0)) server.close().closeAllConnections()
})

function createTestSessions(options: Partial<SessionOptions<Data>> = {}) {
  return createSessions<Data>({ secrets: SECRET, clock: () => now, ...options })
}

async function browse(options: Partial<SessionOptions<Data>> = {}) {
  const visitor = await startVisitor(createTestSessions(options))
  open.push(visitor)
  return visitor
}

describe('keys', () => {
  test('are properties, from request to request', async () => {
    const { ask } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    expect(await ask(({ session }) => session.user)).toBe('ada')
  })

  test('work with `in`, hasOwnProperty, Object.keys, for-in, spread and JSON, without the members', async () => {
    const { ask } = await browse()
    await ask(({ session }) => Object.assign(session, { user: 'ada', visits: 1 }))
    const seen = await ask(({ session }) => {
      const names = []
      for (const name in session) names.push(name)
      return {
        in: ['user' in session, 'cart' in session, 'save' in session, 'toString' in session],
        own: [Object.hasOwn(session, 'user'), Object.hasOwn(session, 'save')],
        keys: Object.keys(session),
        names,
        spread: { ...session },
        json: JSON.stringify(session),
        text: Object.prototype.toString.call(session),
      }
    })
    expect(seen).toEqual({
      in: [true, false, true, true],
      own: [true, false],
      keys: ['user', 'visits'],
      names: ['user', 'visits'],
      spread: { user: 'ada', visits: 1 },
      json: '{"user":"ada","visits":1}',
      text: '[object Object]',
    })
  })

  test('are deleted with delete, and by undefined', async () => {
    const { ask, names } = await browse()
    await ask(({ session }) => Object.assign(session, { user: 'ada', visits: 1, note: 2 }))
    await ask(({ session }) => {
      delete session.user
      Object.assign(session, { visits: undefined })
    })
    expect(await ask(({ session }) => session)).toEqual({ note: 2 })
    await ask(({ session }) => delete session.note)
    expect(names()).toEqual([])
  })

  test('hold values that are changed in place', async () => {
    const { ask } = await browse()
    await ask(({ session }) => {
      session.cart = []
      session.cart.push({ sku: 'a' })
    })
    await ask(({ session }) => void session.cart?.push({ sku: 'b' }))
    await ask(({ session }) => {
      const [first] = session.cart ?? []
      if (first !== undefined) first.count = 2
    })
    expect(await ask(({ session }) => session.cart)).toEqual([{ sku: 'a', count: 2 }, { sku: 'b' }])
  })

  test('may have members that are undefined, which count as absent', async () => {
    const { ask } = await browse()
    const cart = [{ sku: 'a', count: undefined }]
    expect(await ask(({ session }) => void (session.cart = cart))).toBe(null)
    expect(Object.keys(cart[0] ?? {})).toEqual(['sku', 'count'])
    expect(await ask(({ session }) => session.cart)).toEqual([{ sku: 'a' }])
    await ask(({ session }) => void (session.note = { a: { b: undefined, c: [{ d: undefined }] } }))
    expect(await ask(({ session }) => session.note)).toEqual({ a: { c: [{}] } })
  })

  test('may be any string except the name of a member, those of Object.prototype too', async () => {
    const { ask } = await browse()
    const names = ['__proto__', 'constructor', 'toString', 'then', 'user name', '1']
    await ask(({ session }) => {
      for (const name of names) Reflect.set(session, name, name)
    })
    const seen = await ask(({ session }) => names.map((name) => Reflect.get(session, name)))
    expect(seen).toEqual(names)
    expect(await ask(({ session }) => Object.keys(session).toSorted())).toEqual(names.toSorted())
  })

  test.each([
    'id',
    'cookie',
    'isNew',
    'isPopulated',
    'isChanged',
    'regenerate',
    'destroy',
    'reload',
  ])('that are the name of a member are refused with their name, never lost: %s', async (name) => {
    const { ask, errors } = await browse()
    expect(await ask(({ session }) => Reflect.set(session, name, 1))).toBe('ERR_SESSION_CONFIG')
    expect(await ask((request) => void (request.session = { [name]: 1 }))).toBe(
      'ERR_SESSION_CONFIG',
    )
    for (const error of errors) expect(String(error)).toContain(`session.${name} is a member`)
    expect(errors).toHaveLength(2)
  })

  test('with the name of a member, set through sessionOf, are kept, and the members too', async () => {
    const { ask } = await browse()
    const seen = await ask((request) => {
      Reflect.apply(sessionOf(request).set, sessionOf(request), ['save', 'kept'])
      return [typeof request.session.save, Object.keys(request.session)]
    })
    expect(seen).toEqual(['function', []])
    expect(await ask((request) => sessionOf(request).get('save'))).toBe('kept')
  })

  test('with a value that JSON would change are refused with its path', async () => {
    const { ask, errors } = await browse()
    expect(await ask(({ session }) => void (session.note = { at: new Date(0) }))).toBe(
      'ERR_SESSION_DATA',
    )
    expect(String(errors[0])).toContain('note.at is a Date')
    await ask(({ session }) => void (session.cart = []))
    const late = await ask(({ session }) => {
      Reflect.apply(Array.prototype.push, session.cart, [new Map()])
    })
    expect(late).toBe('ERR_SESSION_DATA')
    expect(String(errors[1])).toContain('cart[0] is a Map')
    expect(await ask(({ session }) => session.cart)).toEqual([])
  })

  test('hold every value that the serializer supports', async () => {
    const { ask } = await browse({ serializer: JSON })
    await ask(({ session }) => void (session.note = { at: new Date(0), none: undefined }))
    expect(await ask(({ session }) => session.note)).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  test('cannot be symbols, getters or non-enumerable, and the object cannot be frozen', async () => {
    const { ask } = await browse()
    const thrown = await ask(({ session }) =>
      [
        () => Reflect.set(session, Symbol('a'), 1),
        () => Object.defineProperty(session, 'user', { get: () => 'ada' }),
        () => Object.defineProperty(session, 'user', { value: 'ada' }),
        () => Object.freeze(session),
        () => Object.setPrototypeOf(session, null),
      ].map((act) => {
        try {
          return act()
        } catch (error) {
          return (error as Error).name
        }
      }),
    )
    expect(thrown).toEqual([
      'SessionConfigError',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
    ])
  })

  test('cannot change the prototype of other sessions', async () => {
    const { ask } = await browse()
    await ask(({ session }) => {
      for (const shared of [
        Reflect.get(session, '__proto__'),
        Reflect.get(session, 'constructor'),
      ]) {
        expect(Reflect.set(shared, 'user', 'mallory')).toBe(false)
        expect(Reflect.defineProperty(shared, 'isNew', { value: false })).toBe(false)
      }
    })
    await ask(({ session }) => void Reflect.set(session, '__proto__', { user: 'mallory' }))
    const other = await browse()
    expect(await other.ask(({ session }) => [session.user, 'user' in session])).toEqual([
      null,
      false,
    ])
    expect(await ask(({ session }) => session.user)).toBe(null)
  })

  test('can be defined as plain data properties, and are printed', async () => {
    const { ask } = await browse()
    const printed = await ask(({ session }) => {
      const value = { value: 'ada', writable: true, enumerable: true, configurable: true }
      Object.defineProperty(session, 'user', value)
      return inspect(session)
    })
    expect(printed).toBe("{ user: 'ada' }")
  })
})

describe('the members', () => {
  test('say whether the session is new, populated and changed', async () => {
    const { ask } = await browse()
    const flags = ({
      session,
    }: {
      session: { isNew: boolean; isPopulated: boolean; isChanged: boolean }
    }) => [session.isNew, session.isPopulated, session.isChanged]
    expect(await ask(flags)).toEqual([true, false, true])
    const filled = await ask((request) => {
      request.session.cart = [{ sku: 'a' }]
      return flags(request)
    })
    expect(filled).toEqual([true, true, true])
    expect(await ask(flags)).toEqual([false, true, false])
    const mutated = await ask((request) => {
      request.session.cart?.push({ sku: 'b', count: undefined })
      return flags(request)
    })
    expect(mutated).toEqual([false, true, true])
    const emptied = await ask((request) => {
      delete request.session.cart
      return flags(request)
    })
    expect(emptied).toEqual([false, false, true])
  })

  test('have an id that stays as long as the session, and equals sessionID', async () => {
    const { ask } = await browse()
    const ids = await ask((request) => {
      const before = request.session.id
      request.session.user = 'ada'
      return [before, request.session.id, request.sessionID, sessionOf(request).id]
    })
    const [id] = ids as string[]
    expect(id).toMatch(/^[\w-]{22}$/)
    expect(ids).toEqual([id, id, id, id])
    expect(await ask(({ session }) => session.id)).toBe(id)
  })

  test('write nothing for an id that was only read', async () => {
    const { visit, names } = await browse()
    const response = await visit((request, reply) => reply.end(request.sessionID))
    expect(response.headers.getSetCookie()).toEqual([])
    expect(names()).toEqual([])
  })

  test('reject an assignment to the id', async () => {
    const { visit, errors } = await browse()
    await visit((request) => Reflect.set(request, 'sessionID', 'mine'))
    expect(String(errors[0])).toContain('request.sessionID cannot be assigned')
  })

  test('throw for a callback that is not a function', async () => {
    const { ask, errors } = await browse()
    const code = await ask(({ session }) => {
      Reflect.apply(session.regenerate, session, [{ keep: ['user'] }])
    })
    expect([code, String(errors[0])]).toEqual([
      'ERR_SESSION_CONFIG',
      expect.stringContaining('regenerate was given an object and takes a callback'),
    ])
  })

  test("give a callback's error to next, whether it is thrown or rejected", async () => {
    const { visit, errors } = await browse()
    const failures = [new Error('thrown'), new Error('rejected')]
    await visit(({ session }) => {
      session.save(() => {
        throw failures[0]
      })
    })
    await visit(({ session }) => void session.touch(() => Promise.reject(failures[1])))
    expect(errors).toEqual(failures)
  })

  test('call back after the call has returned, and return the session', async () => {
    const { ask } = await browse()
    const order = await ask(
      ({ session }) =>
        new Promise((resolve) => {
          const steps: unknown[] = []
          const returned = session.touch((error) => resolve([...steps, error === undefined]))
          steps.push(returned === session)
        }),
    )
    expect(order).toEqual([true, true])
  })
})

describe('regenerate', () => {
  test.each(['callback', 'promise'])('begins a new session, with a %s', async (way) => {
    const { ask, value } = await browse()
    const first = await ask(({ session }) => {
      session.user = 'ada'
      return session.id
    })
    const before = value('__Host-session')
    const seen = await ask(async (request) => {
      const old = request.session
      if (way === 'promise') await old.regenerate()
      else await new Promise((resolve) => void old.regenerate(resolve))
      const { session } = request
      session.visits = 1
      return [old === session, old.id, session.id === old.id, old.user, { ...old }, { ...session }]
    })
    expect(seen).toEqual([false, first, false, 'ada', { user: 'ada' }, { visits: 1 }])
    expect(value('__Host-session')).not.toBe(before)
    expect(await ask(({ session }) => session)).toEqual({ visits: 1 })
  })

  test('makes the old object reject new values, because they would be lost', async () => {
    const { ask, errors } = await browse()
    const code = await ask(async (request) => {
      const old = request.session
      await old.regenerate()
      old.user = 'ada'
    })
    expect([code, String(errors[0])]).toEqual([
      'ERR_SESSION_CONFIG',
      expect.stringContaining('write to request.session'),
    ])
  })

  test('called on the old object does nothing to the new session', async () => {
    const { ask } = await browse()
    const kept = await ask(async (request) => {
      const old = request.session
      await old.regenerate()
      request.session.user = 'ada'
      const { id } = request.session
      await old.regenerate()
      await old.destroy()
      return [request.session.user, request.session.id === id]
    })
    expect(kept).toEqual(['ada', true])
  })

  test('can copy the data of the old session', async () => {
    const { ask } = await browse()
    await ask(({ session }) => Object.assign(session, { user: 'ada', cart: [{ sku: 'a' }] }))
    await ask(async (request) => {
      const old = request.session
      await old.regenerate()
      for (const name in old) Reflect.set(request.session, name, Reflect.get(old, name))
    })
    expect(await ask(({ session }) => session)).toEqual({ user: 'ada', cart: [{ sku: 'a' }] })
  })
})

describe('the end', () => {
  test.each(['callback', 'promise'])('comes with destroy, with a %s', async (way) => {
    const { ask, names } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const seen = await ask(async (request) => {
      const { session } = request
      if (way === 'promise') await session.destroy()
      else await new Promise((resolve) => void session.destroy(resolve))
      return [request.session === undefined, request.sessionID === undefined, session.user]
    })
    expect(seen).toEqual([true, true, 'ada'])
    expect(names()).toEqual(['__Host-session.x'])
    expect(await ask(({ session }) => session)).toEqual({})
  })

  test.each([null, undefined])('comes with an assignment of %s', async (nothing) => {
    const { ask, names } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const left = await ask((request) => {
      request.session = nothing
      return request.session === null
    })
    expect(left).toBe(true)
    expect(names()).toEqual(['__Host-session.x'])
  })

  test('writes nothing if there was no session', async () => {
    const { visit, names } = await browse()
    await visit((request, response) => {
      request.session = null
      response.end()
    })
    expect(names()).toEqual([])
  })

  test('may be followed by another session in the same request', async () => {
    const { ask } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    await ask((request) => {
      request.session = null
      request.session = { user: 'grace' }
    })
    expect(await ask(({ session }) => session)).toEqual({ user: 'grace' })
  })
})

describe('an assigned object', () => {
  test('begins another session with its members', async () => {
    const { ask } = await browse()
    const first = await ask(({ session }) => {
      Object.assign(session, { user: 'ada', visits: 1 })
      return session.id
    })
    const flags = await ask((request) => {
      request.session = { user: 'grace' }
      const { session } = request
      return [session.isNew, session.isPopulated, session.id === first, { ...session }]
    })
    expect(flags).toEqual([true, true, false, { user: 'grace' }])
    expect(await ask(({ session }) => session)).toEqual({ user: 'grace' })
  })

  test('ends the session if it is empty', async () => {
    const { ask, names } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    await ask((request) => void (request.session = {}))
    expect(names()).toEqual([])
  })

  test('that is the session itself changes nothing', async () => {
    const { ask } = await browse()
    const same = await ask((request) => {
      const { session } = request
      session.user = 'ada'
      const { id } = session
      request.session = session
      return [request.session === session, request.session.id === id, session.user]
    })
    expect(same).toEqual([true, true, 'ada'])
  })

  test('that holds a value that cannot be stored changes nothing', async () => {
    const { ask } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const seen = await ask((request) => {
      expect(() => (request.session = { visits: 1, note: new Date(0) })).toThrow('note is a Date')
      return request.session
    })
    expect(seen).toEqual({ user: 'ada' })
  })

  test.each([1, 'ada', [], true])('must be an object: %j is rejected', async (value) => {
    const { ask } = await browse()
    const code = await ask((request) => void Reflect.set(request, 'session', value))
    expect(code).toBe('ERR_SESSION_CONFIG')
  })
})

describe('save', () => {
  test('checks that the session fits, and leaves it open', async () => {
    const { ask } = await browse()
    const seen = await ask(async ({ session }) => {
      session.user = 'ada'
      await session.save()
      session.visits = 1
      session.note = 'x'.repeat(20_000)
      const refused = await session.save().catch((error: unknown) => String(error))
      delete session.note
      return String(refused).slice(0, 20)
    })
    expect(seen).toBe('SessionTooLargeError')
    expect(await ask(({ session }) => session)).toEqual({ user: 'ada', visits: 1 })
  })

  test('passes the error to a callback', async () => {
    const { ask } = await browse()
    const message = await ask(({ session }) => {
      session.cart = []
      Reflect.apply(Array.prototype.push, session.cart, [() => {}])
      return new Promise((resolve) => void session.save((error) => resolve(String(error)))).finally(
        () => delete session.cart,
      )
    })
    expect(message).toContain('cart[0] is a function')
  })

  test('need not be awaited: the response reports the error', async () => {
    const { ask, errors } = await browse()
    const code = await ask(({ session }) => {
      session.note = 'x'.repeat(20_000)
      void session.save()
    })
    expect([code, errors.length]).toEqual(['ERR_SESSION_TOO_LARGE', 1])
  })

  test('accepts a session that became smaller, whatever the limits are', async () => {
    const { ask, header } = await browse()
    await ask(({ session }) => void (session.note = 'x'.repeat(2000)))
    const small = await startVisitor(
      createTestSessions({ limits: { cookies: 1, requestHeader: 1000, responseHeader: 1000 } }),
    )
    open.push(small)
    for (const pair of header().split('; ')) small.put(...split(pair))
    const saved = await small.ask(async ({ session }) => {
      session.note = 'x'.repeat(1500)
      await session.save()
      return 'saved'
    })
    expect(saved).toBe('saved')
  })

  test('after the head is an error only if the session was changed since', async () => {
    const { visit } = await browse()
    const outcomes: unknown[] = []
    await visit(async ({ session }, response) => {
      const cart = (session.cart = [{ sku: 'a' }])
      response.end()
      outcomes.push(await session.save())
      cart.push({ sku: 'b' })
      outcomes.push(await session.save().catch(({ code }: { code: string }) => code))
    })
    await vi.waitFor(() => expect(outcomes).toEqual([undefined, 'ERR_SESSION_COMMITTED']), 10_000)
  })
})

describe('reload', () => {
  test('discards the changes of this request', async () => {
    const { ask } = await browse()
    await ask(({ session }) => void (session.cart = [{ sku: 'a' }]))
    const seen = await ask(async ({ session }) => {
      session.user = 'ada'
      session.cart?.push({ sku: 'b' })
      await session.reload()
      return session
    })
    expect(seen).toEqual({ cart: [{ sku: 'a' }] })
    expect(await ask(({ session }) => session)).toEqual({ cart: [{ sku: 'a' }] })
  })

  test('fails if no session was received, or if it is no longer valid', async () => {
    const revoked = vi.fn(() => false)
    const { ask } = await browse({ revoked })
    const reload = ({ session }: { session: { reload(): Promise<void> } }) =>
      session.reload().then(
        () => 'valid',
        (error: unknown) => (error as { code: string }).code,
      )
    expect(await ask(reload)).toBe('ERR_SESSION_RELOAD')
    await ask(({ session }) => void (session.user = 'ada'))
    expect(await ask(reload)).toBe('valid')
    const code = await ask((request) => {
      revoked.mockReturnValue(true)
      return reload(request)
    })
    expect(code).toBe('ERR_SESSION_RELOAD')
  })

  test('checks the session again after the head, as a long connection does', async () => {
    const { ask, visit } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const outcomes: unknown[] = []
    await visit(async ({ session }, response) => {
      response.end(String(session.user))
      outcomes.push(await session.reload())
      now += 2 * DAY * 1000
      outcomes.push(await session.reload().catch((error: unknown) => String(error)))
    })
    await vi.waitFor(() => expect(outcomes).toHaveLength(2), 10_000)
    expect(outcomes[1]).toContain('it is idle')
  })
})

describe('the cookie', () => {
  const month = 30 * DAY
  const options: Partial<SessionOptions<Data>> = {
    lifetimes: {
      remembered: { maxAge: month, idleTimeout: false },
      browser: { persistent: false },
    },
  }

  test('has the times of the session in milliseconds, and its attributes', async () => {
    const { ask } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    now += 1000
    const cookie = await ask(({ session }) => ({ ...session.cookie }))
    expect(cookie).toEqual({
      maxAge: (DAY - 1) * 1000,
      expires: new Date((START + DAY) * 1000).toISOString(),
      originalMaxAge: WEEK * 1000,
      httpOnly: true,
      path: '/',
      secure: true,
      sameSite: 'lax',
      partitioned: false,
    })
  })

  test('has no times if it ends with the browser', async () => {
    const { ask } = await browse({ cookie: { persistent: false } })
    const times = await ask(({ session: { cookie } }) => [
      cookie.maxAge,
      cookie.expires,
      cookie.originalMaxAge,
    ])
    expect(times).toEqual([null, null, null])
  })

  test.each([
    ['maxAge', month * 1000],
    ['originalMaxAge', month * 1000],
    ['expires', new Date(START * 1000 + month * 1000 + 1234)],
  ])('takes %s if a lifetime has it, for the same session', async (name, value) => {
    const { ask, visit } = await browse(options)
    const id = await ask(({ session }) => {
      session.user = 'ada'
      return session.id
    })
    const response = await visit(({ session }, reply) => {
      Reflect.set(session.cookie, name, value)
      reply.end()
    })
    expect(response.headers.getSetCookie()[0]).toContain(`Max-Age=${month}`)
    now += 20 * DAY * 1000
    expect(await ask(({ session }) => [session.id, session.user])).toEqual([id, 'ada'])
  })

  test.each(['maxAge', 'expires'])(
    'accepts null for %s if a lifetime ends with the browser',
    async (name) => {
      const { visit } = await browse(options)
      const response = await visit(({ session }, reply) => {
        Reflect.set(session.cookie, name, null)
        session.user = 'ada'
        reply.end()
      })
      expect(response.headers.getSetCookie()[0]).not.toMatch(/Max-Age|Expires/)
    },
  )

  test('that lives longer stores again what does not fit, until the new end', async () => {
    const month = 30 * DAY
    const stored = new Map<string, string>()
    const lives: number[] = []
    const storage: OverflowStorage = {
      getItem: (key) => stored.get(key),
      setItem(key, value, { ttl }) {
        lives.push(ttl)
        stored.set(key, value)
      },
      removeItem: (key) => stored.delete(key),
    }
    const { ask } = await browse({
      overflow: overflow({ storage }),
      lifetimes: { remembered: { maxAge: month, idleTimeout: false } },
    })
    await ask(({ session }) => void (session.note = 'x'.repeat(20_000)))
    await ask(({ session }) => void (session.cookie.maxAge = month * 1000))
    expect(lives).toEqual([WEEK + 10, month + 10])
    await ask(({ session }) => void (session.user = 'ada'))
    expect(lives).toHaveLength(2)
  })

  test('rejects a time that no lifetime has, and says what to configure', async () => {
    const { ask, errors } = await browse(options)
    expect(await ask(({ session }) => void (session.cookie.maxAge = 60_000))).toBe(
      'ERR_SESSION_CONFIG',
    )
    expect(String(errors[0])).toContain('lifetimes: { name: { maxAge: 60 } }')
    const other = await browse()
    expect(await other.ask(({ session }) => void (session.cookie.expires = false))).toBe(
      'ERR_SESSION_CONFIG',
    )
    expect(String(other.errors[0])).toContain('persistent: false')
  })

  test.each([0, -1, 1.5, '60000', Number.NaN])('rejects %s as a time', async (value) => {
    const { ask } = await browse()
    const code = await ask(({ session }) => void Reflect.set(session.cookie, 'maxAge', value))
    expect(code).toBe('ERR_SESSION_CONFIG')
  })

  test.each(['secure', 'httpOnly', 'path', 'domain', 'sameSite'])(
    'rejects an assignment to %s, which is the same for all sessions',
    async (name) => {
      const { ask, errors } = await browse()
      await ask(({ session }) => void Reflect.set(session.cookie, name, 'x'))
      expect(String(errors[0])).toContain(`cookie.${name} is the same for all sessions`)
    },
  )
})

describe('a response', () => {
  test('whose handler does not access the session is cacheable, and sets no cookie', async () => {
    const { ask, visit } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const { headers } = await visit((_, response) => response.end())
    expect([headers.getSetCookie(), headers.get('vary'), headers.get('cache-control')]).toEqual([
      [],
      null,
      null,
    ])
  })

  test('whose handler reads the session sets no cookie, and varies by it', async () => {
    const { ask, visit } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const { headers } = await visit(({ session }, response) => response.end(session.user))
    expect([headers.getSetCookie(), headers.get('vary')]).toEqual([[], 'Cookie'])
  })

  test('to a forged cookie has an empty session', async () => {
    const { ask, put } = await browse()
    put('__Host-session', 'eyJ1c2VyIjoiYWRhIn0=')
    expect(await ask(({ session }) => [session, session.isNew])).toEqual([{}, true])
  })

  test('to a cookie of another secret has an empty session', async () => {
    const { ask, header } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    const other = await startVisitor(createTestSessions({ secrets: OTHER_SECRET }))
    open.push(other)
    for (const pair of header().split('; ')) other.put(...split(pair))
    expect(await other.ask(({ session }) => session)).toEqual({})
  })

  test('whose cookies cannot be made passes the error to next, and the browser keeps its cookie', async () => {
    const { ask, errors } = await browse()
    await ask(({ session }) => void (session.user = 'ada'))
    expect(await ask(({ session }) => void (session.note = 'x'.repeat(20_000)))).toBe(
      'ERR_SESSION_TOO_LARGE',
    )
    expect(errors).toHaveLength(1)
    expect(await ask(({ session }) => session)).toEqual({ user: 'ada' })
  })

  test('that was sent makes later changes throw', async () => {
    const { visit } = await browse()
    let code: unknown
    await visit(({ session }, response) => {
      response.end()
      try {
        session.user = 'ada'
      } catch (error) {
        code = (error as { code: string }).code
      }
    })
    expect(code).toBe('ERR_SESSION_COMMITTED')
  })
})

describe('a change after the head', () => {
  test.each(['destroy', 'regenerate', 'touch', 'resetMaxAge'] as const)(
    'by %s is reported to next, if it is not awaited',
    async (method) => {
      const { ask, visit, errors } = await browse()
      await ask(({ session }) => void (session.user = 'ada'))
      const response = await visit(({ session }, reply) => {
        reply.end(session.user)
        void session[method]()
      })
      expect(await response.text()).toBe('ada')
      await vi.waitFor(
        () => expect(errors).toMatchObject([{ code: 'ERR_SESSION_COMMITTED' }]),
        10_000,
      )
    },
  )
})

describe('expressSession', () => {
  test('opens another session if a server reuses the request for another visitor', async () => {
    const sessions = createTestSessions()
    const visitor = await startVisitor(sessions)
    open.push(visitor)
    await visitor.ask(({ session }) => void (session.user = 'ada'))
    const again = expressSession(sessions)
    const next = await visitor.ask(
      (request, response) =>
        new Promise((resolve) => {
          const { user } = request.session
          request.headers.cookie = ''
          again(request, response, () => resolve([user, request.session.user]))
        }),
    )
    expect(next).toEqual(['ada', null])
  })

  test('writes the session with each response of a request, as a test that reuses it expects', async () => {
    const middleware = expressSession(createTestSessions())
    const request = new IncomingMessage(new Socket())
    const first = new ServerResponse(request)
    const second = new ServerResponse(request)
    await new Promise((resolve) => middleware(request, first, resolve))
    await new Promise((resolve) => middleware(request, second, resolve))
    Reflect.set(Reflect.get(request, 'session'), 'user', 'ada')
    second.end()
    await vi.waitFor(() => expect(second.getHeader('Set-Cookie')).toHaveLength(1), 10_000)
  })

  test('used twice with the same sessions is one session', async () => {
    const sessions = createTestSessions()
    const visitor = await startVisitor(sessions)
    open.push(visitor)
    const again = expressSession(sessions)
    const same = await visitor.ask(
      (request, response) =>
        new Promise((resolve) => {
          const { session } = request
          again(request, response, () => resolve(request.session === session))
        }),
    )
    expect(same).toBe(true)
  })

  test('used with two kinds of sessions is an error', async () => {
    const { ask } = await browse()
    const error = await ask(
      (request, response) =>
        new Promise((resolve) => {
          expressSession(createTestSessions())(request, response, (thrown) =>
            resolve(String(thrown)),
          )
        }),
    )
    expect(error).toContain('ran before with other sessions')
  })

  test('accepts only what createSessions returns, and requires next', () => {
    expect(() => expressSession(Object.create(null))).toThrow('what createSessions has returned')
    const middleware = expressSession(createTestSessions())
    expect(() => Reflect.apply(middleware, undefined, [{}, {}])).toThrow('next is undefined')
  })

  test('passes an error to next for a request that accepts no properties', async () => {
    const response = { statusCode: 200 }
    const request = Object.freeze({ headers: {} })
    const error = await new Promise((resolve) => {
      Reflect.apply(expressSession(createTestSessions()), undefined, [request, response, resolve])
    })
    expect(String(error)).toContain('request takes no properties')
  })
})

describe('sessionOf', () => {
  test('is the same session, with the interface of this library', async () => {
    const { ask } = await browse()
    await ask((request) => {
      sessionOf(request).flash('notice', 'saved')
      sessionOf(request).scope('cart').set('items', 2)
      request.session.user = 'ada'
    })
    const seen = await ask((request) => [
      sessionOf(request).flash('notice'),
      sessionOf(request).scope('cart').get('items'),
      sessionOf(request).get('user'),
      Object.keys(request.session),
    ])
    expect(seen).toEqual([['saved'], 2, 'ada', ['user']])
  })

  test('reads what request.session wrote, and the reverse, after regenerate and destroy too', async () => {
    const { ask } = await browse()
    const seen = await ask(async (request) => {
      const own = sessionOf(request)
      own.set('user', 'ada')
      const values: unknown[] = [request.session.user]
      own.regenerate()
      values.push(request.session.user)
      await request.session.regenerate()
      request.session.user = 'grace'
      values.push(own.get('user'))
      return values
    })
    expect(seen).toEqual(['ada', null, 'grace'])
  })

  test('throws for a request without the middleware, and for other sessions', async () => {
    expect(() => sessionOf({})).toThrow('has not been through expressSession(sessions)')
    const { ask } = await browse()
    const refused = await ask((request) => {
      expect(() => sessionOf(request, createTestSessions())).toThrow(
        'expressSession(these sessions)',
      )
      return 'refused'
    })
    expect(refused).toBe('refused')
  })
})

function split(pair: string): [string, string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
