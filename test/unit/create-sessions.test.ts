// The members of `createSessions`, one after the other, and the options that steer them.

import nodeCrypto from 'node:crypto'
import { inspect } from 'node:util'
import * as devalue from 'devalue'
import superjson from 'superjson'
import * as v from 'valibot'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { OLDER_SECRET, OTHER_SECRET, SECRET, START, claims, mint, untyped } from '../support/mint.ts'

interface Data {
  user?: string
  visits?: number
  cart?: { id: string; tags: string[] }[]
  text?: string
}

const MARKER = 'marker-5e0a1c'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Sessions on a clock that a test moves, in seconds. */
function clocked<D extends object = Data>(options: Partial<SessionOptions<D>> = {}) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const clock = () => time.now * 1000
  const observe = (event: SessionEvent) => void events.push(event)
  const make = (more: Partial<SessionOptions<D>> = {}): Sessions<D> =>
    createSessions<D>({ secrets: SECRET, clock, observe, ...options, ...more })
  return { time, events, make, sessions: make() }
}

/** The cookies of a session with this data. */
async function cookiesOf<D extends object>(
  sessions: Sessions<D>,
  fill: (session: Session<D>) => void,
): Promise<string> {
  const session = await sessions.open(null)
  fill(session)
  return pairsOf(await sessions.setCookies(session))
}

function ada(session: Session<Data>): void {
  session.set('user', 'ada')
}

/** Counts every call of WebCrypto and of the cipher and key functions of `node:crypto`. */
function watchCrypto(): () => number {
  const spies = [
    vi.spyOn(crypto.subtle, 'importKey'),
    vi.spyOn(crypto.subtle, 'deriveKey'),
    vi.spyOn(crypto.subtle, 'deriveBits'),
    vi.spyOn(crypto.subtle, 'encrypt'),
    vi.spyOn(crypto.subtle, 'decrypt'),
    vi.spyOn(nodeCrypto, 'createSecretKey'),
    vi.spyOn(nodeCrypto, 'createDecipheriv'),
  ]
  return () => spies.reduce((calls, spy) => calls + spy.mock.calls.length, 0)
}

/** What a request that only reads writes, so many seconds after the session began. */
async function readAfter(seconds: number, options: Partial<SessionOptions<Data>> = {}) {
  const { sessions, time } = clocked(options)
  const cookie = await cookiesOf(sessions, ada)
  time.now += seconds
  const session = await sessions.open(cookie)
  const { rejection, expiresAt } = session
  const lines = await sessions.setCookies(session)
  return { lines, rejection, expiresAt, renewed: session.expiresAt, sessions, time }
}

describe('open', () => {
  test('the same Request gives the same Session, however often and however early it is asked', async () => {
    const { sessions } = clocked()
    const request = new Request('https://example.test/')
    const [first, second] = await Promise.all([sessions.open(request), sessions.open(request)])
    expect(second).toBe(first)
    expect(await sessions.open(request)).toBe(first)
    expect(await sessions.open(new Request(request))).not.toBe(first)
  })

  test('Headers, a header, a Node request and Lambda events open the same session', async () => {
    const { sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    const sources = [
      cookie,
      new Headers({ cookie }),
      new Request('https://example.test/', { headers: { cookie } }),
      { headers: new Headers({ cookie }) },
      { headers: { cookie } },
      { headers: { Cookie: cookie } },
      { headers: { cookie: [cookie] } },
      { headers: {}, cookies: ['other=1', cookie] },
    ]
    for (const source of sources) {
      expect((await sessions.open(source)).get('user')).toBe('ada')
    }
  })

  test.each([null, undefined, '', new Headers(), { headers: {} }])(
    'a source without cookies (%j) is an empty session without a rejection',
    async (source) => {
      const session = await clocked().sessions.open(source)
      expect(session.isEmpty).toBe(true)
      expect(session.rejection).toBeUndefined()
    },
  )

  test.each([1, true, {}, []])(
    'a source that can hold no cookie (%j) is refused',
    async (source) => {
      const opening = clocked().sessions.open(untyped(source))
      await expect(opening).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', option: 'source' })
    },
  )

  test('a request without our cookie costs no crypto, and one with it does', async () => {
    const { sessions, make } = clocked()
    const cookie = await cookiesOf(make(), ada)
    const calls = watchCrypto()
    const session = await sessions.open('theme=dark; __Host-other=1; session=x')
    expect(session.get('user')).toBeUndefined()
    expect(await sessions.setCookies(session)).toEqual([])
    expect(calls()).toBe(0)
    await sessions.open(cookie)
    expect(calls()).toBeGreaterThan(0)
  })

  test('creating sessions derives nothing, and calls no WebCrypto', () => {
    const spies = [vi.spyOn(crypto.subtle, 'importKey'), vi.spyOn(crypto.subtle, 'deriveBits')]
    clocked()
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  })

  test('of two sessions that were sealed in the same second, the one that came first opens', async () => {
    const { sessions } = clocked()
    const [one, other] = [await mint(claims({ d: { n: 1 } })), await mint(claims({ d: { n: 2 } }))]
    for (const [values, n] of [
      [[one, other], 1],
      [[other, one], 2],
    ] as const) {
      const header = values.map((value) => `__Host-session=${value}`).join('; ')
      expect((await sessions.open(header)).toJSON()).toEqual({ n })
    }
  })

  test('what is neither a session nor a request is refused, not written', async () => {
    const { sessions } = clocked()
    const refused = expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'session' })
    for (const nothing of [{}, new Map()]) {
      const session = untyped<Session<Data>>(nothing)
      await expect(sessions.commit(session, new Response())).rejects.toEqual(refused)
      await expect(sessions.setCookies(session)).rejects.toEqual(refused)
    }
  })

  test('a session of other sessions is refused, not written', async () => {
    const { sessions, make } = clocked()
    const foreign = await make().open(null)
    await expect(sessions.setCookies(foreign)).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      option: 'session',
    })
  })
})

