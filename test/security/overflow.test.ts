// The store of the option `overflow` as an attacker, and as a machine that fails. Only the parcel
// that a session's token names opens, no write is partial, no user is logged out by accident, and
// the store learns nothing.

import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SessionError } from 'sealed-session'
import type { Session } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import { overflow } from 'sealed-session/overflow'
import type { OverflowStorage } from 'sealed-session/overflow'
import {
  cuts,
  flips,
  mixtures,
  movedBoundaries,
  otherFields,
  rearrangements,
  spellings,
} from '../support/alterations.ts'
import { toCookieHeader } from '../support/cookie-jar.ts'
import { ENTRIES } from '../support/entries.ts'
import { catchAsyncError } from '../support/errors.ts'
import { createFaultyStore } from '../support/faulty-store.ts'
import {
  DAY,
  ID,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  WEEK,
  dayOf,
  mint,
  mintToken,
  payload,
  secretId,
  untyped,
} from '../support/mint.ts'
import type { Binding } from '../support/mint.ts'
import { loadPrintedReader } from '../support/printed-reader.ts'
import { setUp as setUpSessions } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'
import { testServers } from '../support/test-servers.ts'

const slow = process.env['SLOW'] !== undefined

const LARGE = 'x'.repeat(5000)

/** The id of the parcel in the minted tokens. */
const PLACE = 'EBESExQVFhcYGRobHB0eHw'
const OTHER_ID = 'ICEiIyQlJicoKSorLC0uLw'

const DOWN = new Error('connect ECONNREFUSED 127.0.0.1:6379')

function setUp() {
  const store = createFaultyStore(() => START)
  const moving = overflow({ storage: store })
  return { ...setUpSessions({ overflow: moving }), store }
}

function fillLarge(session: Session<Data>): void {
  session.set('user', 'ada')
  session.set('cart', LARGE)
}

/** Returns the `Cookie` header of a token that names the parcel `PLACE`. */
function cookieWithParcel(more: object = {}): string {
  const token = mint(payload({ data: { user: 'ada' }, more: { p: PLACE, ...more } }))
  return `${NAME}=${token}`
}

function mintParcel(elements: readonly unknown[], binding: Binding = {}): string {
  return mint(`${JSON.stringify(elements)}   `, { purpose: 'overflow', ...binding })
}

const GENUINE: readonly unknown[] = [ID, PLACE, { cart: ['tea'] }]

/** Parcels that must not open, with what they are. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['of another session', mintParcel([OTHER_ID, PLACE, { cart: 'tea' }])],
  ['of the same session under another id', mintParcel([ID, OTHER_ID, { cart: 'tea' }])],
  ['sealed as a cookie', mintParcel(GENUINE, { purpose: 'cookie' })],
  ['sealed as a ticket', mintParcel(GENUINE, { purpose: 'ticket' })],
  ['sealed as a bare token', mintParcel(GENUINE, { purpose: 'token' })],
  ['sealed for a purpose text of that name', mintParcel(GENUINE, { purpose: 'token overflow' })],
  ['of another cookie name', mintParcel(GENUINE, { name: 'other' })],
  [
    'under another secret with the id of ours',
    mintParcel(GENUINE, { secret: OTHER_SECRET, id: secretId() }),
  ],
  ['that is the token itself', mint(payload({ data: { user: 'ada' }, more: { p: PLACE } }))],
  ['that is a bare token', mintToken()],
  ['without an id', mintParcel([ID, { cart: 'tea' }, {}])],
  ['of two elements', mintParcel([ID, PLACE])],
  ['of five elements', mintParcel([...GENUINE, {}, {}])],
  ['that is no array', mint('{}', { purpose: 'overflow' })],
  ['that is no JSON', mint('hello', { purpose: 'overflow' })],
  ['that is empty', ''],
  ['that is another string', 'hello'],
  ['that is JSON of another program', '{"user":"mallory"}'],
]

/** Parcels of the right session and id that cannot be read. */
const UNREADABLE: readonly (readonly [string, readonly unknown[]])[] = [
  ['data that is no object', [ID, PLACE, ['cart']]],
  ['the output of a serializer that is not configured', [ID, PLACE, '{"cart":"tea"}']],
  ['a CSRF secret', [ID, PLACE, {}, { c: ID }]],
  ['a parcel of its own', [ID, PLACE, {}, { p: OTHER_ID }]],
  ['a logout stamp', [ID, PLACE, {}, { o: 'aaaa' }]],
  ['an unknown member', [ID, PLACE, {}, { z: 1 }]],
  ['invalid scopes', [ID, PLACE, {}, { s: [] }]],
  ['invalid messages', [ID, PLACE, {}, { f: {} }]],
]

