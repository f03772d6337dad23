// A request that changes nothing does not change the browser's cookies: neither another request's
// write, nor a cookie that a fault of a server made it reject. Rows L1, L2, L3 and Y6 of
// threats.md.

import * as devalue from 'devalue'
import superjson from 'superjson'
import * as v from 'valibot'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions, SessionSchema, Sessions } from 'sealed-session'
import { createBrowser } from '../conformance/browser.ts'
import type { Browser } from '../conformance/browser.ts'
import { alter } from '../support/alterations.ts'
import { ENGINES, setUpAttack, useEngine } from '../support/attacks.ts'
import { namesOf } from '../support/cookie-jar.ts'
import { ENTRIES } from '../support/entries.ts'
import type { Entry, Handler } from '../support/entries.ts'
import {
  DAY,
  NAME,
  OLDER_SECRET,
  OTHER_SECRET,
  SECRET,
  START,
  mint,
  mintAt,
  payload,
} from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

type Options = Partial<SessionOptions<Data>>

afterEach(() => {
  vi.restoreAllMocks()
})

/** A session with contents of every kind. */
function fill(session: Session<Data>): void {
  session.set('user', 'ada')
  session.set('role', 'admin')
  session.set('cart', { items: ['tea'] })
  session.scope('wizard').set('step', 1)
  session.flash('notice', 'saved')
  session.csrfToken()
}

/** Fills several more cookies. */
function fillMuch(session: Session<Data>): void {
  fill(session)
  session.set('text', 'x'.repeat(9000))
}

/** Handlers that change nothing. */
const READS: Readonly<
  Record<string, (session: Session<Data>, sessions: Sessions<Data>) => unknown>
> = {
  get: (session) => session.get('user'),
  'get of an object': (session) => session.get('cart'),
  touch: (session) => session.touch(),
  toJSON: (session) => [session.toJSON(), session.entries(), [...session]],
  scope: (session) => session.scope('wizard').entries(),
  peekFlash: (session) => session.peekFlash('notice'),
  'flash of another key': (session) => session.flash('error'),
  'delete of another key': (session) => [session.delete('none'), session.scope('none').delete('a')],
  'set of what is there': (session) => session.set('role', 'admin'),
  verifyCsrfToken: (session) => session.verifyCsrfToken('x'),
  discard: (session) => {
    fill(session)
    session.flash('notice')
    session.discard()
  },
  measure: (session, sessions) => sessions.measure(session),
  verify: (session, sessions) => sessions.verify(session),
  seal: (session, sessions) => sessions.seal(session),
}

/** Concurrent writes, and how the next request checks that each took effect. */
const WRITES: Readonly<
  Record<
    string,
    readonly [write: (session: Session<Data>) => void, look: (session: Session<Data>) => unknown]
  >
> = {
  'a login': [
    (session) => {
      session.regenerate()
      session.set('user', 'eve')
    },
    (session) => session.get('user'),
  ],
  'a write to a cart': [
    (session) => session.set('cart', { items: ['tea', 'milk'] }),
    (session) => session.get('cart'),
  ],
  'a change inside a value': [
    (session) => {
      const cart = session.get('cart')
      if (typeof cart === 'object') Object.assign(cart ?? {}, { items: [] })
    },
    (session) => session.get('cart'),
  ],
  'a message that is taken': [
    (session) => void session.flash('notice'),
    (session) => session.peekFlash('notice'),
  ],
  'a message that is left': [
    (session) => session.flash('notice', 'more'),
    (session) => session.peekFlash('notice'),
  ],
  'a role that is dropped': [
    (session) => void session.delete('role'),
    (session) => session.has('role'),
  ],
  'a step in a scope': [
    (session) => session.scope('wizard').set('step', 2),
    (session) => session.scope('wizard').get('step'),
  ],
  'a new id': [(session) => session.renewId(), (session) => session.id],
  'a new lifetime': [
    (session) => {
      session.regenerate({ lifetime: 'remembered', keep: ['user'] })
      session.set('remembered', true)
    },
    (session) => [session.expiresAt, session.keys()],
  ],
}

