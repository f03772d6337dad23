// Flash messages: as arrays of pairs, and as a session leaves, shows and takes them.

import { inspect } from 'node:util'
import * as devalue from 'devalue'
import superjson from 'superjson'
import * as fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Session } from 'sealed-session'
import {
  MAX_MESSAGES,
  messagesUnder,
  parseMessages,
  withMessage,
  withoutKey,
} from '../../../src/session/flash.ts'
import type { FlashMessage } from '../../../src/session/flash.ts'
import { createJar } from '../../support/cookie-jar.ts'
import { untyped } from '../../support/mint.ts'
import { COMMITTED_ERROR, dataError, configError } from '../../support/errors.ts'
import { demandingKeys, schemaOf } from '../../support/schema.ts'
import { SERIALIZERS } from '../../support/serializers.ts'
import { openNew, setUp } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

describe('the array of messages', () => {
  const messages: readonly FlashMessage[] = [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ]

  test('keeps the order of all messages, over all keys', () => {
    expect(withMessage(messages, 'c', 4)).toEqual([...messages, ['c', 4]])
    expect(messagesUnder(messages, 'a')).toEqual([1, 3])
    expect(messagesUnder(messages, 'c')).toEqual([])
    expect(withoutKey(messages, 'a')).toEqual([['b', 2]])
    expect(messages).toHaveLength(3)
  })

  test('holds at most 20, and drops the oldest', () => {
    let all: readonly FlashMessage[] = []
    for (let left = 0; left < 25; left++) all = withMessage(all, `k${left % 3}`, left)
    expect(MAX_MESSAGES).toBe(20)
    expect(all.map(([, message]) => message)).toEqual(Array.from({ length: 20 }, (_, i) => i + 5))
  })

  test.each([[[]], [[['a', null]]], [[['', 0]]], [[['__proto__', {}]]]])(
    'is parsed from %j unchanged',
    (value) => {
      expect(parseMessages(value)).toEqual(value)
    },
  )

  test.each([
    [undefined],
    [null],
    ['[]'],
    [{}],
    [{ length: 0 }],
    [[1]],
    [[null]],
    [['ab']],
    [[{ 0: 'a', 1: 1, length: 2 }]],
    [[[]]],
    [[['a']]],
    [[['a', 1, 2]]],
    [[[1, 'a']]],
    [[['a', 1], 'b']],
  ])('is not parsed from %j', (value) => {
    expect(parseMessages(value)).toBeUndefined()
  })
})