/** Opens the session whose parcel is `value`. */
async function openWith(value: unknown): Promise<Session<Data>> {
  const { sessions, store } = setUp()
  store.faults.getItem = async () => value
  return sessions.open(cookieWithParcel())
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a parcel of another program, written from docs/format.md', () => {
  test('opens', async () => {
    expect((await openWith(mintParcel(GENUINE))).toJSON()).toEqual({ user: 'ada', cart: ['tea'] })
  })

  test('may hold scopes and messages', async () => {
    const more = { s: { shop: [{ coupon: 'TEA' }, {}] }, f: [['notice', 'hello']] }
    const session = await openWith(mintParcel([ID, PLACE, {}, more]))
    expect(session.scope('shop').get('coupon')).toBe('TEA')
    expect(session.flash('notice')).toEqual(['hello'])
  })
})

describe('O1: no parcel opens', () => {
  test.each(OTHERS)('%s', async (_, value) => {
    const session = await openWith(value)
    expect(session.rejection?.reason).toBe('undecryptable')
    expect(session.toJSON()).toEqual({})
  })

  test.each<[string, string, Binding]>([
    ['unknown-key', 'whose secret is not configured', { secret: OLDER_SECRET }],
    ['expired', 'of a day before any session that can be valid', { day: dayOf(START) - 9 }],
    ['not-yet-valid', 'of a future day', { day: dayOf(START) + 1 }],
  ])('is %s if it is one %s', async (reason, _, binding) => {
    expect((await openWith(mintParcel(GENUINE, binding))).rejection?.reason).toBe(reason)
  })

  test.each(UNREADABLE)('with %s: invalid-data', async (_, elements) => {
    expect((await openWith(mintParcel(elements))).rejection?.reason).toBe('invalid-data')
  })

  test('with numbers and strings that cannot be written again', async () => {
    for (const text of ['1e400', '-0', '"\\ud800"']) {
      const value = mint(`["${ID}","${PLACE}",{"cart":${text}}]`, { purpose: 'overflow' })
      expect((await openWith(value)).rejection?.reason, text).toBe('invalid-data')
    }
  })

  test(
    'with altered bits, ends, fields, boundaries or spelling',
    { timeout: 300_000 },
    async () => {
      const value = mintParcel(GENUINE)
      const other = mintParcel(GENUINE)
      const step = slow ? 1 : 7
      const altered = [
        ...flips(value, step),
        ...cuts(value, step),
        ...mixtures(value, other),
        ...otherFields(value),
        ...movedBoundaries(value).filter((_, at) => at % step === 0),
        ...rearrangements(value).filter((_, at) => at % step === 0),
        ...spellings(value),
      ].filter((variant) => variant !== value && variant !== other)
      expect(altered.length).toBeGreaterThan(1000)
      const { sessions, store } = setUp()
      const cookie = cookieWithParcel()
      const opened: string[] = []
      for (const variant of altered) {
        store.faults.getItem = () => variant
        const session = await sessions.open(cookie)
        if (session.rejection === undefined || !session.isEmpty) opened.push(variant)
      }
      expect(opened).toEqual([])
    },
  )

  test('of an older state: the token names only one', async () => {
    const { received, sessions, store, next } = setUp()
    const session = await received(fillLarge)
    const [former = ''] = store.parcels()
    session.set('cart', `${LARGE}2`)
    store.faults.getItem = async () => store.items.get(former)?.value
    const later = await next(session)
    expect(later.rejection?.reason).toBe('undecryptable')
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('in another session of the same user', async () => {
    const { cookieOf, sessions, store } = setUp()
    await cookieOf(fillLarge)
    const [first = ''] = store.parcels()
    const cookie = await cookieOf(fillLarge)
    store.faults.getItem = async () => store.items.get(first)?.value
    expect((await sessions.open(cookie)).rejection?.reason).toBe('undecryptable')
  })

  test('without the option: the session is incomplete, and the cookies are kept', async () => {
    const { cookieOf, make } = setUp()
    const cookie = await cookieOf(fillLarge)
    const without = make({ overflow: undefined })
    const session = await without.open(cookie)
    expect(session.rejection?.reason).toBe('incomplete')
    expect(session.isEmpty).toBe(true)
    expect(await without.setCookies(session)).toEqual([])
  })

  test('for a forged token: the store is not called', async () => {
    const { sessions, store } = setUp()
    const forged = mint(payload({ more: { p: PLACE } }), { secret: OTHER_SECRET, id: secretId() })
    await sessions.open(`${NAME}=${forged}`)
    await sessions.open(`${NAME}=${PLACE}`)
    expect(store.count()).toBe('')
  })

  test('for a session that has ended, or was logged out: the store is not called', async () => {
    const { sessions, store, time } = setUp()
    await sessions.open(`${cookieWithParcel()}; ${NAME}.x=abcd`)
    time.now += 86_400 + 5
    await sessions.open(cookieWithParcel())
    expect(store.count()).toBe('')
  })
})

describe('the reader that docs/format.md prints', () => {
  test(
    'opens and rejects the same parcels, for the same reasons',
    { timeout: 300_000 },
    async () => {
      const reader = await loadPrintedReader()
      const { sessions, store } = setUp()
      const genuine = mintParcel(GENUINE)
      const more = { s: { shop: [{ coupon: 'TEA' }, {}] }, f: [['notice', 'hello']] }
      const values = [
        genuine,
        mintParcel([ID, PLACE, { user: 'grace' }, more]),
        undefined,
        ...OTHERS.map(([, value]) => value),
        ...UNREADABLE.map(([, elements]) => mintParcel(elements)),
        mintParcel(GENUINE, { secret: OLDER_SECRET }),
        mintParcel(GENUINE, { day: dayOf(START) - 9 }),
        mintParcel(GENUINE, { day: dayOf(START) + 1 }),
        ...flips(genuine, 11),
        ...cuts(genuine, 3),
        ...mixtures(genuine, mintParcel(GENUINE)),
        ...otherFields(genuine),
        ...spellings(genuine),
      ]
      const cookie = cookieWithParcel()
      const verdicts = new Set<string>()
      for (const value of values) {
        store.faults.getItem = () => value
        const session = await sessions.open(cookie)
        const read = reader.openCookies(cookie, {
          secrets: [{ bytes: Buffer.from(SECRET) }],
          name: NAME,
          now: START,
          clockTolerance: 5,
          lifetimes: { default: { maxAge: WEEK, idleTimeout: DAY }, named: new Map() },
          getParcel: (key) => (key === `parcel:${PLACE}` ? value : undefined),
        })
        const { reason, data, messages = [] } = read ?? {}
        expect(reason, value).toBe(session.rejection?.reason)
        if (reason === undefined) {
          expect([data, messages]).toEqual([
            session.toJSON(),
            session.peekFlash('notice').map((message) => ['notice', message]),
          ])
        }
        verdicts.add(reason ?? 'opened')
      }
      expect([...verdicts].toSorted()).toEqual([
        'expired',
        'incomplete',
        'invalid-data',
        'not-yet-valid',
        'opened',
        'undecryptable',
        'unknown-key',
      ])
    },
  )
})

describe('O2: a store that fails', () => {
  const faults: readonly [string, () => unknown][] = [
    ['rejects', () => Promise.reject(DOWN)],
    [
      'throws',
      () => {
        throw DOWN
      },
    ],
    // oxlint-disable-next-line unicorn/no-thenable
    [
      'returns a thenable that fails',
      () => {
        const thenable = {}
        const fail = (_: unknown, reject: (error: Error) => void) => reject(DOWN)
        Reflect.set(thenable, 'then', fail)
        return thenable
      },
    ],
  ]

  test.each(faults)(
    'when it is read (%s) is an error with its cause, until it works again',
    async (_, fault) => {
      const { cookieOf, sessions, store } = setUp()
      const cookie = await cookieOf(fillLarge)
      const request = new Request('https://example.test/', { headers: { cookie } })
      store.faults.getItem = fault
      const handler = sessions.wrap((_request, session) => Response.json(session.toJSON()))
      for (const call of [() => sessions.open(request), () => handler(request)]) {
        const error = await catchAsyncError(call())
        expect(error).toBeInstanceOf(SessionError)
        expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', cause: DOWN })
      }
      delete store.faults.getItem
      expect((await sessions.open(request)).get('cart')).toBe(LARGE)
    },
  )

  test.each(faults)(
    'when it is written (%s) sets no cookie, and the write can be retried',
    async (_, fault) => {
      const { received, sessions, store, events } = setUp()
      const session = await received(fillLarge)
      session.set('cart', `${LARGE}2`)
      store.faults.setItem = fault
      events.length = 0
      const written: string[] = []
      for (const call of [
        () => sessions.setCookies(session),
        () => sessions.commit(session, new Response()),
        () => sessions.save(session, (name) => written.push(name)),
      ]) {
        expect(await catchAsyncError(call())).toMatchObject({
          code: 'ERR_SESSION_STORE',
          cause: DOWN,
        })
      }
      expect([written, events]).toEqual([[], []])
      delete store.faults.setItem
      session.set('note', 'tried again')
      const cookie = toCookieHeader(await sessions.setCookies(session))
      const later = await sessions.open(cookie)
      expect(later.toJSON()).toEqual({ user: 'ada', cart: `${LARGE}2`, note: 'tried again' })
    },
  )

  test('fails only the responses of Node that need it, without a cookie', async () => {
    const { cookieOf, sessions, store } = setUp()
    const cookie = await cookieOf(fillLarge)
    const small = await cookieOf((session) => session.set('user', 'ada'))
    const { middleware, sessionOf } = nodeSessions(sessions)
    const { ask, close } = await testServers.http((request, response) =>
      middleware(request, response, (error) => {
        if (error === undefined && request.url !== '/') {
          sessionOf(request).set('cart', `${LARGE}${request.url}`)
        }
        response.end(untyped<Partial<SessionError>>(error ?? {}).code ?? 'fine')
      }),
    )
    try {
      store.faults.getItem = () => Promise.reject(DOWN)
      expect(await ask({ cookie })).toMatchObject({ body: 'ERR_SESSION_STORE', cookies: [] })
      expect(await ask({ cookie: small })).toMatchObject({ status: 200, body: 'fine' })
      delete store.faults.getItem
      store.faults.setItem = () => Promise.reject(DOWN)
      for (const sent of [cookie, small]) {
        expect(await ask({ cookie: sent, path: '/cart' })).toMatchObject({
          status: 500,
          cookies: [],
        })
      }
      delete store.faults.setItem
      expect((await ask({ cookie, path: '/cart' })).cookies).toHaveLength(1)
    } finally {
      await close()
    }
  })

  test.each(Object.entries(ENTRIES))('sets no cookie on a response: %s', async (_, entry) => {
    // The middleware for plain servers logs the error, because no caller can catch it.
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { cookieOf, sessions, store } = setUp()
    const cookie = await cookieOf(fillLarge)
    store.faults.setItem = () => Promise.reject(DOWN)
    const handle = (session: Session<Data>) => session.set('cart', `${LARGE}2`)
    const lines = await entry(sessions, cookie, handle).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
      return []
    })
    expect(lines).toEqual([])
    log.mockRestore()
  })

  test('because it is full, or rejects the size, is the same error', async () => {
    const { sessions, store } = setUp()
    const session = await sessions.open(null)
    fillLarge(session)
    store.faults.setItem = () => {
      throw new RangeError('OOM command not allowed when used memory > maxmemory')
    }
    expect(await catchAsyncError(sessions.setCookies(session))).toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: 'the session store: setItem failed',
    })
    session.set('cart', 'tea')
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test.each(faults)('at a logout (%s) does not keep the user logged in', async (_, fault) => {
    const { received, next, store } = setUp()
    const session = await received(fillLarge)
    store.faults.removeItem = fault
    session.destroy()
    const later = await next(session)
    expect([later.isEmpty, later.rejection]).toEqual([true, undefined])
  })

  test('at the read of a logout keeps the session, and sessions without the option end it', async () => {
    const { sessions, cookieOf, store, make } = setUp()
    const cookie = await cookieOf(fillLarge)
    store.faults.getItem = () => Promise.reject(DOWN)
    const request = new Request('https://example.com/logout', { headers: { cookie } })
    const logOut = (_: Request, session: Session<Data>) => {
      session.destroy()
      return new Response('bye')
    }
    expect(await catchAsyncError(sessions.wrap(logOut)(request))).toMatchObject({
      code: 'ERR_SESSION_STORE',
    })
    const without = make({ overflow: undefined })
    const { headers } = await without.wrap(logOut)(request)
    const lines = headers.getSetCookie()
    expect(lines.map((line) => line.split('=')[0])).toEqual([NAME, `${NAME}.x`])
    expect(lines[0]).toContain('Max-Age=0')
    delete store.faults.getItem
    const stamp = lines[1]?.split(';')[0]
    const late = await sessions.open(`${cookie}; ${stamp}`)
    expect(late.rejection).toEqual({ reason: 'destroyed' })
  })

  test('at a logout whose flash message does not fit drops the message', async () => {
    const { received, next, store } = setUp()
    const session = await received(fillLarge)
    store.faults.setItem = () => Promise.reject(DOWN)
    session.destroy()
    session.flash('notice', LARGE)
    const later = await next(session)
    expect([later.isEmpty, later.rejection]).toEqual([true, undefined])
    expect(store.parcels()).toEqual([])
  })

  test.each([
    ['read', 'getItem', 2000, undefined],
    ['written', 'setItem', 2000, undefined],
    ['read', 'getItem', 1000, 1],
    ['written', 'setItem', 1000, 1],
  ] as const)(
    'by not answering when it is %s (%s) is an error after %i milliseconds',
    async (_, method, milliseconds, timeout) => {
      const store = createFaultyStore(() => START)
      const { sessions, cookieOf } = setUpSessions({
        overflow: overflow({ storage: store, timeout }),
      })
      const cookie = await cookieOf(fillLarge)
      vi.useFakeTimers()
      store.faults[method] = () => new Promise(() => {})
      const session = method === 'setItem' ? await sessions.open(cookie) : undefined
      session?.set('cart', `${LARGE}2`)
      const settled = vi.fn()
      const result = catchAsyncError(session ? sessions.setCookies(session) : sessions.open(cookie))
      void result.then(settled)
      await vi.advanceTimersByTimeAsync(milliseconds - 1)
      expect(settled).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(2)
      expect(await result).toMatchObject({
        code: 'ERR_SESSION_STORE',
        message: `the session store: ${method} was not over in ${milliseconds / 1000} seconds`,
      })
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  test('by not answering delays a logout at most by the time limit', async () => {
    const { received, sessions, store } = setUp()
    const session = await received(fillLarge)
    vi.useFakeTimers()
    store.faults.removeItem = () => new Promise(() => {})
    session.destroy()
    const lines = sessions.setCookies(session)
    await vi.advanceTimersByTimeAsync(2001)
    expect((await lines).join()).toContain(`${NAME}=;`)
  })

  test('after the time limit is not awaited, and its rejection is handled', async () => {
    const { cookieOf, sessions, store } = setUp()
    const cookie = await cookieOf(fillLarge)
    vi.useFakeTimers()
    let fail: (error: Error) => void = () => {}
    store.faults.getItem = () => new Promise((_, reject) => (fail = reject))
    const result = catchAsyncError(sessions.open(cookie))
    await vi.advanceTimersByTimeAsync(2001)
    expect(await result).toMatchObject({ code: 'ERR_SESSION_STORE' })
    fail(DOWN)
    vi.useRealTimers()
    await new Promise((turn) => setImmediate(turn))
  })

  test('leaves no timer when it works', async () => {
    vi.useFakeTimers()
    const { received } = setUp()
    await received(fillLarge)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('O3: a store that has lost a parcel', () => {
  test.each([null, undefined])('(it returns %s) makes the session incomplete', async (answer) => {
    const { cookieOf, sessions, store, events } = setUp()
    const cookie = await cookieOf(fillLarge)
    store.faults.getItem = async () => answer
    const session = await sessions.open(cookie)
    expect(session.rejection?.reason).toBe('incomplete')
    expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'incomplete' })
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('logs no user out permanently: the cookies are kept', async () => {
    const { cookieOf, sessions, store } = setUp()
    const cookie = await cookieOf(fillLarge)
    store.faults.getItem = async () => null
    const handler = sessions.wrap((_, session) => Response.json(session.get('user', '')))
    const request = () => new Request('https://example.test/', { headers: { cookie } })
    const response = await handler(request())
    expect(response.headers.getSetCookie()).toEqual([])
    delete store.faults.getItem
    expect(await (await handler(request())).json()).toBe('ada')
  })

  test('lets a new session begin in its place', async () => {
    const { cookieOf, sessions, store, next } = setUp()
    const cookie = await cookieOf(fillLarge)
    store.items.clear()
    const session = await sessions.open(cookie)
    session.set('user', 'grace')
    expect((await next(session)).get('user')).toBe('grace')
  })
})

describe('O4: a store that returns another value than it was given', () => {
  test.each<[unknown]>([[{}], [[]], [5], [0], [true], [false], [new Uint8Array(3)], [new Date(0)]])(
    '%s is an error of the store, not a rejection of the client',
    async (answer) => {
      const { sessions, store } = setUp()
      store.faults.getItem = async () => answer
      expect(await catchAsyncError(sessions.open(cookieWithParcel()))).toMatchObject({
        code: 'ERR_SESSION_STORE',
        message: expect.stringContaining('must return the string that was set'),
      })
    },
  )

  test('is not shown in the error', async () => {
    const { sessions, store } = setUp()
    store.faults.getItem = async () => ({ secret: 'hunter2' })
    const error = await catchAsyncError(sessions.open(cookieWithParcel()))
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2')
  })

  test('gets its options in a new object, and may keep it', async () => {
    const options = new Set<object>()
    const kept: string[] = []
    const storage: OverflowStorage = Object.freeze({
      getItem: () => kept.at(-1),
      setItem(_: string, value: string, given: { ttl: number }) {
        options.add(Object.freeze(given))
        kept.push(value)
      },
      removeItem() {},
    })
    const { received, next } = setUpSessions({ overflow: overflow({ storage }) })
    const session = await received(fillLarge)
    session.set('cart', `${LARGE}2`)
    expect((await next(session)).get('cart')).toBe(`${LARGE}2`)
    expect(options.size).toBe(2)
  })

  test('is called as a method of its storage', async () => {
    class Shelf {
      readonly #items = new Map<string, string>()
      getItem(key: string) {
        return this.#items.get(key)
      }
      setItem(key: string, value: string) {
        this.#items.set(key, value)
      }
      removeItem(key: string) {
        this.#items.delete(key)
      }
    }
    const { received } = setUpSessions({ overflow: overflow({ storage: new Shelf() }) })
    expect((await received(fillLarge)).get('cart')).toBe(LARGE)
  })
})

describe('O5: the contents of the store', () => {
  test('contain no key, value or id of a session, in any common encoding', async () => {
    const { sessions, store } = setUp()
    const session = await sessions.open(null)
    session.set('secret-key-name', `secret value ${LARGE}`)
    session.scope('secret-scope').set('inner', LARGE)
    session.flash('secret-message', LARGE)
    await sessions.setCookies(session)
    const texts = Array.from(store.items, ([key, { value }]) => `${key}.${value}`)
    for (const field of texts.join('.').split(/[.:]/)) {
      texts.push(Buffer.from(field, 'base64url').toString('latin1'))
    }
    for (const secret of ['secret', 'value', session.id ?? '?', 'xxxxx', NAME]) {
      expect(
        texts.filter((text) => text.includes(secret)),
        secret,
      ).toEqual([])
    }
    expect([...store.items.keys()].join()).toMatch(/^parcel:[\w-]{22}$/)
  })

  test('have a length that reveals only the size class', async () => {
    const { cookieOf, store } = setUp()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2300, max: 70_000 }), async (length) => {
        store.items.clear()
        await cookieOf((session) => session.set('cart', 'é'.repeat(length / 2)))
        const [{ value = '' } = {}] = store.items.values()
        const [, , , ciphertext = ''] = value.split('.')
        const bytes = Buffer.from(ciphertext, 'base64url').length
        expect(Math.log2(bytes) % 1).toBe(0)
        expect(bytes).toBeGreaterThan(length)
        expect(bytes).toBeLessThan(2 * length + 200)
      }),
      { numRuns: 100 },
    )
  })

  test('differ each time, for the same contents', async () => {
    const { cookieOf, store } = setUp()
    await Promise.all(Array.from({ length: 20 }, () => cookieOf(fillLarge)))
    const values = [...store.items.values()].map(({ value }) => value)
    expect(new Set([...values, ...store.items.keys()]).size).toBe(40)
  })

  test('open no session: as a cookie and as a token they are rejected', async () => {
    const { sessions } = setUp()
    const value = mintParcel(GENUINE)
    expect((await sessions.open(`${NAME}=${value}`)).rejection?.reason).toBe('undecryptable')
    expect((await sessions.unseal(value)).rejection?.reason).toBe('malformed')
  })
})

describe('events and errors', () => {
  test('contain no parcel, and no value of a session', async () => {
    const { received, sessions, store, events } = setUp()
    const session = await received(fillLarge)
    session.set('cart', `${LARGE}2`)
    store.faults.setItem = () => Promise.reject(DOWN)
    const error = await catchAsyncError(sessions.setCookies(session))
    const shown = JSON.stringify([events, untyped<Error>(error).message])
    expect(store.parcels()).toHaveLength(1)
    for (const { value } of store.items.values()) expect(shown).not.toContain(value)
    expect(shown).not.toContain('xxx')
    for (const key of store.parcels()) expect(shown).not.toContain(key.slice('parcel:'.length))
    expect(shown).not.toContain(SECRET)
  })
})