const lifetimes = { remembered: { maxAge: 30 * DAY, idleTimeout: false } } as const

/** A slow read of a session whose ticket is due is answered after a write has arrived. */
async function undoes(
  entry: Entry,
  read: (session: Session<Data>, sessions: Sessions<Data>) => unknown,
  [write, look]: readonly [Handler, (session: Session<Data>) => unknown],
  options: Options = {},
  begin: Handler = fill,
): Promise<void> {
  const { sessions, time } = setUpAttack({ limits: 'cloudflare', lifetimes, ...options })
  const browser = createBrowser()
  browser.store(await entry(sessions, '', begin))
  time.now += 40_000
  const sentBefore = browser.header()
  browser.store(await entry(sessions, sentBefore, write))
  const written = await sessions.open(browser.header())
  const seen = JSON.stringify(look(written))
  const data = dataIn(browser)

  const late = await entry(sessions, sentBefore, (session) => read(session, sessions))
  browser.store(late)
  expect(dataIn(browser)).toEqual(data)
  expect(
    late.map((line) => line.split('=', 1).join()).filter((name) => name !== `${NAME}.t`),
  ).toEqual([])
  expect(JSON.stringify(look(await sessions.open(browser.header())))).toBe(seen)
}

/** The browser's cookies except the ticket. */
function dataIn({ cookies }: Browser): readonly (readonly [string, string])[] {
  return [...cookies].filter(([name]) => name !== `${NAME}.t`)
}

describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
  test.each(Object.entries(WRITES))(
    'L1: a slow read that is answered last does not undo %s',
    async (_, write) => {
      await undoes(entry, (session) => session.get('user'), write)
    },
  )

  test.each(Object.entries(READS))(
    'L1: a request that calls %s writes no data',
    async (_, read) => {
      const write = WRITES['a login'] ?? [fill, () => undefined]
      await undoes(entry, read, write)
      await undoes(entry, read, write, {}, fillMuch)
    },
  )
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  const inMemory: Entry = async (sessions, cookie, handle) => {
    const session = await sessions.open(cookie)
    await handle(session)
    return sessions.setCookies(session)
  }
  const serializers: readonly (readonly [string, Options])[] = [
    ['JSON', {}],
    ['devalue', { serializer: devalue }],
    ['superjson', { serializer: superjson }],
    ['a schema', { schema: v.looseObject({ user: v.optional(v.string()) }) }],
    ['a schema with defaults', { schema: v.looseObject({ visits: v.optional(v.number(), 0) }) }],
  ]
  test.each(serializers)(
    'L1: no slow read undoes a write of %s, in one cookie or in several',
    async (_, options) => {
      for (const write of Object.values(WRITES)) {
        await undoes(inMemory, (session) => [...session], write, options)
        await undoes(inMemory, (session) => session.touch(), write, options, fillMuch)
      }
    },
  )

  test('L1: use costs one ticket of at most 220 bytes, for any size of the session', async () => {
    const { sessions, time } = setUpAttack({ limits: 'cloudflare' })
    const browser = createBrowser()
    for (const size of [1, 3000, 12_000]) {
      const session = await sessions.open(browser.header())
      session.set('text', 'x'.repeat(size))
      browser.store(await sessions.setCookies(session))
      time.now += 10_000
      const reading = await sessions.open(browser.header())
      expect(String(reading.get('text'))).toHaveLength(size)
      const lines = await sessions.setCookies(reading)
      expect(lines.map((line) => line.split('=', 1).join())).toEqual([`${NAME}.t`])
      expect(lines.join().length).toBeLessThanOrEqual(220)
      browser.store(lines)
      expect(await sessions.setCookies(await sessions.open(browser.header()))).toEqual([])
    }
  })
})

