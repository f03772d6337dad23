// Typical mistakes, and the message for each: what is wrong, and what to write instead. Only a user
// would find a mistake that passes silently. Mistakes that TypeScript finds are included, because
// applications are written in JavaScript too.

import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionErrorCode, SessionOptions, Sessions } from 'sealed-session'
import { SECRET, untyped } from '../support/mint.ts'
import { setUp } from '../support/set-up.ts'
import type { Data } from '../support/set-up.ts'

/** A message that ends so is followed by a list. */
const MORE = ' …'

const CONFIG: SessionErrorCode = 'ERR_SESSION_CONFIG'
const DATA: SessionErrorCode = 'ERR_SESSION_DATA'

const MAKE = 'make one with: npx sealed-session secret'
const DEVALUE = 'or createSessions({ serializer: devalue })'
const SOURCES = 'and must be a Request, Headers, a Cookie header, a cookie store, or null'

/** Calls `act`, and expects this error, thrown or rejected. */
async function expectError(
  code: SessionErrorCode,
  message: string,
  act: () => unknown,
): Promise<void> {
  const error: unknown = await Promise.resolve()
    .then(act)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  expect(error).toHaveProperty('code', code)
  const found = error instanceof Error ? error.message : ''
  if (message.endsWith(MORE)) {
    const beginning = message.slice(0, -MORE.length)
    expect(found.slice(0, beginning.length)).toBe(beginning)
  } else expect(found).toBe(message)
}

describe('in the options', () => {
  const mistakes: readonly (readonly [string, unknown, string])[] = [
    [
      'no options at all',
      undefined,
      'options is undefined and must be an object: { secrets: process.env.SESSION_SECRETS }',
    ],
    [
      'the secret in place of the options, which the message does not repeat',
      SECRET,
      'options is a string and must be an object: { secrets: process.env.SESSION_SECRETS }',
    ],
    [
      'an environment variable that is not set',
      { secrets: undefined },
      `secrets is undefined: set the environment variable; ${MAKE}`,
    ],
    [
      'a secret that is too short',
      { secrets: 'keyboard cat' },
      `secrets has 12 bytes and needs at least 32; ${MAKE}`,
    ],
    [
      'the option of another library',
      { secrets: SECRET, ttl: 3600 },
      'ttl is no option: there are secrets, secretsRefresh, secretsGrace, cookie, maxAge, …',
    ],
    [
      'a lifetime in milliseconds',
      { maxAge: 604_800_000 },
      'maxAge is 604800000 and must be a whole number from 1 to 34560000 seconds',
    ],
    [
      'a lifetime in words',
      { maxAge: '7d' },
      'maxAge is "7d" and must be a whole number from 1 to 34560000 seconds',
    ],
    [
      'a lifetime that is not there',
      { maxAge: undefined },
      'maxAge is undefined: write seconds, or leave it out',
    ],
    [
      'a ticket as seldom as the idle timeout',
      { idleTimeout: 600, touchInterval: 600 },
      'touchInterval (600) must be shorter than idleTimeout (600)',
    ],
    [
      'a named lifetime that is a number',
      { lifetimes: { remembered: 2_592_000 } },
      'lifetimes.remembered is 2592000 and must be an object: { maxAge: 2592000 }',
    ],
    [
      'the lifetime among the attributes of the cookie',
      { cookie: { maxAge: 3600 } },
      'cookie.maxAge is no option: there are name, path, domain, secure, sameSite, partitioned, priority, persistent',
    ],
    [
      'a cookie without HTTPS under the default name',
      { cookie: { secure: false } },
      'cookie.secure must be true for __Host-session, or take the name "session"',
    ],
    [
      'a domain under the default name',
      { cookie: { domain: 'example.com' } },
      'cookie.domain must be left out for __Host-session, or take the name "session"',
    ],
    [
      'a domain with a leading dot',
      { cookie: { name: 'sid', domain: '.example.com' } },
      'cookie.domain is ".example.com" and must be a host name, as in "example.com"',
    ],
    [
      'SameSite in capitals',
      { cookie: { sameSite: 'Lax' } },
      'cookie.sameSite is "Lax" and must be "lax" or "strict" or "none"',
    ],
    [
      'a preset that is misspelled',
      { limits: 'ngnix' },
      'limits "ngnix" is no preset: write portable, browsers, chips, nginx, ingress-nginx, …',
    ],
    [
      'a schema of no Standard Schema library',
      { schema: { parse: () => ({}) } },
      'schema is an object and must be a Standard Schema, as of valibot or zod',
    ],
    [
      'the name of a serializer',
      { serializer: 'devalue' },
      'serializer is "devalue" and must have stringify and parse, as devalue has',
    ],
    [
      'a list of revoked ids',
      { revoked: ['AAECAwQFBgcICQoLDA0ODw'] },
      'revoked is an array and must be a function',
    ],
    [
      'a moment in milliseconds',
      { validAfter: 1_768_478_400_000 },
      'validAfter is 1768478400000 and must be a Date, an ISO string, or seconds since 1970',
    ],
    [
      'a clock that returns a Date',
      { clock: () => new Date(0) },
      'clock returned an object and must return milliseconds, as Date.now does',
    ],
  ]

  test.each(mistakes)('%s', async (_, given, message) => {
    const isWhole = typeof given !== 'object' || Object.hasOwn(Object(given), 'secrets')
    const options = isWhole ? given : { secrets: SECRET, ...Object(given) }
    await expectError(CONFIG, message, () => createSessions(untyped<SessionOptions>(options)))
  })
})

