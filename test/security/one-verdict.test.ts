// The contents of a session are bounded, are accepted or rejected as a whole, and keep a known
// order. Rows L19, L20 and L21 of threats.md.

import * as devalue from 'devalue'
import superjson from 'superjson'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SessionCommittedError } from 'sealed-session'
import type { Session, SessionOptions } from 'sealed-session'
import { createBrowser } from '../conformance/browser.ts'
import { ENGINES, expectNothing, setUpAttack, useEngine } from '../support/attacks.ts'
import { ENTRIES } from '../support/entries.ts'
import { mint, mintToken, payload } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const serializers: readonly (readonly [string, Partial<SessionOptions<Data>>])[] = [
  ['JSON', {}],
  ['devalue', { serializer: devalue }],
  ['superjson', { serializer: superjson }],
]

describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
  test.each(serializers)(
    'L19: with %s, messages that are left and never taken do not make later writes fail',
    async (_, options) => {
      const { sessions } = setUpAttack(options)
      const browser = createBrowser()
      const visit = async (handle: (session: Session<Data>) => unknown) =>
        browser.store(await entry(sessions, browser.header(), handle))
      for (let number = 0; number < 70; number += 7) {
        await visit((session) => {
          for (let more = 0; more < 7; more++) {
            const key = more % 2 === 0 ? 'notice' : `error ${number + more}`
            session.flash(key, `message ${number + more}, which a page has never shown`)
          }
        })
      }
      await visit((session) => session.set('user', 'ada'))
      const session = await sessions.open(browser.header())
      expect(session.get('user')).toBe('ada')
      const notices = session.peekFlash('notice')
      expect(notices.at(-1)).toBe('message 69, which a page has never shown')
      const errors = Array.from({ length: 70 }, (_, number) => session.peekFlash(`error ${number}`))
      expect(notices.length + errors.flat().length).toBe(20)
      expect(errors.slice(0, 50).flat()).toEqual([])
    },
  )
})

test('L19: the oldest of twenty-one messages is dropped, whatever its key, and an older token keeps its own', async () => {
  const { openValue, sessions } = setUpAttack()
  const messages = Array.from({ length: 30 }, (_, number) => ['notice', number])
  const session = await openValue(mint(payload({ more: { f: messages } })))
  expect(session.peekFlash('notice')).toHaveLength(30)
  session.flash('notice', 30)
  expect(session.peekFlash('notice')).toEqual(Array.from({ length: 20 }, (_, index) => index + 11))
  expect(await sessions.setCookies(session)).toHaveLength(1)
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  /** JSON values of another writer that this library never writes. */
  const values = [
    '-0',
    '1e400',
    '-1e400',
    '"\\ud800"',
    '"\\udc00x"',
    '{"\\ud800":1}',
    '[[-0]]',
    '{"a":{"b":[1e999]}}',
  ]
  const places: readonly (readonly [string, (value: string) => string])[] = [
    [
      'data',
      (value) => payload({ data: { user: 'ada', odd: 0 } }).replace('"odd":0', `"odd":${value}`),
    ],
    [
      'a scope',
      (value) =>
        payload({ more: { s: { cart: [{ odd: 0 }, {}] } } }).replace('"odd":0', `"odd":${value}`),
    ],
    [
      'an inner scope',
      (value) =>
        payload({ more: { s: { a: [{}, { b: [{ odd: 0 }, {}] }] } } }).replace(
          '"odd":0',
          `"odd":${value}`,
        ),
    ],
    [
      'a message',
      (value) => payload({ more: { f: [['odd', 0]] } }).replace('"odd",0', `"odd",${value}`),
    ],
  ]
  test.each(places)(
    'L20: a value in %s that cannot be written again is rejected when it is read, not at the next write',
    async (_, textOf) => {
      const { openValue, sessions } = setUpAttack()
      for (const value of values) {
        expectNothing(await openValue(mint(textOf(value))), 'invalid-data')
        expectNothing(await sessions.unseal(mintToken(textOf(value))), 'invalid-data')
      }
      for (const value of ['0', '1e3', '"\\ud83e\\udd8a"', '{"a":[]}']) {
        const session = await openValue(mint(textOf(value)))
        expect(session.rejection).toBeUndefined()
        session.set('more', 1)
        expect(await sessions.setCookies(session)).toHaveLength(1)
      }
    },
  )

  test('L20: the order and spelling of members of another writer change no verdict, and are kept without a change', async () => {
    const { openValue, sessions } = setUpAttack()
    const texts = [
      payload({ more: { l: 'long', o: 'AAAA', t: 1 } }),
      payload({ more: { t: 1, o: 'AAAA', l: 'long' } }),
      payload().replaceAll(',', ' , '),
      payload().replace('"ada"', '"\\u0061da"'),
      payload().replace('{"user"', '{"user":"eve","user"'),
      payload().replace('"user":"ada"', '"odd":{ } , "user":"ada"'),
    ]
    for (const text of texts) {
      const session = await openValue(mint(text))
      expect(session.get('user')).toBe('ada')
      expect(session.delete('missing')).toBe(false)
      expect(session.scope('none').delete('missing')).toBe(false)
      expect(await sessions.setCookies(session)).toEqual([])
      expect(() => session.delete('missing')).toThrow(SessionCommittedError)
    }
    for (const text of texts) {
      const odd = text.replace(/"(?:a|\\u0061)da"/, '-0')
      expectNothing(await openValue(mint(odd)), 'invalid-data')
    }
  })

  test('L21: keys have the order of a JSON object: those like array indices first, and ascending', async () => {
    for (const [, options] of serializers) {
      const { sessions, cookieWith } = setUpAttack(options)
      const cookie = await cookieWith({ user: 1, 42: 2, 7: 3, b: 4, a: 5, '01': 6, '-1': 7 })
      const session = await sessions.open(cookie)
      const order = ['7', '42', 'user', 'b', 'a', '01', '-1']
      expect(session.keys()).toEqual(order)
      expect(session.entries().map(([key]) => key)).toEqual(order)
      expect([...session].map(([key]) => key)).toEqual(order)
      expect(Object.keys(session.toJSON())).toEqual(order)
      session.set('user', 'again')
      session.set('z', 1)
      expect(session.keys()).toEqual([...order, 'z'])
    }
  })

  test('L21: messages keep the order in which they were left, whatever their keys', async () => {
    const { sessions } = setUpAttack()
    const browser = createBrowser()
    const session = await sessions.open(null)
    for (const text of ['first', 'second', 'third']) session.flash('42', text)
    session.flash('7', 'other')
    browser.store(await sessions.setCookies(session))
    const next = await sessions.open(browser.header())
    expect([next.flash('42'), next.flash('7')]).toEqual([['first', 'second', 'third'], ['other']])
  })
})