describe('a schema whose output differs from its input', () => {
  const schemas: readonly (readonly [string, SessionSchema<Data>])[] = [
    ['leaves a key out', v.object({ user: v.optional(v.string()) })],
    ['leaves every key out', v.object({})],
    ['adds a default', v.looseObject({ visits: v.optional(v.number(), 0) })],
    ['adds an object as a default', v.looseObject({ cart: v.optional(v.array(v.string()), []) })],
    [
      'puts a fallback in the place of a value',
      v.looseObject({ tenant: v.fallback(v.number(), 0) }),
    ],
    ['changes a value', v.looseObject({ tenant: v.pipe(v.string(), v.toUpperCase()) })],
    ['gives another order', orderOf('b', 'tenant', 'a')],
  ]
  const reads: readonly (readonly [string, Handler])[] = [
    ['get', (session) => session.get('user')],
    ['get of an object', (session) => session.get('a')],
    ['toJSON', (session) => session.toJSON()],
    ['entries', (session) => [...session]],
    ['touch', (session) => session.touch()],
    ['delete of a key that is not there', (session) => session.delete('user')],
  ]
  describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
    test.each(schemas)(
      'L2: a schema that %s does not make a read write or delete the session',
      async (_, schema) => {
        const plain = setUpAttack()
        const cookie = await plain.cookieWith({ tenant: 't1', a: { deep: [1] }, b: 2 })
        const { sessions, time } = setUpAttack({ schema })
        for (const [, read] of reads) {
          expect(await entry(sessions, cookie, read).then(namesOf)).toEqual(
            read === reads[4]?.[1] ? [`${NAME}.t`] : [],
          )
        }
        time.now += 40_000
        // Use is recorded even if the schema drops all data.
        for (const [, read] of reads) {
          expect(await entry(sessions, cookie, read).then(namesOf)).toEqual([`${NAME}.t`])
        }
        expect((await plain.sessions.open(cookie)).get('tenant')).toBe('t1')
      },
    )
  })

  test('L2: a write has the output of the schema with the change of the handler', async () => {
    const plain = setUpAttack()
    const cookie = await plain.cookieWith({ tenant: 't1', user: 'ada' })
    const { sessions } = setUpAttack({ schema: v.object({ user: v.optional(v.string()) }) })
    const browser = createBrowser()
    const session = await sessions.open(cookie)
    session.set('user', 'eve')
    browser.store(await sessions.setCookies(session))
    expect((await plain.sessions.open(browser.header())).toJSON()).toEqual({ user: 'eve' })
  })

  test('L2: a session that is cleared is deleted, even if the schema drops all data', async () => {
    const cookie = await setUpAttack().cookieWith({ tenant: 't1' })
    const { sessions } = setUpAttack({ schema: v.object({}) })
    const session = await sessions.open(cookie)
    session.clear()
    expect(await sessions.setCookies(session)).toEqual([expect.stringMatching(/=; Max-Age=0;/)])
  })

  function orderOf(...keys: readonly string[]): SessionSchema<Data> {
    const validate = (value: unknown) => {
      const given = new Map(Object.entries(Object(value)))
      return { value: Object.fromEntries(keys.map((key) => [key, given.get(key)])) }
    }
    return { '~standard': { version: 1, vendor: 'test', validate } }
  }
})