describe('in a call of the sessions', () => {
  type Act = (sessions: Sessions<Data>, session: Session<Data>) => unknown

  const mistakes: readonly (readonly [string, Act, string, SessionErrorCode?])[] = [
    [
      'open without awaiting cookies()',
      (sessions) => sessions.open(untyped(Promise.resolve({ getAll: () => [] }))),
      `source is a promise (await it) ${SOURCES}`,
    ],
    [
      'open with the headers of a Node request in place of the request',
      (sessions) => sessions.open(untyped({ host: 'example.test', cookie: 'a=1' })),
      `source is an object ${SOURCES}`,
    ],
    [
      'open with parsed cookies in a Map',
      (sessions) => sessions.open(untyped(new Map([['a', '1']]))),
      `source is an object ${SOURCES}`,
    ],
    [
      'wrap with a module in place of its handler',
      (sessions) => sessions.wrap(untyped<() => Response>({ fetch: () => new Response() })),
      'handler is an object and must be a function (request, session) => Response',
    ],
    [
      'a handler that returns a string',
      (sessions) => {
        const handler = sessions.wrap((_, session) => {
          session.set('visits', 1)
          return untyped<Response>('hello')
        })
        return handler(new Request('https://example.test'))
      },
      'the handler returned a string and must return a Response',
      'ERR_SESSION_RESPONSE',
    ],
    [
      'commit with its arguments swapped',
      (sessions, session) => sessions.commit(untyped(new Response()), untyped(session)),
      'commit was given a Response: write commit(session, response)',
    ],
    [
      'commit without a response',
      (sessions, session) => sessions.commit(session, untyped(undefined)),
      'commit was given undefined and needs a Response: write commit(session, response)',
      'ERR_SESSION_RESPONSE',
    ],
    [
      'commit without awaiting open',
      (sessions) => sessions.commit(untyped(sessions.open(null)), new Response()),
      'session is a promise (await it) and must be a session or a request that these sessions have opened',
    ],
    [
      'commit with the session of another createSessions',
      async (sessions) => {
        const other = await createSessions({ secrets: SECRET }).open(null)
        return sessions.commit(other, new Response())
      },
      'session is of other sessions and must be a session that these sessions have opened',
    ],
    [
      'commit with a response that was read',
      async (sessions, session) => {
        const response = new Response('hello')
        await response.text()
        return sessions.commit(session, response)
      },
      'the body of the response has been read: commit it before, or return a new response',
      'ERR_SESSION_RESPONSE',
    ],
    [
      'setCookies with a request',
      (sessions) => sessions.setCookies(untyped(new Request('https://example.test'))),
      'session is an object and must be a session that these sessions have opened',
    ],
    [
      'save into the headers of a response',
      (sessions, session) => sessions.save(session, untyped(new Response().headers)),
      'store is an object and must be a cookie store with set(name, value, attributes)',
    ],
    [
      'seal for an object',
      (sessions, session) => sessions.seal(session, untyped({ purpose: 'api' })),
      'purpose is an object and must be a string of 1 to 256 characters',
    ],
  ]

  const table = mistakes.map(([title, act, message, code = CONFIG]) => ({
    title,
    act,
    message,
    code,
  }))
  test.each(table)('$title', async ({ act, message, code }) => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await expectError(code, message, () => act(sessions, session))
  })
})

