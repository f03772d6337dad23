// What a session holds beside its data: messages for one reading and the test mark, and how all of it
// stands in a token.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import * as fc from 'fast-check'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SessionSerializer, Session, SessionOptions } from 'sealed-session'
import {
  copyOf,
  emptyContents,
  isEmpty,
  partsOf,
  readContents,
  writeContents,
} from '../../../src/session/contents.ts'
import { createJar, pairsOf } from '../../support/cookie-jar.ts'
import { NAME, SECRET, START, claims, mint, untyped } from '../../support/mint.ts'

type Data = Record<string, unknown>

const COMMITTED = expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' })
const GONE = [expect.stringContaining('Max-Age=0')]
const ALL: [string, SessionSerializer | undefined][] = [
  ['strict JSON', undefined],
  ['JSON', JSON],
  ['devalue', devalue],
  ['superjson', superjson],
]

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

function misfit(path: string) {
  return expect.objectContaining({ code: 'ERR_SESSION_DATA', path })
}

describe('flash', () => {
  test('a message is taken exactly once, by the page after the redirect', async () => {
    const { sessions } = setUp()
    const browser = createJar()
    const save = sessions.wrap((_, session) => {
      session.flash('notice', 'Saved.')
      return Response.redirect('https://example.test/')
    })
    const show = sessions.wrap((_, session) => new Response(String(session.flash('notice'))))
    const visit = async (handler: (request: Request) => Promise<Response>) => {
      const response = await handler(browser.request())
      browser.store(response)
      return response
    }
    expect((await visit(save)).status).toBe(302)
    expect(await (await visit(show)).text()).toBe('Saved.')
    expect(browser.names()).toEqual([])
    expect(await (await visit(show)).text()).toBe('undefined')
  })

  test('one that is left and taken in the same request is gone, and takes no cookie', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'hello')
    expect(session.isEmpty).toBe(false)
    expect([session.flash('notice'), session.flash('notice')]).toEqual(['hello', undefined])
    expect(session.isEmpty).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('one message comes as itself, several as a list in the order in which they were left', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.flash('one', 'only')
    session.flash('many', 'first')
    session.flash('many', { level: 'warn' })
    const later = await next(session)
    later.flash('many', 3)
    const last = await next(later)
    expect(last.flash('one')).toBe('only')
    expect(last.flash('many')).toEqual(['first', { level: 'warn' }, 3])
    expect([last.flash('one'), last.flash('many')]).toEqual([undefined, undefined])
  })

  test('its type is the reader’s to name', async () => {
    interface Notice {
      level: 'info' | 'warn'
      text: string
    }
    const session = await fresh()
    const notice: Notice = { level: 'info', text: 'Saved.' }
    session.flash('notice', notice)
    const taken: Notice | Notice[] | undefined = session.flash<Notice>('notice')
    const text: string | string[] | undefined = session.flash('other')
    expect([taken, text]).toEqual([notice, undefined])
  })

  test('keys do not share messages, and meet neither data nor scopes', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('a', 'data')
    session.scope('a').set('a', 'scoped')
    session.flash('a', 'flashed')
    session.flash('b', 'other')
    const later = await next(session)
    expect(later.flash('a')).toBe('flashed')
    expect([later.get('a'), later.scope('a').get('a'), later.size]).toEqual(['data', 'scoped', 1])
    expect(later.toJSON()).toEqual({ a: 'data' })
    expect((await next(later)).flash('b')).toBe('other')
  })

  test('it is kept until somebody takes it, over renewals and other changes', async () => {
    const { time, sessions, next } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'hello')
    let later = await next(session)
    for (let round = 0; round < 4; round++) {
      time.now += 40_000
      expect([later.isEmpty, later.isNew]).toEqual([false, false])
      if (round === 2) later.set('visits', round)
      later = await next(later)
    }
    expect(later.id).toBe(session.id)
    expect(later.flash('notice')).toBe('hello')
  })

  test('it costs nothing when it is not used, and asking for a message that is not there is no use', async () => {
    const { sessions, next } = setUp()
    const plain = await sessions.open(null)
    plain.set('user', 'ada')
    const asked = await sessions.open(null)
    asked.set('user', 'ada')
    asked.flash('notice', 'x')
    asked.flash('notice')
    asked.flash('nothing')
    expect((await sessions.setCookies(asked)).join('')).toHaveLength(
      (await sessions.setCookies(plain)).join('').length,
    )
    const later = await next(plain)
    expect(later.flash('notice')).toBeUndefined()
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test.each(ALL)('messages of every kind of JSON come back under %s', async (_, serializer) => {
    const { sessions, next } = setUp({ serializer })
    const messages = ['', 0, false, null, 'zoë 🦊', [], [1, [2]], {}, { text: 'x', n: { m: 1 } }]
    const session = await sessions.open(null)
    for (const message of messages) session.flash('all', message)
    for (const [at, message] of messages.entries()) session.flash(`k${at}`, message)
    const later = await next(session)
    for (const [at, message] of messages.entries()) {
      expect(later.flash<unknown>(`k${at}`)).toEqual(message)
    }
    expect(later.flash<unknown>('all')).toEqual(messages)
  })

  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('under %s also what JSON cannot hold', async (_, serializer) => {
    const { sessions, next } = setUp({ serializer })
    const session = await sessions.open(null)
    session.flash('at', new Date(0))
    session.flash('big', 1n)
    session.flash('big', new Map([[1, new Set(['x'])]]))
    const later = await next(session)
    expect(later.flash<Date>('at')).toEqual(new Date(0))
    expect(later.flash<unknown>('big')).toEqual([1n, new Map([[1, new Set(['x'])]])])
  })

  test('what JSON would change is refused at once, with its path, and nothing is left', async () => {
    const session = await fresh()
    expect(() => session.flash('notice', { at: [new Date(0)] })).toThrow(
      misfit('flash.notice[0].at[0]'),
    )
    expect(() => session.flash('a b', 1n)).toThrow(misfit('flash.["a b"][0]'))
    expect(() => session.flash('notice', undefined)).toThrow(misfit('flash.notice[0]'))
    expect(() => session.flash('\ud800', 'x')).toThrow(misfit('a key'))
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
  })

  test('what got into a message later is refused at the commit, with its path', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const message: Data = {}
    session.flash('notice', 'first')
    session.flash('notice', message)
    message['at'] = new Date(0)
    await expect(sessions.setCookies(session)).rejects.toThrow(misfit('flash.notice[1].at'))
    message['at'] = 0
    expect(await sessions.setCookies(session)).toHaveLength(1)
    message['at'] = 1
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED)
  })

  test.each([1, null, undefined, {}, Symbol('s')])('the key %s is refused', async (key) => {
    const session = await fresh()
    expect(() => session.flash(untyped(key), 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'key' }),
    )
    expect(session.isEmpty).toBe(true)
  })

  test('keys that look like something else are keys', async () => {
    const { sessions, next } = setUp()
    const keys = ['', '__proto__', 'constructor', 'd', 'f', 'exp', 'toString', '0']
    const session = await sessions.open(null)
    for (const key of keys) session.flash(key, `for ${key}`)
    const later = await next(session)
    for (const key of keys) expect(later.flash(key)).toBe(`for ${key}`)
    expect(later.isEmpty).toBe(true)
  })

  test('a message may nest as deep as the data may, and no deeper', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    let deep: unknown = 1
    // The hundred levels of a session's data, less the list that the message stands in.
    for (let level = 0; level < 98; level++) deep = [deep]
    session.flash('notice', deep)
    expect(() => session.flash('notice', [deep])).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
    const later = await next(session)
    expect(later.rejection).toBeUndefined()
    expect(later.flash<unknown>('notice')).toEqual(deep)
  })

  test('after the commit, leaving and taking are errors; finding nothing is not', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'hello')
    await sessions.setCookies(session)
    expect(() => session.flash('notice')).toThrow(COMMITTED)
    expect(() => session.flash('notice', 'again')).toThrow(COMMITTED)
    expect(session.flash('other')).toBeUndefined()
    expect((await next(session)).flash('notice')).toBe('hello')
  })

  test.each([
    ['regenerate', (session: Session<Data>) => session.regenerate({ keep: ['notice'] })],
    ['destroy', (session: Session<Data>) => session.destroy()],
    ['clear', (session: Session<Data>) => session.clear()],
  ])('%s takes the messages with it, and one that is left after it arrives', async (_, end) => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'before')
    const later = await next(session)
    end(later)
    expect(later.flash('notice')).toBeUndefined()
    later.flash('notice', 'after')
    expect((await next(later)).flash('notice')).toBe('after')
  })

  test('a goodbye after a logout fits a schema that demands a user', async () => {
    const validate = (value: unknown) =>
      'user' in Object(value) ? { value } : { issues: [{ path: ['user'] }] }
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
    const { sessions, next } = setUp({ schema: untyped(schema) })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await next(session)
    later.destroy()
    later.flash('notice', 'Goodbye')
    const last = await next(later)
    expect([last.rejection, last.flash('notice')]).toEqual([undefined, 'Goodbye'])
  })

  test('measure names the messages of a key as one, and move finds them', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.flash('notice', 'n'.repeat(1500))
    session.flash('notice', 'n'.repeat(1500))
    const { keys, move } = await sessions.measure(session)
    expect(keys.map(({ key }) => key)).toEqual(['flash(notice)', 'user'])
    expect(move).toEqual(['flash(notice)'])
    expect(session.flash('notice')).toHaveLength(2)
  })

  test('nothing shows it', async () => {
    const session = await fresh()
    session.flash('notice', 'marker-40be')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('marker-40be')
    expect(JSON.stringify(session)).toBe('{}')
  })

  test('whatever is left and taken, in whatever order, each message is taken once', async () => {
    const { sessions } = setUp()
    const step = fc.record({
      key: fc.constantFrom('a', 'b', '__proto__'),
      leave: fc.option(fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null))),
      request: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const expected = new Map<string, unknown[]>()
        const browser = createJar()
        let session = await sessions.open(null)
        for (const { key, leave, request } of steps) {
          if (leave !== null) {
            session.flash(key, leave)
            expected.set(key, [...(expected.get(key) ?? []), leave])
          } else {
            const left = expected.get(key) ?? []
            expect(session.flash<unknown>(key)).toEqual(left.length > 1 ? left : left[0])
            expected.delete(key)
          }
          expect(session.isEmpty).toBe(expected.size === 0)
          if (!request) continue
          browser.store(await sessions.setCookies(session))
          session = await sessions.open(browser.header())
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('the test cookie', () => {
  test('has worked only with the request after it, when the browser kept it', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    expect(session.testCookieWorked()).toBe(false)
    session.setTestCookie()
    expect(session.testCookieWorked()).toBe(false)
    expect((await next(session)).testCookieWorked()).toBe(true)
    expect((await sessions.open(null)).testCookieWorked()).toBe(false)
  })

  test('setting it makes a session without data; asking makes none', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.testCookieWorked()
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
    session.setTestCookie()
    expect([session.isEmpty, session.size, session.toJSON()]).toEqual([false, 0, {}])
    expect(session.id).toMatch(/^[\w-]{22}$/)
  })

  test('deleting it leaves no trace: the answer is false and the cookie goes', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const later = await next(session)
    later.deleteTestCookie()
    expect([later.testCookieWorked(), later.isEmpty]).toEqual([false, true])
    expect(await sessions.setCookies(later)).toEqual(GONE)
  })

  test('deleting it leaves the rest of the session, and it is gone with the next request too', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.setTestCookie()
    const later = await next(session)
    later.deleteTestCookie()
    const last = await next(later)
    expect([last.get('user'), last.testCookieWorked()]).toEqual(['ada', false])
  })

  test('set again where it came back it costs no new cookie, and it still answers', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const later = await next(session)
    later.setTestCookie()
    expect(later.testCookieWorked()).toBe(true)
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('set, deleted and set in one request it waits for the next', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const later = await next(session)
    later.deleteTestCookie()
    later.setTestCookie()
    expect(later.testCookieWorked()).toBe(false)
  })

  test('regenerate drops the mark and leaves the answer; destroy drops both', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const cookie = pairsOf(await sessions.setCookies(session))
    const later = await sessions.open(cookie)
    later.regenerate()
    later.set('user', 'ada')
    expect(later.testCookieWorked()).toBe(true)
    expect((await next(later)).testCookieWorked()).toBe(false)
    const other = await sessions.open(cookie)
    other.destroy()
    expect(other.testCookieWorked()).toBe(false)
  })

  test('after the commit the mark can be read, and no more be set or deleted', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const later = await next(session)
    await sessions.setCookies(later)
    expect(later.testCookieWorked()).toBe(true)
    expect(() => later.setTestCookie()).toThrow(COMMITTED)
    expect(() => later.deleteTestCookie()).toThrow(COMMITTED)
  })

  test('a cookie that was refused has not worked', async () => {
    const { time, sessions } = setUp()
    const session = await sessions.open(null)
    session.setTestCookie()
    const cookie = pairsOf(await sessions.setCookies(session))
    time.now += 86_405
    expect((await sessions.open(cookie)).testCookieWorked()).toBe(false)
  })
})