describe('a rejected cookie', () => {
  const value = mint()
  const refused: readonly (readonly [reason: string, cookie: string])[] = [
    ['malformed', 'nonsense'],
    ['incomplete', `3.${value}`],
    ['unknown-key', mint(payload(), { secret: OTHER_SECRET })],
    ['undecryptable', alter(value)],
    ['expired', mintAt({ startedAt: START - 8 * DAY, sealedAt: START - DAY, life: 8 * DAY })],
    ['idle', mintAt({ startedAt: START - 2 * DAY })],
    ['not-yet-valid', mintAt({ startedAt: START + 100 })],
    ['revoked', mintAt({ startedAt: START - 6.5 * DAY, sealedAt: START })],
    ['invalid-data', mint(payload({ data: [] }))],
    ['too-large', 'e'.repeat(4097)],
  ]
  const lookers: readonly Handler[] = [
    (session) => session.get('user'),
    (session) => session.rejection,
    (session) => session.touch(),
    (session) => session.clear(),
    (session) => session.delete('user'),
    (session) => session.regenerate(),
    (session) => session.renewId(),
    (session) => session.discard(),
    (session) => session.flash('notice'),
  ]

  describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
    test.each(refused)('L3: that is %s is not deleted by a read', async (reason, cookie) => {
      const { sessions } = setUpAttack({ validAfter: START - 6 * DAY })
      const header = `${NAME}=${cookie}; ${NAME}.3=part; ${NAME}.t=ticket`
      expect((await sessions.open(header)).rejection).toEqual({ reason })
      for (const look of lookers) expect(await entry(sessions, header, look)).toEqual([])
    })

    test('L3: that is destroyed is deleted, in all its parts, with its ticket', async () => {
      const { sessions } = setUpAttack()
      const header = `${NAME}=${value}; ${NAME}.3=part; ${NAME}.t=ticket; ${NAME}.x=AAAA`
      expect((await sessions.open(header)).rejection).toEqual({ reason: 'destroyed' })
      const lines = await entry(sessions, header, (session) => session.get('user'))
      expect(namesOf(lines)).toEqual([NAME, `${NAME}.3`, `${NAME}.t`])
      for (const line of lines) expect(line).toMatch(/^[^=]+=; Max-Age=0/)
    })

    test.each(refused)(
      'L3: that is %s is replaced by a write, and ended by a logout',
      async (_, cookie) => {
        const { sessions } = setUpAttack({ validAfter: START - 6 * DAY })
        const browser = createBrowser()
        browser.cookies.set(NAME, cookie).set(`${NAME}.3`, 'part')
        browser.store(
          await entry(sessions, browser.header(), (session) => session.set('user', 'eve')),
        )
        expect([...browser.cookies.keys()]).toEqual([NAME])
        expect((await sessions.open(browser.header())).get('user')).toBe('eve')
        browser.cookies.set(NAME, cookie)
        browser.store(await entry(sessions, browser.header(), (session) => session.destroy()))
        expect([...browser.cookies.keys()]).toEqual([`${NAME}.x`])
      },
    )
  })
})

describe('a temporary fault of a server', () => {
  const version = (writes: string, reads: string) => ({
    stringify: (data: object) => writes + JSON.stringify(data),
    parse: (text: string) =>
      reads.includes(text.charAt(0)) ? JSON.parse(text.slice(1)) : devalue.parse('broken'),
  })
  const strict = (...keys: string[]) =>
    v.strictObject(Object.fromEntries(keys.map((key) => [key, v.optional(v.unknown())])))
  /** Options of servers: of the working ones, and of the faulty one. */
  const faults: readonly (readonly [string, string, Options, Options])[] = [
    ['a clock that is 6 seconds slow', 'not-yet-valid', {}, { clock: () => (START - 6) * 1000 }],
    ['a clock that is a year fast', 'expired', {}, { clock: () => (START + 365 * DAY) * 1000 }],
    ['a clock that is 2 days fast', 'idle', {}, { clock: () => (START + 2 * DAY) * 1000 }],
    ['a secret that is missing', 'unknown-key', {}, { secrets: OLDER_SECRET }],
    ['a provider that is behind', 'unknown-key', {}, { secrets: () => OLDER_SECRET }],
    ['a secret of another application on localhost', 'unknown-key', {}, { secrets: OTHER_SECRET }],
    [
      'another secret of the same id',
      'undecryptable',
      { secrets: [{ secret: SECRET, id: 'one' }] },
      { secrets: [{ secret: OTHER_SECRET, id: 'one' }] },
    ],
    [
      'a serializer that is rolled back',
      'invalid-data',
      { serializer: version('2', '12') },
      { serializer: version('1', '1') },
    ],
    [
      'a serializer that is not there yet',
      'invalid-data',
      { serializer: devalue },
      { serializer: undefined },
    ],
    [
      'a schema that is rolled back',
      'invalid-data',
      { schema: strict('user', 'theme') },
      { schema: strict('user') },
    ],
    [
      'a schema that throws',
      'invalid-data',
      {},
      {
        schema: {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: () => {
              throw new Error('the validator is broken')
            },
          },
        },
      },
    ],
    [
      'a list of revoked sessions that is down',
      'revoked',
      {},
      { revoked: () => Promise.reject(new Error('down')) },
    ],
    ['a cut-off date that is wrong', 'revoked', {}, { validAfter: START + 1 }],
  ]

  describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
    test.each(faults)('L3: %s logs out only while it lasts', async (_, reason, healthy, broken) => {
      const { sessions } = setUpAttack({ limits: 'cloudflare', ...healthy })
      const faulty = setUpAttack({ limits: 'cloudflare', ...healthy, ...broken }).sessions
      for (const size of [1, 9000]) {
        const browser = createBrowser()
        const begin = (session: Session<Data>) => {
          session.set('user', 'ada')
          session.set('theme', 'x'.repeat(size))
          session.flash('notice', 'saved')
        }
        browser.store(await entry(sessions, '', begin))
        const before = browser.header()
        expect((await faulty.open(before)).rejection).toEqual({ reason })
        for (const read of [
          (session: Session<Data>) => session.get('user'),
          (session: Session<Data>) => session.flash('notice'),
          (session: Session<Data>) => session.touch(),
        ]) {
          browser.store(await entry(faulty, browser.header(), read))
        }
        expect(browser.header()).toBe(before)
        const session = await sessions.open(browser.header())
        expect([session.get('user'), session.peekFlash('notice')]).toEqual(['ada', ['saved']])
      }
    })
  })
})

