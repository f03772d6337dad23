// The members of `createSessions`, and the options that are functions of the application.

import { DAY } from '../support/format.ts'
import { check, equal, errorOf, holds } from './check.ts'
import type { Check } from './check.ts'
import { parseLine } from './browser.ts'
import { createScene, filler, NAME, START } from './scene.ts'

/** JSON with dates: a serializer that differs from JSON. */
const dates = {
  stringify: (data: object) =>
    JSON.stringify(data, function (this: Record<string, unknown>, key, value: unknown) {
      const original = this[key]
      return original instanceof Date ? { $date: original.getTime() } : value
    }),
  parse: (text: string): unknown =>
    JSON.parse(text, (_, value: unknown) =>
      typeof value === 'object' && value !== null && '$date' in value
        ? new Date(Number(value.$date))
        : value,
    ),
}

export const members: readonly Check[] = [
  check('exactly these public names exist', (library) => {
    const names = [
      'SessionCommittedError',
      'SessionConfigError',
      'SessionDataError',
      'SessionError',
      'SessionTooLargeError',
      'createSessions',
    ]
    equal(Object.keys(library).toSorted(), names)
  }),

  check('open accepts every source of a Cookie header', async (library) => {
    const { sessions, visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const cookie = browser.header()
    const sources = [
      browser.request(),
      new Headers({ cookie }),
      cookie,
      { headers: { cookie } },
      { headers: new Headers({ cookie }) },
      { headers: { Cookie: cookie } },
      { headers: {}, cookies: [cookie] },
      { multiValueHeaders: { cookie: [cookie] } },
      storeOf(browser.cookies),
    ]
    for (const source of sources) equal((await sessions.open(source)).get('user'), 'ada')
    for (const source of [null, undefined, '', new Headers(), { headers: {} }]) {
      equal((await sessions.open(source)).isEmpty, true)
    }
  }),

  check('a value that is no source is rejected, and never an empty session', async (library) => {
    const { sessions } = createScene(library)
    const sources: readonly unknown[] = [
      new Map(),
      new FormData(),
      new URLSearchParams(),
      {},
      [],
      5,
      true,
      () => {},
    ]
    for (const source of sources) {
      const { code } = await errorOf(() => Reflect.apply(sessions.open, undefined, [source]))
      equal(code, 'ERR_SESSION_CONFIG', String(source))
    }
  }),

  check('one Request has one session', async (library) => {
    const { sessions, browser } = createScene(library)
    const request = browser.request()
    const [first, second] = await Promise.all([sessions.open(request), sessions.open(request)])
    holds(first === second, 'the same object for the same request')
    holds((await sessions.open(browser.request())) !== first, 'another for another')
  }),

  check('commit accepts the request instead of the session', async (library) => {
    const { sessions, browser, look } = createScene(library)
    const request = browser.request()
    ;(await sessions.open(request)).set('user', 'ada')
    browser.store(await sessions.commit(request, new Response('ok')))
    equal((await look()).get('user'), 'ada')
  }),

  check('commit of a request whose session was not opened changes nothing', async (library) => {
    const { sessions, browser } = createScene(library)
    const response = new Response('ok')
    holds((await sessions.commit(browser.request(), response)) === response, 'the same response')
    equal(response.headers.get('Vary'), null)
  }),

  check('a commit may be repeated and gives the same lines', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    const again = await sessions.commit(session, new Response('an error page after all'))
    equal(again.headers.getSetCookie(), lines)
  }),

  check('setCookies gives one line with every attribute', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = (await sessions.setCookies(session)).map(parseLine)
    equal(
      lines.map(({ name }) => name),
      [NAME],
    )
    equal(lines[0]?.attributes.toSorted(), [
      'HttpOnly',
      'Max-Age=604800',
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ])
  }),

  check('every cookie option reaches the line', async (library) => {
    const { sessions } = createScene(library, {
      cookie: {
        name: 'sid',
        path: '/app',
        domain: 'example.com',
        sameSite: 'none',
        partitioned: true,
        priority: 'high',
        persistent: false,
      },
    })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const [line = ''] = await sessions.setCookies(session)
    equal(parseLine(line).attributes.toSorted(), [
      'Domain=example.com',
      'HttpOnly',
      'Partitioned',
      'Path=/app',
      'Priority=High',
      'SameSite=None',
      'Secure',
    ])
  }),

  check(
    'a wrapped handler that ignores the session costs its response nothing',
    async (library) => {
      const { sessions, browser, visit, events } = createScene(library)
      await visit((session) => session.set('user', 'ada'))
      const response = new Response('ok')
      const before = [...response.headers]
      const handler = sessions.wrap(() => response)
      events.length = 0
      holds((await handler(browser.request())) === response, 'the same response')
      equal([...response.headers], before)
    },
  ),

  check('wrap passes on the arguments after the request', async (library) => {
    const { sessions, browser } = createScene(library)
    const handler = sessions.wrap((_, session, env: { greeting: string }, more: number) =>
      Response.json([session.isEmpty, env.greeting, more]),
    )
    const response = await handler(browser.request(), { greeting: 'hello' }, 3)
    equal(await response.json(), [true, 'hello', 3])
  }),

  check('wrap commits a thrown Response and no other error', async (library) => {
    const { sessions, browser, look } = createScene(library)
    const thrower = sessions.wrap((_, session) => {
      session.set('user', 'ada')
      throw new Response('no', { status: 403 })
    })
    const response = await thrower(browser.request())
    browser.store(response)
    equal([response.status, (await look()).get('user')], [403, 'ada'])

    const mistake = new TypeError('a mistake')
    const failing = sessions.wrap((_, session) => {
      session.set('user', 'eve')
      throw mistake
    })
    const { error } = await errorOf(() => failing(browser.request()))
    holds(error === mistake, 'the error goes on untouched')
  }),

  check('a bare token opens as a token and never as a cookie, and the reverse', async (library) => {
    const { sessions, visit, browser } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    equal((await sessions.unseal(token)).get('user'), 'ada')
    const [header = '', , ...sealed] = token.split('.')
    const kid = /"kid":"([^"]*)"/.exec(atob(header))?.[1] ?? ''
    for (const [value, reason] of [
      [token, 'malformed'],
      [[kid, ...sealed].join('.'), 'undecryptable'],
    ]) {
      const asCookie = await sessions.open(`${NAME}=${value}`)
      equal([asCookie.isEmpty, asCookie.rejection?.reason], [true, reason])
    }

    await visit((other) => other.set('user', 'ada'))
    const value = browser.cookies.get(NAME) ?? ''
    const fields = value.split('.')
    const asToken = `${header}..${fields.slice(2).join('.')}`
    equal((await sessions.unseal(value)).rejection?.reason, 'malformed')
    equal((await sessions.unseal(asToken)).rejection?.reason, 'undecryptable')
    equal((await sessions.unseal('')).rejection, undefined)
    equal(await sessions.seal(await sessions.open(null)), '')
  }),

  check('a bare token opens only for the purpose that it was sealed for', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session, 'password reset')
    equal((await sessions.unseal(token, 'password reset')).get('user'), 'ada')
    for (const purpose of [undefined, 'password', 'password reset ', 'api']) {
      equal((await sessions.unseal(token, purpose)).rejection?.reason, 'undecryptable', purpose)
    }
  }),

  check(
    'save writes what the next request sends, into a store or with a function',
    async (library) => {
      const { sessions } = createScene(library)
      const cookies = new Map<string, string>()
      const set = (name: string, value: string, { maxAge }: { readonly maxAge?: number }) =>
        void (maxAge === 0 ? cookies.delete(name) : cookies.set(name, value))
      for (const sink of [{ set }, set]) {
        const session = await sessions.open(storeOf(cookies))
        session.set('user', 'ada')
        await sessions.save(session, sink)
        session.set('text', filler(100))
        await sessions.save(session, sink)
        const next = await sessions.open(storeOf(cookies))
        equal(next.toJSON(), { user: 'ada', text: filler(100) })
        next.destroy()
        await sessions.save(next, sink)
        equal([...cookies.keys()], [`${NAME}.x`])
      }
    },
  ),

  check('verify returns whether an open session is still valid', async (library) => {
    const ended = new Set<string | undefined>()
    const { visit, look, sessions, at } = createScene(library, {
      revoked: ({ id }) => ended.has(id),
    })
    await visit((session) => session.set('user', 'ada'))
    const session = await look()
    equal(await sessions.verify(session), undefined)
    ended.add(session.id)
    equal(await sessions.verify(session), { reason: 'revoked' })
    ended.clear()
    at(DAY + 5)
    equal(await sessions.verify(session), { reason: 'idle' })
    equal(await sessions.verify(await look()), { reason: 'idle' })
  }),

  check('measure counts the bytes that are then sent', async (library) => {
    const { sessions } = createScene(library, { limits: 'node' })
    const session = await sessions.open('other=12345')
    session.set('text', filler(5000))
    const { level, cookies, bytes, keys, move } = await sessions.measure(session)
    const lines = await sessions.setCookies(session)
    const frame = 'Set-Cookie: \r\n'.length
    equal([level, cookies, lines.length], ['ok', 2, 2])
    equal(bytes.cookie, Math.max(...lines.map((line) => line.length)))
    equal(
      bytes.responseHeader,
      lines.reduce((sum, line) => sum + line.length + frame, 0),
    )
    equal([bytes.otherCookies, keys.map(({ key }) => key), move], [13, ['text'], []])
  }),

  check('measure names the keys that must move', async (library) => {
    const { sessions } = createScene(library)
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('cart', filler(6000))
    const { level, tightest, move } = await sessions.measure(session)
    equal([level, tightest, move], ['over', 'responseHeader', ['cart']])
  }),

  check('a serializer stores values that JSON cannot', async (library) => {
    const { visit, look } = createScene(library, { serializer: dates })
    await visit((session) => session.set('seen', new Date(START * 1000)))
    equal((await look()).get('seen'), new Date(START * 1000))
  }),

  check(
    'data that does not fit the schema is rejected, when reading and when writing',
    async (library) => {
      const schema = {
        '~standard': {
          version: 1 as const,
          vendor: 'conformance',
          validate: async (value: unknown) => {
            await Promise.resolve()
            const fits = typeof value === 'object' && value !== null && 'user' in value
            return fits && typeof value.user === 'string'
              ? { value }
              : { issues: [{ path: ['user'] }] }
          },
        },
      }
      const loose = createScene(library)
      await loose.visit((session) => session.set('user', 7))
      const strict = createScene(library, { schema }, loose.browser)
      equal((await strict.look()).rejection?.reason, 'invalid-data')

      const session = await strict.sessions.open(null)
      session.set('user', 7)
      const { error, code } = await errorOf(() => strict.sessions.setCookies(session))
      equal(code, 'ERR_SESSION_DATA')
      equal(error instanceof library.SessionDataError && error.path, 'user')
    },
  ),

  check('revoked rejects a session with true, no answer or an exception', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    let answer: () => Promise<boolean> = () => Promise.resolve(false)
    const { look } = createScene(library, { revoked: () => answer() }, browser)
    equal((await look()).get('user'), 'ada')
    answer = () => Promise.resolve(true)
    equal((await look()).rejection?.reason, 'revoked')
    answer = () => Promise.reject(new Error('the list cannot be reached'))
    equal((await look()).rejection?.reason, 'revoked')
  }),

  check('validAfter rejects sessions that began before, to the second', async (library) => {
    const { visit, browser } = createScene(library)
    await visit((session) => session.set('user', 'ada'))
    const kept = createScene(library, { validAfter: START }, browser)
    equal((await kept.look()).get('user'), 'ada')
    const ended = createScene(library, { validAfter: new Date((START + 1) * 1000) }, browser)
    equal((await ended.look()).rejection?.reason, 'revoked')
  }),

  check('a session that was revoked while a request ran is not written by it', async (library) => {
    const ended = new Set<string | undefined>()
    const { visit, look, events } = createScene(library, { revoked: ({ id }) => ended.has(id) })
    await visit((session) => session.set('user', 'ada'))
    const response = await visit((session) => {
      ended.add(session.id)
      session.regenerate({ keep: ['user'] })
    })
    equal(response.headers.getSetCookie(), [])
    const last = events.at(-1)
    equal(last?.type === 'rejected' && last.reason, 'revoked')
    ended.clear()
    equal((await look()).get('user'), 'ada')
  }),

  check('observe is called with events and never with the data of a session', async (library) => {
    const { visit, events, browser } = createScene(library)
    await visit((session) => session.set('user', 'confidential'))
    const [, cookie = ''] = browser.header().split('=')
    await visit((session) => {
      session.get('user')
      session.destroy()
    })
    browser.cookies.set(NAME, 'not.a.value.of.ours')
    await visit((session) => {
      session.get('user')
    })
    equal(
      events.map(({ type }) => type),
      ['sealed', 'opened', 'destroyed', 'rejected'],
    )
    const told = JSON.stringify(events)
    holds(!told.includes('confidential') && !told.includes(cookie), 'no content, no token')
  }),

  check('twenty interleaved requests use only their own sessions', async (library) => {
    const { sessions } = createScene(library, { limits: 'node' })
    const handler = sessions.wrap(async (request, session) => {
      const visitor = Number(new URL(request.url).searchParams.get('visitor'))
      const before = session.get('visitor', visitor)
      await new Promise((resolve) => setTimeout(resolve, (visitor * 7) % 5))
      session.set('visitor', visitor)
      session.set('text', filler(visitor * 300))
      return Response.json(before)
    })
    const visit = async (visitor: number) => {
      let cookie = ''
      for (let round = 0; round < 3; round++) {
        const url = `https://app.example/?visitor=${visitor}`
        const response = await handler(new Request(url, { headers: { cookie } }))
        equal(await response.json(), visitor)
        const lines = response.headers.getSetCookie()
        if (round === 0) holds(lines.length > 0, 'the first round writes')
        if (lines.length > 0) cookie = lines.map((line) => line.split(';', 1).join()).join('; ')
      }
      equal((await sessions.open(cookie)).get('text'), filler(visitor * 300))
    }
    await Promise.all(Array.from({ length: 20 }, (_, visitor) => visit(visitor)))
  }),
]

/** The cookies of a browser, as a framework's cookie store has them. */
function storeOf(cookies: ReadonlyMap<string, string>) {
  return { getAll: () => Array.from(cookies, ([name, value]) => ({ name, value })) }
}