describe('in a call of the session', () => {
  type Act = (session: Session<Data>) => unknown

  /** Calls a method with any arguments. */
  const call =
    (method: string, ...given: readonly unknown[]): Act =>
    (session) =>
      Reflect.apply(Reflect.get(session, method), session, given)

  const callback = () => {}

  const mistakes: readonly (readonly [string, Act, string, SessionErrorCode?])[] = [
    [
      'destroy with a callback',
      call('destroy', callback),
      'destroy takes no argument and was given a function: write destroy()',
    ],
    [
      'regenerate with a callback',
      call('regenerate', callback),
      "regenerate was given a function: write regenerate({ keep: ['cart'] }), or no argument",
    ],
    [
      'regenerate with the keys alone',
      call('regenerate', ['cart']),
      "regenerate was given an array: write regenerate({ keep: ['cart'] }), or no argument",
    ],
    [
      'regenerate with one key as a string, which is in the name of another',
      call('regenerate', { keep: 'userPrefs' }),
      'regenerate.keep is "userPrefs" and must be an array of names, as in [\'cart\']',
    ],
    [
      'regenerate with a member that is misspelled',
      call('regenerate', { kep: ['cart'] }),
      'regenerate.kep is no option: there are keep, scopes, lifetime',
    ],
    [
      'regenerate with a lifetime that is misspelled',
      call('regenerate', { lifetime: 'rememberd' }),
      'regenerate.lifetime is "rememberd" and must be one of the lifetimes: "remembered"',
    ],
    [
      'set with an object of several keys',
      call('set', { user: 'ada' }),
      "key is an object and must be a string, as in 'cart'",
    ],
    [
      'set with the attributes of a cookie',
      call('set', 'user', 'ada', { maxAge: 60 }),
      'set was given an object besides: write set(key, value)',
    ],
    [
      'delete with several keys',
      call('delete', 'user', 'cart'),
      'delete was given "cart" besides: write delete(key)',
    ],
    [
      'clear with a key',
      call('clear', 'user'),
      'clear takes no argument and was given "user": write clear()',
    ],
    [
      'flash with values to format',
      call('flash', 'notice', 'Hello %s', 'ada'),
      'flash was given "ada" besides: write flash(key, message)',
    ],
    ['scope without a name', call('scope'), "scope is undefined and must be a name, as in 'cart'"],
    [
      'set with a Date',
      call('set', 'seen', [{ at: new Date(0) }]),
      `seen[0].at is a Date: store value.toISOString(), ${DEVALUE}`,
      DATA,
    ],
    [
      'set with a Map',
      call('set', 'tags', new Map()),
      `tags is a Map: store [...value], ${DEVALUE}`,
      DATA,
    ],
    [
      'set with an instance of a class',
      call('set', 'page', { url: new URL('https://example.test') }),
      `page.url is of the kind URL: store a plain object, ${DEVALUE}`,
      DATA,
    ],
    [
      'set with undefined',
      call('set', 'user', undefined),
      'user is undefined: delete the key, or store null',
      DATA,
    ],
  ]

  const table = mistakes.map(([title, act, message, code = CONFIG]) => ({
    title,
    act,
    message,
    code,
  }))
  test.each(table)('$title', async ({ act, message, code }) => {
    const { sessions } = setUp({ lifetimes: { remembered: { maxAge: 2_592_000 } } })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', [])
    const { id } = session
    await expectError(code, message, () => act(session))
    expect([session.id, session.toJSON()]).toEqual([id, { user: 'ada', cart: [] }])
  })

  test('an assignment to a property is a TypeError that names set', async () => {
    const session = await setUp().sessions.open(null)
    const assign = () => Object.assign(session, { user: 'ada' })
    expect(assign).toThrow(TypeError)
    expect(assign).toThrow('a session has no property "user": write session.set("user", value)')
  })
})

describe('in the order of calls', () => {
  const LATE =
    'the session was changed after its cookies were made: change it before commit, setCookies, or the end of the wrapped handler'

  test('a change after the commit', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.commit(session, new Response())
    await expectError('ERR_SESSION_COMMITTED', LATE, () => session.set('user', 'eve'))
  })

  test('a change in a stream after the handler has returned', async () => {
    const { sessions } = setUp()
    const late: (() => void)[] = []
    const handler = sessions.wrap((_, session) => {
      late.push(() => session.set('user', 'ada'))
      return new Response()
    })
    await handler(new Request('https://example.test'))
    for (const change of late) {
      await expectError('ERR_SESSION_COMMITTED', LATE, change)
    }
  })

  test('data that exceeds the cookies', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', 'x'.repeat(9000))
    const message =
      'the session does not fit: it takes 9415 bytes more than limits.responseHeader (3072, the preset portable). Nothing was written. What helps: keep "cart" (12013 bytes) on a server, and an id in the session; or if all servers and proxies let more through, name them, as in limits: \'node\''
    await expectError('ERR_SESSION_TOO_LARGE', message, () => sessions.setCookies(session))
  })
})

test('every message is at most 2 kB, names no secret, and says what to write in plain words', async () => {
  const errors: unknown[] = []
  const long = 'x'.repeat(100_000)
  const session = await setUp().sessions.open(null)
  for (const act of [
    () => createSessions(untyped<SessionOptions>({ secrets: SECRET, [long]: 1 })),
    () => createSessions(untyped<SessionOptions>({ secrets: SECRET, limits: long })),
    () => createSessions(untyped<SessionOptions>({ secrets: SECRET, cookie: { name: long } })),
    () =>
      createSessions(untyped<SessionOptions>({ secrets: [SECRET, `${SECRET} ${long}`, SECRET] })),
    () => createSessions(untyped<SessionOptions>({ secrets: SECRET, lifetimes: { [long]: {} } })),
    () => session.regenerate(untyped({ [long]: 1 })),
    () => session.regenerate(untyped({ lifetime: long })),
    () => session.set(long, undefined),
    () => session.set('value', { [long]: undefined }),
    () => session.scope(untyped(Object(long))),
    () => Object.assign(session, { [long]: 1 }),
  ]) {
    try {
      act()
      errors.push('nothing was thrown')
    } catch (error) {
      errors.push(error)
    }
  }
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error)
    const message = error instanceof Error ? error.message : ''
    expect(message.length).toBeLessThanOrEqual(2048)
    expect(message).not.toContain(SECRET)
    expect(message).not.toMatch(/\b(?:who|some|any|no|every)(?:body|ever)\b/)
  }
})