describe('access to a session by a response', () => {
  const uses: readonly (readonly [
    string,
    (session: Session<Data>, sessions: Sessions<Data>) => unknown,
  ])[] = [
    ['seal', (session, sessions) => sessions.seal(session)],
    ['measure', (session, sessions) => sessions.measure(session)],
    ['verify', (session, sessions) => sessions.verify(session)],
    ['id', (session) => session.id],
    ['isNew', (session) => session.isNew],
    ['isEmpty', (session) => session.isEmpty],
    ['rejection', (session) => session.rejection],
    ['startedAt', (session) => session.startedAt],
    ['expiresAt', (session) => session.expiresAt],
    ['size', (session) => session.size],
    ['has', (session) => session.has('user')],
    ['keys', (session) => session.keys()],
    ['JSON.stringify', (session) => JSON.stringify(session)],
    ['iteration', (session) => [...session]],
    ['peekFlash', (session) => session.peekFlash('notice')],
    ['flash', (session) => session.flash('notice')],
    ['csrfToken', (session) => session.csrfToken()],
    ['verifyCsrfToken', (session) => session.verifyCsrfToken('x')],
    ['testCookieWorked', (session) => session.testCookieWorked()],
    ['a scope', (session) => session.scope('cart').isEmpty],
  ]
  test.each(uses)(
    'Y6: %s counts as access, so that no cache gives the response to another visitor',
    async (_, use) => {
      const { sessions, cookieWith } = setUpAttack()
      const cookie = await cookieWith({ user: 'ada' })
      for (const header of [cookie, '', `${NAME}=nonsense`]) {
        const request = new Request('https://example.test/', { headers: { cookie: header } })
        const handler = sessions.wrap(async (_, session) => {
          await use(session, sessions)
          return new Response('page', { headers: { 'CDN-Cache-Control': 'max-age=600' } })
        })
        const { headers } = await handler(request)
        expect(headers.get('Vary')).toBe('Cookie')
        expect(headers.get('Cache-Control')).toMatch(/^private/)
      }
    },
  )

  test('Y6: a handler that does not access the session leaves its response cacheable', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const response = new Response('page')
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect(await sessions.wrap(() => response)(request)).toBe(response)
    expect(response.headers.get('Vary')).toBeNull()
  })
})