describe('commit', () => {
  test('a new session is written, and the next request has it', async () => {
    const { sessions } = clocked()
    const jar = createJar()
    const session = await sessions.open(jar.request())
    session.set('user', 'ada')
    jar.store(await sessions.commit(session, new Response('hello')))
    expect((await sessions.open(jar.request())).toJSON()).toEqual({ user: 'ada' })
  })

  test('with a request, it commits the session that was opened from it', async () => {
    const { sessions } = clocked()
    const request = new Request('https://example.test/')
    ;(await sessions.open(request)).set('user', 'ada')
    const response = await sessions.commit(request, new Response('hello'))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toBe('hello')
  })

  test('with a request whose session was never opened, it gives the response back', async () => {
    const { sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    const request = new Request('https://example.test/', { headers: { cookie } })
    const response = new Response('hello')
    expect(await sessions.commit(request, response)).toBe(response)
    expect([...response.headers.keys()]).not.toContain('vary')
  })

  test('nothing changed: no Set-Cookie, but Vary', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(await cookiesOf(sessions, ada))
    expect(session.get('user')).toBe('ada')
    const { headers } = await sessions.commit(session, new Response())
    expect(headers.getSetCookie()).toEqual([])
    expect(headers.get('vary')).toBe('Cookie')
    expect(headers.get('cache-control')).toBeNull()
  })

  test('setting the value that is there already writes nothing', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(await cookiesOf(sessions, ada))
    session.set('user', 'ada')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('an empty new session writes nothing', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.delete('user')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('a session that became empty loses its cookies', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(await cookiesOf(sessions, ada))
    session.delete('user')
    const lines = await sessions.setCookies(session)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^__Host-session=; Max-Age=0; /)
  })

  test('a cookie that was not accepted is deleted by whoever looks at the session', async () => {
    const { sessions } = clocked()
    const session = await sessions.open('__Host-session=nonsense')
    expect(session.rejection).toEqual({ reason: 'malformed' })
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('a change inside a value is noticed', async () => {
    const { sessions } = clocked()
    const cookie = await cookiesOf(sessions, (session) => {
      session.set('cart', [{ id: 'a', tags: [] }])
    })
    const session = await sessions.open(cookie)
    session.get('cart')?.[0]?.tags.push('new')
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.get('cart')).toEqual([{ id: 'a', tags: ['new'] }])
  })

  test('a change inside a value after set, and inside what toJSON or iteration gave, is noticed', async () => {
    const { sessions } = clocked()
    const tags = ['a']
    const cookie = await cookiesOf(sessions, (session) => {
      session.set('cart', [{ id: 'a', tags }])
      tags.push('b')
    })
    const session = await sessions.open(cookie)
    session.toJSON().cart?.[0]?.tags.push('c')
    for (const [key, value] of session) {
      if (key === 'cart' && Array.isArray(value)) value.push({ id: 'z', tags: [] })
    }
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.get('cart')).toEqual([
      { id: 'a', tags: ['a', 'b', 'c'] },
      { id: 'z', tags: [] },
    ])
  })

  test('a repeated commit gives the same lines, whatever the time and the response', async () => {
    const { sessions, time } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const [first, second] = await Promise.all([
      sessions.setCookies(session),
      sessions.setCookies(session),
    ])
    time.now += 5000
    const third = await sessions.commit(session, new Response('sorry', { status: 500 }))
    expect(first).toHaveLength(1)
    expect(second).toEqual(first)
    expect(third.headers.getSetCookie()).toEqual(first)
  })

  test('the list of lines may be changed by its receiver without harm', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    lines.length = 0
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  const changes: readonly (readonly [string, (session: Session<Data>) => void])[] = [
    ['set', (session) => session.set('user', 'eve')],
    ['delete', (session) => session.delete('user')],
    ['clear', (session) => session.clear()],
    ['regenerate', (session) => session.regenerate()],
    ['destroy', (session) => session.destroy()],
    ['touch', (session) => session.touch()],
  ]
  test.each(changes)('%s after a commit throws, and changes nothing', async (_, change) => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.setCookies(session)
    expect(() => change(session)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' }),
    )
    expect(session.toJSON()).toEqual({ user: 'ada' })
  })

  test('a change in place after a commit throws at the next commit', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('cart', [])
    await sessions.setCookies(session)
    session.get('cart')?.push({ id: 'late', tags: [] })
    const commit = sessions.commit(session, new Response())
    await expect(commit).rejects.toMatchObject({ code: 'ERR_SESSION_COMMITTED' })
  })

  test('a session that is too large leaves no header, and fits after it was made smaller', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    session.set('user', 'ada')
    const response = new Response()
    const commit = sessions.commit(session, response)
    await expect(commit).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect([...response.headers]).toEqual([])
    session.delete('text')
    await sessions.commit(session, response)
    const next = await sessions.open(pairsOf(response.headers.getSetCookie()))
    expect(next.toJSON()).toEqual({ user: 'ada' })
  })

  test('data that cannot be stored leaves no header, and can be put right', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    const cart = [{ id: 'a', tags: ['x'] }]
    session.set('cart', cart)
    Object.assign(cart[0] ?? {}, { addedAt: new Date(0) })
    const response = new Response()
    const commit = sessions.commit(session, response)
    await expect(commit).rejects.toMatchObject({
      code: 'ERR_SESSION_DATA',
      path: 'cart[0].addedAt',
    })
    expect([...response.headers]).toEqual([])
    cart.pop()
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })
})