describe('flash', () => {
  test('a message is taken exactly once, by the page after the redirect', async () => {
    const { sessions } = setUp()
    const browser = createJar()
    const save = sessions.wrap((_, session) => {
      session.flash('notice', 'Saved.')
      return Response.redirect('https://example.test/')
    })
    const show = sessions.wrap((_, session) => Response.json(session.flash('notice')))
    const visit = async (handler: (request: Request) => Promise<Response>) => {
      const response = await handler(browser.request())
      browser.store(response)
      return response
    }
    expect((await visit(save)).status).toBe(302)
    expect(await (await visit(show)).json()).toEqual(['Saved.'])
    expect(browser.names()).toEqual([])
    expect(await (await visit(show)).json()).toEqual([])
  })

  test('one that is left and taken in the same request writes no cookie', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'hello')
    expect(session.isEmpty).toBe(false)
    expect([session.flash('notice'), session.flash('notice')]).toEqual([['hello'], []])
    expect(session.isEmpty).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('always returns an array, in the order in which the messages were left', async () => {
    const { next, received } = setUp()
    const session = await received((first) => {
      first.flash('one', 'only')
      first.flash('many', 'first')
      first.flash('many', { level: 'warn' })
    })
    session.flash('many', 3)
    const last = await next(session)
    expect(last.flash('one')).toEqual(['only'])
    expect(last.flash('many')).toEqual(['first', { level: 'warn' }, 3])
    expect([last.flash('one'), last.flash('many'), last.flash('none')]).toEqual([[], [], []])
  })

  test('a message that is an array is one message', async () => {
    const { received } = setUp()
    const session = await received((first) => first.flash('notice', ['a', 'b']))
    expect(session.flash<string[]>('notice')).toEqual([['a', 'b']])
  })

  test('each call returns a new array', async () => {
    const session = await openNew()
    session.flash('notice', 'hello')
    session.peekFlash('notice').length = 0
    expect(session.flash('notice')).toEqual(['hello'])
  })

  test('the caller can name the type of a message', async () => {
    interface Notice {
      level: 'info' | 'warn'
      text: string
    }
    const session = await openNew()
    const notice: Notice = { level: 'info', text: 'Saved.' }
    expectTypeOf(session.flash('notice', notice)).toEqualTypeOf<void>()
    expectTypeOf(session.peekFlash<Notice>('notice')).toEqualTypeOf<Notice[]>()
    expectTypeOf(session.flash<Notice>('other')).toEqualTypeOf<Notice[]>()
    expectTypeOf(session.flash('other')).toEqualTypeOf<string[]>()
    expect(session.flash<Notice>('notice')).toEqual([notice])
  })

  test('keys do not share messages, and are separate from data and scopes', async () => {
    const { next, received } = setUp()
    const session = await received((first) => {
      first.set('a', 'data')
      first.scope('a').set('a', 'scoped')
      first.flash('a', 'flashed')
      first.flash('b', 'other')
    })
    expect(session.flash('a')).toEqual(['flashed'])
    expect([session.get('a'), session.scope('a').get('a'), session.size]).toEqual([
      'data',
      'scoped',
      1,
    ])
    expect(session.toJSON()).toEqual({ a: 'data' })
    expect((await next(session)).flash('b')).toEqual(['other'])
  })

  test('a message is kept until it is taken, over tickets and other changes', async () => {
    const { time, received, next } = setUp()
    let session = await received((first) => first.flash('notice', 'hello'))
    const { id } = session
    for (let round = 0; round < 4; round++) {
      time.now += 40_000
      expect([session.isEmpty, session.isNew]).toEqual([false, false])
      if (round === 2) session.set('visits', round)
      session = await next(session)
    }
    expect(session.id).toBe(id)
    expect(session.flash('notice')).toEqual(['hello'])
  })

  test('it takes no bytes if it is not used, and reading a missing message is no change', async () => {
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
    expect(later.flash('notice')).toEqual([])
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('the oldest of more than 20 messages are dropped, whatever their keys, so that writes succeed', async () => {
    const { next, received } = setUp()
    let session = await received((first) => first.flash('first', 'oldest'))
    for (let left = 0; left < 30; left++) {
      session.flash(`key${left % 2}`, `message ${left}`)
      session = await next(session)
    }
    expect(session.flash('first')).toEqual([])
    const kept = [...session.flash('key0'), ...session.flash('key1')]
    expect(kept).toHaveLength(20)
    expect(kept.toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => `message ${index + 10}`).toSorted(),
    )
  })

  test.each(SERIALIZERS)('messages of every JSON type are kept with %s', async (_, serializer) => {
    const { received } = setUp({ serializer })
    const messages = ['', 0, false, null, 'zoë 🦊', [], [1, [2]], {}, { text: 'x', n: { m: 1 } }]
    const session = await received((first) => {
      for (const message of messages) first.flash('all', message)
      for (const [at, message] of messages.entries()) first.flash(`k${at}`, message)
    })
    for (const [at, message] of messages.entries()) {
      expect(session.flash<unknown>(`k${at}`)).toEqual([message])
    }
    expect(session.flash<unknown>('all')).toEqual(messages)
  })

  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('under %s also what JSON cannot hold', async (_, serializer) => {
    const { received } = setUp({ serializer })
    const session = await received((first) => {
      first.flash('at', new Date(0))
      first.flash('big', 1n)
      first.flash('big', new Map([[1, new Set(['x'])]]))
    })
    expect(session.flash<Date>('at')).toEqual([new Date(0)])
    expect(session.flash<unknown>('big')).toEqual([1n, new Map([[1, new Set(['x'])]])])
  })

  test('a message that JSON would change throws at once, with its path, and is not left', async () => {
    const session = await openNew()
    expect(() => session.flash('notice', { at: [new Date(0)] })).toThrow(
      dataError('flash.notice.at[0]'),
    )
    expect(() => session.flash('a b', 1n)).toThrow(dataError('flash.["a b"]'))
    expect(() => session.flash('notice', undefined)).toThrow(dataError('flash.notice'))
    expect(() => session.flash('\ud800', 'x')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
    )
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
  })

  test('a value that was added to a message later throws at the commit, with its path', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const message: Data = {}
    session.flash('notice', 'first')
    session.flash('notice', message)
    message['at'] = new Date(0)
    await expect(sessions.setCookies(session)).rejects.toThrow(dataError('flash.notice.at'))
    message['at'] = 0
    expect(await sessions.setCookies(session)).toHaveLength(1)
    message['at'] = 1
    await expect(sessions.setCookies(session)).rejects.toThrow(COMMITTED_ERROR)
  })

  test.each([1, null, undefined, {}, Symbol('s')])('the key %s is rejected', async (key) => {
    const session = await openNew()
    expect(() => session.flash(untyped(key), 'x')).toThrow(configError('key'))
    expect(() => session.peekFlash(untyped(key))).toThrow(configError('key'))
    expect(session.isEmpty).toBe(true)
  })

  test('further arguments are rejected, because messages have no placeholders', async () => {
    const session = await openNew()
    const act = () => Reflect.apply(session.flash, session, ['notice', 'Hello %s', 'ada'])
    expect(act).toThrow(configError('flash'))
    expect(session.isEmpty).toBe(true)
  })

  test('keys with a meaning in JavaScript are ordinary keys', async () => {
    const { received } = setUp()
    const keys = ['', '__proto__', 'constructor', 's', 'f', 'length', 'toString', '0']
    const session = await received((first) => {
      for (const key of keys) first.flash(key, `for ${key}`)
    })
    for (const key of keys) expect(session.flash(key)).toEqual([`for ${key}`])
    expect(session.isEmpty).toBe(true)
  })

  test('a message may nest as deep as the data may, and no deeper', async () => {
    const { received } = setUp()
    let deep: unknown = 1
    // A session's data may have a hundred levels, including the data itself.
    for (let level = 0; level < 99; level++) deep = [deep]
    const session = await received((first) => {
      first.flash('notice', deep)
      expect(() => first.flash('notice', [deep])).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DATA' }),
      )
    })
    expect(session.rejection).toBeUndefined()
    expect(session.flash<unknown>('notice')).toEqual([deep])
  })

  test('after the commit, leaving and taking a message throw; finding none does not', async () => {
    const { sessions, next } = setUp()
    const session = await sessions.open(null)
    session.flash('notice', 'hello')
    await sessions.setCookies(session)
    expect(() => session.flash('notice')).toThrow(COMMITTED_ERROR)
    expect(() => session.flash('notice', 'again')).toThrow(COMMITTED_ERROR)
    expect([session.flash('other'), session.peekFlash('notice')]).toEqual([[], ['hello']])
    expect((await next(session)).flash('notice')).toEqual(['hello'])
  })

  test.each<[string, (session: Session<Data>) => void]>([
    ['regenerate', (session) => session.regenerate({ keep: ['notice'] })],
    ['destroy', (session) => session.destroy()],
    ['clear', (session) => session.clear()],
  ])('%s takes the messages with it, and one that is left after it arrives', async (_, end) => {
    const { received, next } = setUp()
    const session = await received((first) => first.flash('notice', 'before'))
    end(session)
    expect(session.flash('notice')).toEqual([])
    session.flash('notice', 'after')
    expect((await next(session)).flash('notice')).toEqual(['after'])
  })

  test('a message after a logout fits a schema that requires a user', async () => {
    const schema = schemaOf(demandingKeys('user'))
    const { received, next } = setUp({ schema })
    const session = await received((first) => first.set('user', 'ada'))
    session.destroy()
    session.flash('notice', 'Goodbye')
    const last = await next(session)
    expect([last.rejection, last.flash('notice')]).toEqual([undefined, ['Goodbye']])
  })

  test('measure lists the messages of a key as one entry, also in move', async () => {
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

  test('neither JSON nor inspection shows a message', async () => {
    const session = await openNew()
    session.flash('notice', 'marker-40be')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('marker-40be')
    expect(JSON.stringify(session)).toBe('{}')
  })

  test('each message is taken once, in any order of leaving and taking', async () => {
    const { sessions } = setUp()
    const step = fc.record({
      key: fc.constantFrom('a', 'b', '__proto__'),
      leave: fc.option(fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null))),
      request: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let expected: [string, unknown][] = []
        const browser = createJar()
        let session = await sessions.open(null)
        for (const { key, leave, request } of steps) {
          const left = expected.filter(([name]) => name === key).map(([, message]) => message)
          expect(session.peekFlash<unknown>(key)).toEqual(left)
          if (leave !== null) {
            session.flash(key, leave)
            expected = [...expected, [key, leave] as [string, unknown]].slice(-20)
          } else {
            expect(session.flash<unknown>(key)).toEqual(left)
            expected = expected.filter(([name]) => name !== key)
          }
          expect(session.isEmpty).toBe(expected.length === 0)
          if (!request) continue
          browser.store(await sessions.setCookies(session))
          session = await sessions.open(browser.header())
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('peekFlash', () => {
  test('returns the messages without taking them', async () => {
    const { sessions, received, next } = setUp()
    const session = await received((first) => {
      first.flash('notice', 'one')
      first.flash('notice', 'two')
    })
    expect(session.peekFlash('notice')).toEqual(['one', 'two'])
    expect(session.peekFlash('none')).toEqual([])
    expect(await sessions.setCookies(session)).toEqual([])
    expect((await next(session)).flash('notice')).toEqual(['one', 'two'])
  })

  test('begins no session, and a change in a message that it returned is written', async () => {
    const { sessions, received, next } = setUp()
    const empty = await sessions.open(null)
    expect([empty.peekFlash('notice'), empty.id]).toEqual([[], undefined])
    const session = await received((first) => first.flash('notice', { seen: 0 }))
    for (const message of session.peekFlash<{ seen: number }>('notice')) message.seen++
    expect((await next(session)).flash('notice')).toEqual([{ seen: 1 }])
  })

  test('counts as access', async () => {
    const { sessions, cookieOf } = setUp()
    const cookie = await cookieOf((first) => first.flash('notice', 'one'))
    const handler = sessions.wrap((_, session) => Response.json(session.peekFlash('notice')))
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect((await handler(request)).headers.get('vary')).toBe('Cookie')
  })
})
