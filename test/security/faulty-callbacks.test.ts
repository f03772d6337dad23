// Faults of the application's callbacks. Rows X20 to X39 of faults.md.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type {
  SessionSchema,
  SessionSchemaResult,
  SessionSerializer,
  Session,
  SessionEvent,
} from 'sealed-session'
import { throwError, catchAsyncError } from '../support/errors.ts'
import { holdOnce, isPending, usesOf } from '../support/faulty.ts'
import { ALL_USES, READING_USES, RESULTS, WRITING_USES } from '../support/faulty.ts'
import { SECRET, START, untyped } from '../support/mint.ts'
import { requestWith } from '../support/requests.ts'
import { cookieOf, setUp, setUser } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const DATA_ERROR = expect.objectContaining({ code: 'ERR_SESSION_DATA' })
const CLOCK_ERROR = expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'clock' })

describe('a serializer', () => {
  const reading = (parse: (text: string) => unknown): SessionSerializer => ({
    ...JSON,
    ...methods(),
    parse,
  })
  const methods = () => ({ stringify: (data: object) => JSON.stringify(data) })

  /** Returns the session that this `parse` reads, or the reason of its rejection. */
  async function readBy(parse: (text: string) => unknown): Promise<Session<Data>> {
    const cookie = await cookieOf(setUp({ serializer: reading(JSON.parse) }).sessions)
    return setUp({ serializer: reading(parse) }).sessions.open(cookie)
  }

  test('X20: whose stringify returns a promise is a SessionDataError, and nothing is written', async () => {
    const serializer = {
      ...JSON,
      stringify: untyped<() => string>(async () => '{}'),
      parse: JSON.parse,
    }
    const { sessions } = setUp({ serializer })
    const uses = usesOf(sessions, '', '')
    for (const use of ['setCookies', 'commit', 'wrap', 'seal'] as const) {
      expect(await catchAsyncError(uses[use]())).toEqual(DATA_ERROR)
    }
  })

  test('X21: that changes its argument does not change the session', async () => {
    const stringify = (data: object) => {
      const text = JSON.stringify(data)
      for (const key of Object.keys(data)) Reflect.deleteProperty(data, key)
      return text
    }
    const { sessions } = setUp({ serializer: { stringify, parse: JSON.parse } })
    const session = await sessions.open(null)
    setUser(session)
    await sessions.measure(session)
    await sessions.setCookies(session)
    expect(session.toJSON()).toEqual({ user: 'ada' })
  })

  class Visitor {
    readonly user = 'eve'
  }
  const results: readonly (readonly [string, unknown])[] = [
    ['a string', 'user'],
    ['a number', 5],
    ['null', null],
    ['nothing', undefined],
    ['an array', ['user']],
    ['a promise', Promise.resolve({ user: 'eve' })],
    ['an instance of a class', new Visitor()],
    ['a Map', new Map([['user', 'eve']])],
    ['an object whose getter throws', Object.defineProperty({}, 'user', throwing())],
    ['a proxy that throws', new Proxy({}, { ownKeys: () => throwError(new Error('unreadable')) })],
  ]
  test.each(results)(
    'X22: whose parse returns %s is invalid-data, and never a session',
    async (_, value) => {
      const session = await readBy(() => value)
      expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'invalid-data' }, true])
    },
  )

  test('X23: whose parse returns getters has them read at the opening only, and those values are the data', async () => {
    let asked = 0
    const parse = () => Object.defineProperty({}, 'user', { enumerable: true, get: () => ++asked })
    const session = await readBy(parse)
    const once = asked
    expect([session.get('user'), session.get('user'), session.toJSON()]).toEqual([
      once,
      once,
      { user: once },
    ])
    expect(asked).toBe(once)
  })

  test('X24: whose parse returns a key __proto__ gives that key, and no prototype', async () => {
    const session = await readBy(() => JSON.parse('{"__proto__":{"admin":true},"user":"ada"}'))
    expect(session.keys()).toEqual(['__proto__', 'user'])
    expect(Reflect.get(session.toJSON(), 'admin')).toBeUndefined()
    expect(session.has('admin')).toBe(false)
    const inherited = await readBy(() => Object.setPrototypeOf({ user: 'ada' }, { admin: true }))
    expect(inherited.rejection).toEqual({ reason: 'invalid-data' })
  })
})