describe('wrap', () => {
  test('commits what the handler returns, and passes on what else it was given', async () => {
    const { sessions } = clocked()
    const handler = sessions.wrap(
      (request, session, environment: { name: string }, count: number) => {
        session.set('user', environment.name)
        return new Response(`${new URL(request.url).pathname} ${count}`)
      },
    )
    const response = await handler(new Request('https://example.test/a'), { name: 'ada' }, 2)
    expect(await response.text()).toBe('/a 2')
    const next = await sessions.open(pairsOf(response.headers.getSetCookie()))
    expect(next.get('user')).toBe('ada')
  })

  test('gives the handler the session that open gives', async () => {
    const { sessions } = clocked()
    const handler = sessions.wrap(async (request, session) => {
      expect(await sessions.open(request)).toBe(session)
      return new Response()
    })
    const response = await handler(new Request('https://example.test/'))
    expect(response.headers.get('vary')).toBe('Cookie')
  })

  test('a thrown Response is committed like a returned one', async () => {
    const { sessions } = clocked()
    const handler = sessions.wrap((_, session) => {
      session.set('user', 'ada')
      throw Response.redirect('https://example.test/login')
    })
    const response = await handler(new Request('https://example.test/'))
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('https://example.test/login')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test.each([new TypeError('boom'), 'a text', undefined, null])(
    'any other error (%s) goes on untouched, and may still be committed by its catcher',
    async (thrown) => {
      const { sessions } = clocked()
      const request = new Request('https://example.test/')
      const handler = sessions.wrap((_, session) => {
        session.set('user', 'ada')
        throw thrown
      })
      const caught = await handler(request).then(
        () => 'nothing was thrown',
        (error: unknown) => error,
      )
      expect(caught).toBe(thrown)
      const page = await sessions.commit(request, new Response('sorry', { status: 500 }))
      expect(page.headers.getSetCookie()).toHaveLength(1)
    },
  )

  test('a session the handler does not look at leaves the response as it is', async () => {
    const { sessions, time, events } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    time.now += 50_000
    const response = new Response('hello')
    const handler = sessions.wrap(() => response)
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect(await handler(request)).toBe(response)
    expect([...response.headers.keys()]).toEqual(['content-type'])
    expect(events.map(({ type }) => type)).toEqual(['sealed', 'opened'])
  })

  test('lines that are asked for before anybody has looked are none, though a renewal be due', async () => {
    const { sessions, time } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    time.now += 50_000
    const seen: string[][] = []
    const handler = sessions.wrap(async (_request, session) => {
      seen.push(await sessions.setCookies(session))
      session.get('user')
      seen.push(await sessions.setCookies(session))
      return new Response()
    })
    await handler(new Request('https://example.test/', { headers: { cookie } }))
    expect(seen.map(({ length }) => length)).toEqual([0, 1])
  })

  const looks: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
    ['get', (session) => session.get('user')],
    ['has', (session) => session.has('user')],
    ['keys', (session) => session.keys()],
    ['entries', (session) => session.entries()],
    ['iteration', (session) => [...session]],
    ['size', (session) => session.size],
    ['toJSON', (session) => session.toJSON()],
    ['id', (session) => session.id],
    ['startedAt', (session) => session.startedAt],
    ['expiresAt', (session) => session.expiresAt],
    ['isNew', (session) => session.isNew],
    ['isEmpty', (session) => session.isEmpty],
    ['rejection', (session) => session.rejection],
  ]
  test.each(looks)('a look by %s makes the response vary on the cookie', async (_, look) => {
    const { sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    const handler = sessions.wrap((_request, session) => {
      look(session)
      return new Response()
    })
    const response = await handler(new Request('https://example.test/', { headers: { cookie } }))
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

describe('seal and unseal', () => {
  test('a bare token opens as the session it was', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    const next = await sessions.unseal(token)
    expect(next.toJSON()).toEqual({ user: 'ada' })
    expect(next.id).toBe(session.id)
    expect(next.isNew).toBe(false)
  })

  test('an empty session is the empty string, and without a token there is none', async () => {
    const { sessions } = clocked()
    expect(await sessions.seal(await sessions.open(null))).toBe('')
    for (const token of ['', null, undefined]) {
      const session = await sessions.unseal(token)
      expect(session.isEmpty).toBe(true)
      expect(session.rejection).toBeUndefined()
    }
  })

  test('a bare token is no cookie, and a cookie no bare token', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    const value = (await cookiesOf(sessions, ada)).slice('__Host-session='.length)
    const asCookie = await sessions.open(`__Host-session=${token}`)
    const asToken = await sessions.unseal(value)
    expect(asCookie.rejection).toEqual({ reason: 'undecryptable' })
    expect(asToken.rejection).toEqual({ reason: 'undecryptable' })
    expect([asCookie.isEmpty, asToken.isEmpty]).toEqual([true, true])
  })

  test('a bare token has no cookies that could be deleted, and its logout leaves no mark', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const later = await sessions.unseal(await sessions.seal(session))
    later.destroy()
    expect(await sessions.setCookies(later)).toEqual([])
  })

  test('the longest token is as long as all cookies together: 65 536 characters', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    const sealedWith = async (length: number) => {
      session.set('text', 'x'.repeat(length))
      return sessions.seal(session)
    }
    const frame = (await sealedWith(0)).length
    let length = Math.floor(((65_536 - frame) * 3) / 4)
    while ((await sealedWith(length)).length < 65_536) length++
    const token = await sealedWith(length)
    expect(token).toHaveLength(65_536)
    expect((await sessions.unseal(token)).get('text')).toHaveLength(length)
    await expect(sealedWith(length + 1)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect((await sessions.unseal(`${token}A`)).rejection).toEqual({ reason: 'too-large' })
  })

  test('a token beyond what any set of cookies holds is refused both ways', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(66_000))
    await expect(sessions.seal(session)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    const long = await sessions.unseal('e'.repeat(66_000))
    expect(long.rejection).toEqual({ reason: 'too-large' })
  })
})

describe('measure', () => {
  test('says what a commit would take, and writes nothing', async () => {
    const { sessions } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const report = await sessions.measure(session)
    expect(report).toMatchObject({ level: 'ok', cookies: 1, move: [] })
    expect(report.keys.map(({ key }) => key)).toEqual(['user'])
    session.set('visits', 1)
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('an empty session takes nothing', async () => {
    const { sessions } = clocked()
    const report = await sessions.measure(await sessions.open('theme=dark'))
    expect(report).toMatchObject({ level: 'ok', cookies: 0, keys: [] })
    expect(report.bytes).toMatchObject({ cookie: 0, responseHeader: 0 })
  })
})

describe('renewal', () => {
  test('a session that is only read is renewed from touchInterval on, and not before', async () => {
    expect((await readAfter(599, { touchInterval: 600 })).lines).toEqual([])
    const { lines, renewed } = await readAfter(600, { touchInterval: 600 })
    expect(lines).toHaveLength(1)
    expect(renewed).toEqual(new Date((START + 600 + 86_400) * 1000))
  })

  test('by default a tenth of idleTimeout', async () => {
    expect((await readAfter(359, { idleTimeout: 3600 })).lines).toEqual([])
    expect((await readAfter(360, { idleTimeout: 3600 })).lines).toHaveLength(1)
  })

  test('touchInterval 0 renews with every request in which the clock has moved', async () => {
    expect((await readAfter(0, { touchInterval: 0 })).lines).toEqual([])
    expect((await readAfter(1, { touchInterval: 0 })).lines).toHaveLength(1)
  })

  test('never beyond the absolute end, and not when it would not move the end', async () => {
    const options = { maxAge: 1000, idleTimeout: 600, touchInterval: 300 }
    const { lines, renewed, sessions, time } = await readAfter(500, options)
    expect(renewed).toEqual(new Date((START + 1000) * 1000))
    expect(lines[0]).toContain('Max-Age=500;')
    time.now = START + 900
    const again = await sessions.open(pairsOf(lines))
    expect(again.get('user')).toBe('ada')
    expect(await sessions.setCookies(again)).toEqual([])
    time.now = START + 1005
    expect((await sessions.open(pairsOf(lines))).rejection).toEqual({ reason: 'expired' })
  })

  test('touch renews at once', async () => {
    const { sessions, time } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    time.now += 10
    const session = await sessions.open(cookie)
    session.touch()
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.expiresAt).toEqual(new Date((START + 10 + 86_400) * 1000))
    expect(next.id).toBe(session.id)
  })

  test('an idle session ends at idleTimeout and the tolerance, not a second before', async () => {
    expect((await readAfter(3604, { idleTimeout: 3600 })).rejection).toBeUndefined()
    expect((await readAfter(3605, { idleTimeout: 3600 })).rejection).toEqual({ reason: 'idle' })
  })

  test('idleTimeout false: only the absolute end ends it, and reading never writes', async () => {
    const options = { idleTimeout: false, maxAge: 100_000 } as const
    const late = await readAfter(99_999, options)
    expect(late).toMatchObject({ rejection: undefined, lines: [] })
    expect(late.expiresAt).toEqual(new Date((START + 100_000) * 1000))
    expect((await readAfter(100_005, options)).rejection).toEqual({ reason: 'expired' })
  })

  test('persistent false: no Max-Age on the cookie, and the same end inside', async () => {
    const { sessions, time } = clocked({ cookie: { persistent: false } })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = await sessions.setCookies(session)
    expect(lines[0]).not.toMatch(/Max-Age|Expires/)
    time.now += 86_405
    expect((await sessions.open(pairsOf(lines))).rejection).toEqual({ reason: 'idle' })
  })

  test('a lowered maxAge or idleTimeout applies to sessions that are already out', async () => {
    const { time, make, sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    time.now += 4000
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    const shorter = make({ maxAge: 3600, idleTimeout: 3600 })
    const idler = make({ idleTimeout: 3600 })
    expect((await shorter.open(cookie)).rejection).toEqual({ reason: 'expired' })
    expect((await idler.open(cookie)).rejection).toEqual({ reason: 'idle' })
  })

  test('a raised timeout does not bring back what had ended', async () => {
    const { time, make } = clocked()
    const cookie = await cookiesOf(make({ idleTimeout: 600 }), ada)
    time.now += 605
    expect((await make({ idleTimeout: 6000 }).open(cookie)).rejection).toEqual({ reason: 'idle' })
  })
})

describe('validAfter', () => {
  test.each([new Date((START + 1) * 1000), new Date((START + 1) * 1000).toISOString(), START + 1])(
    'rejects what began before it (%s), and nothing that began at it',
    async (validAfter) => {
      const { time, make } = clocked()
      const before = await cookiesOf(make(), ada)
      time.now += 1
      const sessions = make({ validAfter })
      const at = await cookiesOf(sessions, ada)
      expect((await sessions.open(before)).rejection).toEqual({ reason: 'revoked' })
      expect((await sessions.open(at)).get('user')).toBe('ada')
    },
  )

  test('a renewal does not lift a session over it', async () => {
    const { time, make, sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    time.now += 100
    const session = await sessions.open(cookie)
    session.touch()
    const renewed = pairsOf(await sessions.setCookies(session))
    const strict = make({ validAfter: START + 50 })
    expect((await strict.open(renewed)).rejection).toEqual({ reason: 'revoked' })
  })
})

describe('revoked', () => {
  const answers: readonly (readonly [string, unknown])[] = [
    ['true', true],
    ['a promise of true', Promise.resolve(true)],
    ['undefined', undefined],
    ['a promise of undefined', Promise.resolve(undefined)],
    ['0', 0],
  ]
  test.each(answers)('%s rejects the session', async (_, answer) => {
    const { make } = clocked()
    const cookie = await cookiesOf(make(), ada)
    const revoked = () => untyped<boolean>(answer)
    const session = await make({ revoked }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'revoked' })
    expect(session.isEmpty).toBe(true)
  })

  test.each([() => false, () => Promise.resolve(false)])('false accepts it', async (revoked) => {
    const { make } = clocked()
    const session = await make({ revoked }).open(await cookiesOf(make(), ada))
    expect(session.get('user')).toBe('ada')
  })

  const failures: readonly (readonly [string, (error: Error) => Promise<boolean>])[] = [
    [
      'throws',
      (error) => {
        throw error
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ]
  test.each(failures)(
    'when it %s the session is rejected, and observe has the error',
    async (_, fail) => {
      const { make, events } = clocked()
      const cookie = await cookiesOf(make(), ada)
      const error = new Error('the list is down')
      const session = await make({ revoked: () => fail(error) }).open(cookie)
      expect(session.rejection).toEqual({ reason: 'revoked' })
      expect(events.at(-1)).toEqual({ type: 'rejected', reason: 'revoked', error })
    },
  )

  test('is asked on every open, with the session that came', async () => {
    const { make } = clocked()
    const writer = make()
    const written = await writer.open(null)
    written.set('user', 'ada')
    const cookie = pairsOf(await writer.setCookies(written))
    const asked: unknown[] = []
    const sessions = make({
      revoked: (session) => {
        asked.push([session.id, session.startedAt, session.toJSON()])
        return false
      },
    })
    await sessions.open(cookie)
    await sessions.open(cookie)
    const question = [written.id, new Date(START * 1000), { user: 'ada' }]
    expect(asked).toEqual([question, question])
  })

  test('is not asked about what is rejected for another reason, nor about nothing', async () => {
    const { make, time } = clocked()
    const cookie = await cookiesOf(make(), ada)
    const revoked = vi.fn(() => false)
    const sessions = make({ revoked })
    await sessions.open(null)
    await sessions.open('__Host-session=nonsense')
    time.now += 900_000
    await sessions.open(cookie)
    expect(revoked).not.toHaveBeenCalled()
  })

  test('is asked again before an automatic renewal: what was revoked meanwhile is not renewed', async () => {
    const { make, time } = clocked()
    const cookie = await cookiesOf(make(), ada)
    const list = { revoked: false }
    const revoked = vi.fn(() => list.revoked)
    const sessions = make({ revoked })
    time.now += 20_000
    const session = await sessions.open(cookie)
    list.revoked = true
    expect(await sessions.setCookies(session)).toEqual([])
    expect(revoked).toHaveBeenCalledTimes(2)
    list.revoked = false
    expect(await sessions.setCookies(await sessions.open(cookie))).toHaveLength(1)
  })

  test('what it does is no use of the session, and its changes reach nobody', async () => {
    const { make, time } = clocked()
    const cookie = await cookiesOf(make(), ada)
    time.now += 20_000
    const sessions = make({
      revoked: (session) => {
        session.set('user', 'eve')
        return session.isEmpty
      },
    })
    const response = new Response('hello')
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect(await sessions.wrap(() => response)(request)).toBe(response)
    expect((await sessions.open(request)).get('user')).toBe('ada')
  })
})

describe('schema', () => {
  const Shape = v.object({
    user: v.pipe(v.string(), v.toUpperCase()),
    visits: v.optional(v.number()),
  })
  const Async = v.pipeAsync(
    v.object({ user: v.string() }),
    v.checkAsync(({ user }) => Promise.resolve(user !== 'eve')),
  )

  test('its output is what the session holds', async () => {
    const { make } = clocked<{ user: string; visits?: number | undefined }>()
    const cookie = await cookiesOf(make(), (session) => session.set('user', 'ada'))
    const session = await make({ schema: Shape }).open(cookie)
    expect(session.get('user')).toBe('ADA')
  })

  test('data that does not fit it is rejected on open', async () => {
    const { make, events } = clocked<Record<string, unknown>>()
    const cookie = await cookiesOf(make(), (session) => session.set('user', { [MARKER]: MARKER }))
    const session = await make({ schema: Shape }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
    expect(session.isEmpty).toBe(true)
    expect(inspect([session, events], { depth: 10 })).not.toContain(MARKER)
  })

  test('data that does not fit it is refused on commit, with its path and without the value', async () => {
    const { make } = clocked<Record<string, unknown>>()
    const sessions = make({ schema: Shape })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('visits', MARKER)
    const error: unknown = await sessions.setCookies(session).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_SESSION_DATA', path: 'visits' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(MARKER)
    session.set('visits', 1)
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('may be asynchronous, on open and on commit', async () => {
    const { make } = clocked<{ user: string }>()
    const sessions = make({ schema: Async })
    const fits = await sessions.open(
      await cookiesOf(make(), (session) => session.set('user', 'ada')),
    )
    const not = await sessions.open(
      await cookiesOf(make(), (session) => session.set('user', 'eve')),
    )
    expect(fits.get('user')).toBe('ada')
    expect(not.rejection).toEqual({ reason: 'invalid-data' })
    const session = await sessions.open(null)
    session.set('user', 'eve')
    await expect(sessions.setCookies(session)).rejects.toMatchObject({ code: 'ERR_SESSION_DATA' })
  })

  test('is not asked again about what was only renewed or sealed as it came', async () => {
    const seen: unknown[] = []
    const validate = (value: unknown) => {
      seen.push(value)
      return { value }
    }
    const { make, time } = clocked<{ user: string }>()
    const cookie = await cookiesOf(make(), (session) => session.set('user', 'ada'))
    time.now += 50_000
    const sessions = make({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })
    const session = await sessions.open(cookie)
    expect(seen).toEqual([{ user: 'ada' }])
    expect(await sessions.setCookies(session)).toHaveLength(1)
    const other = await sessions.open(cookie)
    await sessions.seal(other)
    expect(seen).toHaveLength(2)
  })

  test('a default it fills in is no reason to write', async () => {
    const { make } = clocked<{ user: string; visits: number }>()
    const cookie = await cookiesOf(make(), (session) => session.set('user', 'ada'))
    const schema = v.object({ user: v.string(), visits: v.optional(v.number(), 0) })
    const sessions = make({ schema })
    const session = await sessions.open(cookie)
    expect(session.get('visits')).toBe(0)
    expect(await sessions.setCookies(session)).toEqual([])
  })
})

/** What JSON would change. */
function rich(): Record<string, unknown> {
  return { at: new Date(5), tags: new Map([['a', new Set([1n])]]), nothing: undefined }
}

describe('serializer', () => {
  test.each([
    ['devalue', devalue],
    ['superjson', superjson],
  ])('%s keeps what JSON cannot', async (_, serializer) => {
    const { sessions } = clocked<Record<string, unknown>>({ serializer })
    const cookie = await cookiesOf(sessions, (session) => {
      for (const [key, value] of Object.entries(rich())) session.set(key, value)
    })
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual(rich())
    expect(session.has('nothing')).toBe(true)
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('JSON fits as it is', async () => {
    const { sessions } = clocked({ serializer: JSON })
    const session = await sessions.open(await cookiesOf(sessions, ada))
    expect(session.toJSON()).toEqual({ user: 'ada' })
  })

  test('sessions from before a serializer was configured are kept, and written by it from then on', async () => {
    const { make, sessions } = clocked()
    const cookie = await cookiesOf(sessions, ada)
    const rewritten = make({ serializer: devalue })
    const session = await rewritten.open(cookie)
    expect(session.get('user')).toBe('ada')
    session.set('visits', 1)
    const next = await rewritten.open(pairsOf(await rewritten.setCookies(session)))
    expect(next.toJSON()).toEqual({ user: 'ada', visits: 1 })
  })

  test('sessions that need a serializer are rejected without it', async () => {
    const { make, sessions } = clocked()
    const cookie = await cookiesOf(make({ serializer: devalue }), ada)
    expect((await sessions.open(cookie)).rejection).toEqual({ reason: 'invalid-data' })
  })

  test('what it cannot read is rejected, whatever it throws', async () => {
    const { make } = clocked()
    const cookie = await cookiesOf(make({ serializer: superjson }), ada)
    const serializer = {
      stringify: JSON.stringify,
      parse: () => {
        throw new RangeError(MARKER)
      },
    }
    const session = await make({ serializer }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'invalid-data' })
  })

  test('what it cannot write is a SessionDataError that holds no value of the session', async () => {
    const { sessions } = clocked<Record<string, unknown>>({ serializer: devalue })
    const session = await sessions.open(null)
    session.set('secret', MARKER)
    session.set('handler', () => MARKER)
    const error: unknown = await sessions.setCookies(session).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_SESSION_DATA' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(MARKER)
  })

  test('one that writes no text is a SessionDataError', async () => {
    const serializer = { stringify: () => untyped<string>(undefined), parse: JSON.parse }
    const { sessions } = clocked({ serializer })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await expect(sessions.setCookies(session)).rejects.toMatchObject({ code: 'ERR_SESSION_DATA' })
  })
})

describe('secrets', () => {
  test('the newest first: it seals, and all open', async () => {
    const { make, events } = clocked()
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    const before = events.at(-1)
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    expect(session.get('user')).toBe('ada')
    const fresh = await cookiesOf(sessions, ada)
    expect((await make({ secrets: SECRET }).open(fresh)).get('user')).toBe('ada')
    expect((await make({ secrets: OLDER_SECRET }).open(fresh)).rejection).toEqual({
      reason: 'unknown-key',
    })
    expect(before).toMatchObject({ type: 'sealed' })
  })

  test('one string with commas is the same list', async () => {
    const { make } = clocked()
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    const sessions = make({ secrets: `${SECRET}, ${OLDER_SECRET}` })
    expect((await sessions.open(old)).get('user')).toBe('ada')
    expect((await make({ secrets: SECRET }).open(await cookiesOf(sessions, ada))).isEmpty).toBe(
      false,
    )
  })

  test('an older secret is replaced at the next write, and no time of the session moves', async () => {
    const { make, time } = clocked()
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    time.now += 10
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    const { id, startedAt } = session
    session.set('visits', 1)
    const cookie = pairsOf(await sessions.setCookies(session))
    const next = await make({ secrets: SECRET }).open(cookie)
    expect(next.toJSON()).toEqual({ user: 'ada', visits: 1 })
    expect([next.id, next.startedAt]).toEqual([id, startedAt])
    expect(next.isNew).toBe(false)
  })

  test('an older secret is replaced at the next renewal, within the absolute end', async () => {
    const { make, time } = clocked({ maxAge: 50_000 })
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    time.now += 45_000
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    session.touch()
    const next = await make({ secrets: SECRET }).open(pairsOf(await sessions.setCookies(session)))
    expect(next.expiresAt).toEqual(new Date((START + 50_000) * 1000))
  })

  test('rotate eager replaces an older secret at the first use, and moves no expiry', async () => {
    const { make, time, events } = clocked({ rotate: 'eager' })
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    time.now += 10
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    const { id, expiresAt } = session
    const cookie = pairsOf(await sessions.setCookies(session))
    expect(events.at(-1)).toMatchObject({ type: 'sealed', cause: 'rotated', id })
    const newest = make({ secrets: SECRET })
    const next = await newest.open(cookie)
    expect([next.id, next.expiresAt]).toEqual([id, expiresAt])
    expect(expiresAt).toEqual(new Date((START + 86_400) * 1000))
    expect(await newest.setCookies(next)).toEqual([])
  })

  test('rotate lazy leaves a session that is only read under its older secret', async () => {
    const { make } = clocked()
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    const sessions = make({ secrets: [SECRET, OLDER_SECRET] })
    const session = await sessions.open(old)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('a removed secret opens nothing', async () => {
    const { make } = clocked()
    const old = await cookiesOf(make({ secrets: OLDER_SECRET }), ada)
    for (const secrets of [SECRET, [SECRET, OTHER_SECRET]]) {
      const session = await make({ secrets }).open(old)
      expect(session.rejection).toEqual({ reason: 'unknown-key' })
      expect(session.isEmpty).toBe(true)
    }
  })
})

describe('observe', () => {
  test('is told of the whole life of a session, and of nothing in it', async () => {
    const { sessions, time, events } = clocked()
    const jar = createJar()
    const step = async (act: (session: Session<Data>) => void) => {
      const request = jar.request()
      const session = await sessions.open(request)
      act(session)
      jar.store(await sessions.commit(request, new Response()))
      return session
    }
    const { id = '' } = await step((session) => session.set('text', MARKER))
    time.now += 10
    await step((session) => session.set('user', MARKER))
    time.now += 20_000
    await step((session) => session.get('user'))
    await step((session) => session.destroy())
    const sealed = { type: 'sealed', id, secretId: expect.stringMatching(/^[\w-]{4}$/) }
    const opened = { ...sealed, type: 'opened' }
    expect(events).toEqual([
      { ...sealed, cause: 'new', bytes: expect.any(Number) },
      { ...opened, age: 0 + 10 },
      { ...sealed, cause: 'changed', bytes: expect.any(Number) },
      { ...opened, age: 20_000 },
      { ...sealed, cause: 'renewed', bytes: expect.any(Number) },
      { ...opened, age: 0 },
      { type: 'destroyed', id },
    ])
    const text = inspect(events, { depth: 10, showHidden: true }) + JSON.stringify(events)
    for (const hidden of [MARKER, SECRET, 'eyJ']) expect(text).not.toContain(hidden)
  })

  test('sealed says how many bytes the token has, and a bare token is its own cause', async () => {
    const { sessions, events } = clocked()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    expect(events).toMatchObject([{ type: 'sealed', cause: 'token', bytes: token.length }])
  })

  test('rejected gives the reason and nothing of what came', async () => {
    const { sessions, events } = clocked()
    const spoiled = `${await mint(claims())}A`
    await sessions.open(`__Host-session=${spoiled}`)
    expect(events).toEqual([{ type: 'rejected', reason: 'malformed' }])
  })

  test('a Request that could not be opened can be opened again, and then is the same session', async () => {
    const { sessions } = clocked()
    const headers = { cookie: `__Host-session=${await mint(claims())}` }
    const request = new Request('https://example.test/', { headers })
    const error = new Error('no crypto today')
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(error)
    await expect(sessions.open(request)).rejects.toBe(error)
    const session = await sessions.open(request)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.open(request)).toBe(session)
  })

  test('is told once for a Request that is opened twice', async () => {
    const { sessions, events } = clocked()
    const cookie = await mint(claims())
    const request = new Request('https://example.test/', {
      headers: { cookie: `__Host-session=${cookie}` },
    })
    await sessions.open(request)
    await sessions.open(request)
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('a logout that leaves a goodbye is told beside the new session, a cleared session is not one', async () => {
    const { sessions, events } = clocked()
    const cookie = `__Host-session=${await mint(claims())}`
    const leaving = await sessions.open(cookie)
    const { id } = leaving
    leaving.destroy()
    leaving.set('text', 'goodbye')
    await sessions.setCookies(leaving)
    expect(events.slice(1)).toMatchObject([
      { type: 'sealed', cause: 'new', id: leaving.id },
      { type: 'destroyed', id },
    ])
    events.length = 0
    const emptied = await sessions.open(cookie)
    emptied.clear()
    expect(await sessions.setCookies(emptied)).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('a session that is touched is renewed', async () => {
    const { sessions, events } = clocked()
    const session = await sessions.open(`__Host-session=${await mint(claims())}`)
    session.touch()
    await sessions.setCookies(session)
    expect(events.at(-1)).toMatchObject({ type: 'sealed', cause: 'renewed' })
  })

  test('a destroyed session that had not been accepted has no id', async () => {
    const { sessions, events } = clocked()
    const session = await sessions.open('__Host-session=nonsense')
    session.destroy()
    await sessions.setCookies(session)
    expect(events.at(-1)).toEqual({ type: 'destroyed', id: undefined })
    const other = await sessions.open('__Host-session=nonsense')
    other.destroy()
    other.set('text', 'goodbye')
    expect(await sessions.setCookies(other)).toHaveLength(2)
    expect(events.at(-1)).toEqual({ type: 'destroyed', id: undefined })
  })

  test('what it throws reaches the caller', async () => {
    const error = new Error('the log is full')
    const observe = () => {
      throw error
    }
    const { sessions } = clocked({ observe })
    await expect(sessions.open('__Host-session=nonsense')).rejects.toBe(error)
  })
})

describe('two sessions on one request', () => {
  test('with different cookies know nothing of each other', async () => {
    const { make } = clocked()
    const main = make()
    const side = make({ cookie: { name: '__Host-side' } })
    const jar = createJar()
    const request = jar.request()
    ;(await main.open(request)).set('user', 'ada')
    ;(await side.open(request)).set('user', 'side')
    jar.store(await side.commit(request, await main.commit(request, new Response())))
    expect(jar.names()).toEqual(['__Host-session', '__Host-side'])

    const next = jar.request()
    expect((await main.open(next)).get('user')).toBe('ada')
    ;(await side.open(next)).destroy()
    jar.store(await main.commit(next, await side.commit(next, new Response())))
    expect(jar.names()).toEqual(['__Host-session', '__Host-side.x'])
    expect((await main.open(jar.request())).get('user')).toBe('ada')
  })

  test('a response that both have written says Vary once, and keeps both cookies', async () => {
    const { make } = clocked()
    const outer = make()
    const inner = make({ cookie: { name: '__Host-side' } })
    const handler = outer.wrap((request, session) => {
      session.set('user', 'outer')
      return inner.wrap((_, other) => {
        other.set('user', 'inner')
        return new Response()
      })(request)
    })
    const { headers } = await handler(new Request('https://example.test/'))
    expect(headers.getSetCookie()).toHaveLength(2)
    expect(headers.get('vary')).toBe('Cookie')
    expect(headers.get('cache-control')).toBe('private, no-store')
  })
})