describe('in a token', () => {
  test('what is empty takes no byte', () => {
    expect(writeContents(emptyContents(), undefined)).toBe('"d":{}}')
    expect(writeContents(emptyContents(new Map([['a', 1]])), undefined)).toBe('"d":{"a":1}}')
  })

  test('every part has a member of its own', () => {
    const contents = emptyContents(new Map([['a', 1]]))
    contents.scopes.set('s', { data: new Map([['b', 2]]), scopes: new Map() })
    contents.flash.set('n', ['x', 'y'])
    contents.csrf = 'A'.repeat(22)
    contents.tested = true
    const text = writeContents(contents, undefined)
    expect(JSON.parse(`{${text}`)).toEqual({
      d: { a: 1 },
      s: { s: [{ b: 2 }, {}] },
      f: { n: ['x', 'y'] },
      c: 'A'.repeat(22),
      t: 1,
    })
    expect(readContents(untyped(JSON.parse(`{${text}`)), undefined)).toEqual(contents)
  })

  test('a copy can lose every part, and the original keeps all', () => {
    const contents = emptyContents(new Map([['a', 1]]))
    contents.scopes.set('s', {
      data: new Map([['b', 2]]),
      scopes: new Map([['i', { data: new Map([['c', 3]]), scopes: new Map() }]]),
    })
    contents.flash.set('n', ['x'])
    const before = writeContents(contents, undefined)
    const copy = copyOf(contents)
    copy.scopes.get('s')?.scopes.get('i')?.data.clear()
    for (const { remove } of partsOf(contents)) remove(copy)
    expect([isEmpty(copy), isEmpty(contents)]).toEqual([true, false])
    expect(writeContents(contents, undefined)).toBe(before)
  })

  test.each<[string, Data]>([
    ['messages that are a list', { f: [] }],
    ['messages that are no lists', { f: { notice: 'x' } }],
    ['messages as text without a serializer', { f: '{}' }],
    ['messages that nest too deep', { f: { notice: [nest(101)] } }],
    ['a scope whose values nest too deep', { s: { cart: [{ deep: nest(131) }, {}] } }],
    ['data that is text without a serializer', { d: '{}' }],
  ])('%s make the whole session invalid', async (_, changes) => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${await mint(claims(changes))}`)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect(session.isEmpty).toBe(true)
  })

  test('data that cannot be read is no contents, whatever stands beside it', () => {
    for (const d of [5, 'text', [], null]) expect(readContents({ d }, undefined)).toBeUndefined()
    expect(readContents({ d: {} }, undefined)).toEqual(emptyContents())
  })

  test('the deepest value in the deepest scope comes back', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    const innermost = (outer: Session<Data>) => {
      let scope = outer.scope('s')
      for (let level = 1; level < 16; level++) scope = scope.scope('s')
      return scope
    }
    const deep = nest(99)
    innermost(session).set('deep', deep)
    expect(() => innermost(session).set('deeper', [deep])).toThrow(
      misfit(`${'scope(s).'.repeat(16)}deeper${'[0]'.repeat(99)}`),
    )
    expect(innermost(await next(session)).get('deep')).toEqual(deep)
  })

  test.each([0, true, '1', null])('a mark of %o is none', async (t) => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${await mint(claims({ t }))}`)
    expect([session.testCookieWorked(), session.get('user')]).toEqual([false, 'ada'])
  })

  test('sessions from before a serializer was configured keep scopes and messages', async () => {
    const plain = setUp()
    const session = await plain.sessions.open(null)
    session.scope('cart').set('items', [1])
    session.flash('notice', 'hello')
    const cookie = pairsOf(await plain.sessions.setCookies(session))
    const later = await setUp({ serializer: devalue }).sessions.open(cookie)
    expect([later.scope('cart').get('items'), later.flash('notice')]).toEqual([[1], 'hello'])
  })

  test('another writer’s order with a value that cannot be written here is refused, not thrown', async () => {
    const { sessions } = setUp()
    for (const value of ['-0', '1e999', '"\\ud800"']) {
      const payload = `{"d":{"n":${value}},"exp":${START + 600},"iat":${START},"jti":"AAECAwQFBgcICQoLDA0ODw"}`
      const session = await sessions.open(`${NAME}=${await mint(payload)}`)
      expect(session.rejection).toEqual({ reason: 'invalid-data' })
    }
  })
})

function nest(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