describe('a schema', () => {
  const schemaOf = (validate: () => unknown): SessionSchema<Data> => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: untyped<() => SessionSchemaResult>(validate),
    },
  })
  /** Creates sessions with this schema, and cookies to open. */
  async function under(validate: () => unknown) {
    const { make, events } = setUp()
    const plain = make()
    const cookie = await cookieOf(plain)
    const token = await plain.seal(await plain.open(cookie))
    const sessions = make({ schema: schemaOf(validate) })
    return { sessions, cookie, events, uses: usesOf(sessions, cookie, token) }
  }
  const fits = () => ({ value: { user: 'ada' } })

  test.each(['throws', 'rejects'])(
    'X25: that %s is invalid-data on open, with the error in the event, reaches the caller of a write, and is retried',
    async (mode) => {
      const error = new Error('the validator is broken')
      const validate = vi.fn<() => unknown>(fits)
      const { sessions, uses, cookie, events } = await under(validate)
      const failOnce = () =>
        validate.mockImplementationOnce(() => {
          if (mode === 'throws') throw error
          return Promise.reject(error)
        })
      for (const use of READING_USES) {
        failOnce()
        expect(await uses[use]()).toBeUndefined()
        expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'invalid-data', error })
        expect(await uses[use]()).toBe(RESULTS[use])
      }
      for (const use of WRITING_USES) {
        failOnce()
        expect(await catchAsyncError(uses[use]())).toBe(error)
        expect(await uses[use]()).toBe(RESULTS[use])
      }
      // A visitor whose session is from an older schema can log out too.
      failOnce()
      const session = await sessions.open(cookie)
      session.destroy()
      expect(await sessions.setCookies(session)).toHaveLength(2)
    },
  )

  test.each([[undefined], [null]])(
    'X26: that returns %s is invalid-data on open, and a TypeError at a write',
    async (answer) => {
      const { uses, events } = await under(() => answer)
      for (const use of READING_USES) {
        expect(await uses[use]()).toBeUndefined()
        const error = expect.any(TypeError)
        expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'invalid-data', error })
      }
      for (const use of WRITING_USES)
        expect(await catchAsyncError(uses[use]())).toBeInstanceOf(TypeError)
    },
  )

  test.each([[{}], [5], ['text'], [{ value: 5 }], [Promise.resolve({})]])(
    'X27: that returns neither issues nor data (%j) is invalid-data on open, and an error at a write',
    async (answer) => {
      const { sessions, cookie, uses } = await under(() => answer)
      const session = await sessions.open(cookie)
      expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'invalid-data' }, true])
      for (const use of WRITING_USES) expect(await catchAsyncError(uses[use]())).toEqual(DATA_ERROR)
    },
  )

  test('X28: that never settles delays only its own request', async () => {
    const validate = vi.fn<() => unknown>(fits)
    const { uses } = await under(validate)
    for (const use of ALL_USES) {
      const reached = holdOnce(validate)
      const held = uses[use]()
      await reached
      expect(await isPending(held)).toBe(true)
      for (const other of ALL_USES) expect(await uses[other]()).toBe(RESULTS[other])
    }
  })

  test('X29: that returns other data each time is called once per session, and causes no write', async () => {
    let count = 0
    const { sessions, cookie } = await under(() => ({ value: { user: `visitor ${++count}` } }))
    const session = await sessions.open(cookie)
    expect([session.get('user'), session.get('user')]).toEqual(['visitor 1', 'visitor 1'])
    expect(await sessions.setCookies(session)).toEqual([])
    expect(session.get('user')).toBe('visitor 1')
  })
})

describe('revoked', () => {
  test('X30: that never settles delays only its own request, and the handler is not called', async () => {
    const { make } = setUp()
    const cookie = await cookieOf(make())
    const revoked = vi.fn<() => boolean | Promise<boolean>>(() => false)
    const sessions = make({ revoked })
    const handler = vi.fn(() => new Response())
    const reached = holdOnce(revoked)
    const held = sessions.wrap(handler)(requestWith(cookie))
    await reached
    expect(await isPending(held)).toBe(true)
    expect(handler).not.toHaveBeenCalled()
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
  })

  test('X31: that is aborted by a signal rejects the session, with the error in the event', async () => {
    const { make, events } = setUp()
    const cookie = await cookieOf(make())
    const controller = new AbortController()
    let tell = () => {}
    const asked = new Promise<void>((resolve) => (tell = resolve))
    const revoked = () =>
      new Promise<boolean>((_, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason))
        tell()
      })
    const opening = make({ revoked }).open(cookie)
    await asked
    controller.abort()
    expect((await opening).rejection).toEqual({ reason: 'revoked' })
    const error = controller.signal.reason
    expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'revoked', error })
  })
})

describe('observe', () => {
  test('X32: that throws at a write reaches the caller, nothing is written, and the write can be repeated', async () => {
    const error = new Error('the log is full')
    const observe = vi.fn<(event: SessionEvent) => void>()
    const { sessions } = setUp({ observe })
    const session = await sessions.open(null)
    setUser(session)
    for (const write of [sessions.seal, sessions.setCookies]) {
      observe.mockImplementationOnce(throwError.bind(undefined, error))
      expect(await catchAsyncError(write(session))).toBe(error)
    }
    observe.mockImplementationOnce(throwError.bind(undefined, error))
    const response = new Response('text')
    expect(await catchAsyncError(sessions.commit(session, response))).toBe(error)
    expect([...response.headers.keys()]).toEqual(['content-type'])
    expect((await sessions.commit(session, response)).headers.getSetCookie()).toHaveLength(1)
  })

  test('X33: that is async and rejects is an unhandled rejection of the process, not of a request', async () => {
    const library = new URL('../../dist/index.js', import.meta.url).href
    const program = `
      import { createSessions } from ${JSON.stringify(library)}
      const observe = async () => { throw new Error('the log is full') }
      const sessions = createSessions({ secrets: ${JSON.stringify(SECRET)}, observe })
      process.once('unhandledRejection', (error) => console.log('unhandled:', error.message))
      const session = await sessions.open('__Host-session=nonsense')
      console.log(session.rejection.reason)
    `
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
    expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual([
      'malformed',
      'unhandled: the log is full',
    ])
  })

  test('X34: that calls the library again gets the same result as any caller', async () => {
    const { make, time } = setUp()
    const cookie = await cookieOf(make())
    const seen: unknown[] = []
    const observe = (event: SessionEvent) => {
      const calls = { opened: again, sealed: again, destroyed: again }
      const call = Reflect.get(calls, event.type)
      if (typeof call === 'function' && seen.length < 20)
        seen.push(Reflect.apply(call, undefined, []))
    }
    const sessions = make({ observe })
    const page = requestWith(cookie)
    const again = async () => {
      const session = await sessions.open(page)
      return [session.id, (await sessions.setCookies(session)).length]
    }
    time.now += 20_000
    const session = await sessions.open(page)
    session.get('user')
    expect(await sessions.setCookies(session)).toHaveLength(1)
    const left = await sessions.open(requestWith(cookie))
    left.destroy()
    expect(await sessions.setCookies(left)).toHaveLength(2)
    const { id } = session
    expect(await Promise.all(seen)).toEqual(seen.map(() => [id, 1]))
    expect(seen.length).toBeGreaterThanOrEqual(4)
  })

  test('X35: that requests the lines of a destroyed session gets the same lines, without a loop', async () => {
    const { make } = setUp()
    const cookie = await cookieOf(make())
    const asked: Promise<string[]>[] = []
    const observe = ({ type }: SessionEvent) => {
      if (type === 'destroyed' && asked.length < 5) asked.push(sessions.setCookies(session))
    }
    const sessions = make({ observe })
    const session = await sessions.open(cookie)
    session.destroy()
    const lines = await sessions.setCookies(session)
    expect(await Promise.all(asked)).toEqual([lines])
  })

  test('X36: that changes its event changes nothing else', async () => {
    const { make } = setUp()
    const spoil = (event: object) => {
      for (const key of Object.keys(event)) Reflect.deleteProperty(event, key)
      Object.assign(event, { reason: 'spoiled', id: 'spoiled', report: undefined })
    }
    const sessions = make({ observe: spoil })
    const cookie = await cookieOf(sessions)
    const session = await sessions.open(cookie)
    expect([session.get('user'), session.rejection]).toEqual(['ada', undefined])
    const bad = await sessions.open('__Host-session=nonsense')
    expect(bad.rejection).toEqual({ reason: 'malformed' })
    session.set('text', 'x'.repeat(9000))
    const tooLarge = expect.objectContaining({ code: 'ERR_SESSION_TOO_LARGE' })
    for (let twice = 0; twice < 2; twice++) {
      expect(await catchAsyncError(sessions.setCookies(session))).toEqual(tooLarge)
    }
    expect((await sessions.measure(session)).limits.requestHeader).toBe(7168)
    session.delete('text')
    expect(await sessions.setCookies(session)).toEqual([])
  })
})

describe('a clock', () => {
  const wrongs: readonly unknown[] = [NaN, Infinity, -1, '1768478400000', undefined, new Date(0)]

  test.each(wrongs)(
    'X37: that returns %s later fails every use of a key, until it works again',
    async (wrong) => {
      let now: unknown = START * 1000
      const { sessions } = setUp({ clock: untyped(() => now) })
      const cookie = await cookieOf(sessions)
      const uses = usesOf(sessions, cookie, await sessions.seal(await sessions.open(cookie)))
      const session = await sessions.open(cookie)
      session.set('visits', 1)
      now = wrong
      for (const use of ALL_USES) expect(await catchAsyncError(uses[use]())).toEqual(CLOCK_ERROR)
      expect(await catchAsyncError(sessions.setCookies(session))).toEqual(CLOCK_ERROR)
      now = START * 1000
      expect(await sessions.setCookies(session)).toHaveLength(1)
      for (const use of ALL_USES) expect(await uses[use]()).toBe(RESULTS[use])
    },
  )

  test('X38: that throws reaches the caller unchanged, at creation, open and commit, until it works again', async () => {
    const error = new Error('no time')
    const clock = vi.fn(() => START * 1000)
    const { sessions, make } = setUp({ clock })
    const cookie = await cookieOf(sessions)
    const uses = usesOf(sessions, cookie, await sessions.seal(await sessions.open(cookie)))
    const session = await sessions.open(cookie)
    session.set('visits', 1)
    clock.mockImplementation(() => throwError(error))
    expect(() => make()).toThrow(error)
    for (const use of ALL_USES) expect(await catchAsyncError(uses[use]())).toBe(error)
    expect(await catchAsyncError(sessions.setCookies(session))).toBe(error)
    clock.mockImplementation(() => START * 1000)
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('X39: that goes back, before or during a commit, extends no session and seals none before its start', async () => {
    const options = { maxAge: 10_000, idleTimeout: 5000, touchInterval: 500 }
    for (const step of [0, 1, 60, 3600, 365 * 86_400]) {
      const { make, time } = setUp(options)
      const cookie = await cookieOf(make())
      let back = 0
      const clock = () => (time.now - back) * 1000
      const falling = () => (time.now - (back += step)) * 1000
      for (const next of [clock, falling]) {
        back = 0
        const current = { read: clock }
        const sessions = make({ clock: () => current.read() })
        const session = await sessions.open(cookie)
        session.set('visits', 1)
        session.touch()
        back = step
        current.read = next
        const [line = ''] = await sessions.setCookies(session)
        back = 0
        current.read = clock
        const again = await sessions.open(line.split(';', 1).join())
        expect(again.toJSON()).toEqual({ user: 'ada', visits: 1 })
        expect(again.startedAt).toEqual(new Date(START * 1000))
        expect(again.expiresAt?.getTime()).toBeLessThanOrEqual((START + 5000) * 1000)
      }
    }
  })
})

function throwing(): PropertyDescriptor {
  return { enumerable: true, get: () => throwError(new Error('unreadable')) }
}
