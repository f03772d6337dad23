// The cookies of one session in one response are made once, however often they are requested.

import { stringifySetCookie } from 'cookie'
import { describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions, Sessions } from 'sealed-session'
import { createJar, namesOf, pairsOf } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { DAY, NAME, mint } from '../support/mint.ts'
import { COMMITTED_ERROR, TOO_LARGE_ERROR, dataError, catchAsyncError } from '../support/errors.ts'
import { schemaOf } from '../support/schema.ts'
import { setUp as setUpWith, setUser } from '../support/set-up.ts'

interface Data {
  user?: string
  visits?: number
  cart?: { id: string; tags: string[] }[]
  text?: string
}

const setUp = (options: Partial<SessionOptions<Data>> = {}) => setUpWith<Data>(options)

/** Saves a session into the cookies of a browser. */
async function saveInto(
  browser: Browser,
  sessions: Sessions<Data>,
  session: Session<Data>,
): Promise<void> {
  await sessions.save(session, (name, value, attributes) =>
    browser.store([stringifySetCookie({ ...attributes, name, value })]),
  )
}

describe('a second request for the cookies', () => {
  test('gives the same lines, at any time and for any response', async () => {
    const { sessions, time, events } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const [first, second] = await Promise.all([
      sessions.setCookies(session),
      sessions.setCookies(session),
    ])
    time.now += 5000
    const third = await sessions.commit(session, new Response('sorry', { status: 500 }))
    expect(first).toHaveLength(1)
    expect(second).toEqual(first)
    expect(third.headers.getSetCookie()).toEqual(first)
    expect(events).toHaveLength(1)
  })

  test('gives the same ticket', async () => {
    const { sessions, received, time } = setUp()
    const session = await received(setUser)
    time.now += DAY / 2
    session.get('user')
    const first = await sessions.setCookies(session)
    time.now += DAY / 2
    expect(await sessions.setCookies(session)).toEqual(first)
  })

  test('gives no line if the first gave none, even if a ticket has become due', async () => {
    const { sessions, received, time } = setUp()
    const session = await received(setUser)
    session.get('user')
    expect(await sessions.setCookies(session)).toEqual([])
    time.now += DAY / 2
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('gives a new array, which the caller may change', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const lines = await sessions.setCookies(session)
    lines.length = 0
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('by save, commit and setCookies gives the same cookies', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const saved: string[] = []
    await sessions.save(session, (name, value) => saved.push(`${name}=${value}`))
    const { headers } = await sessions.commit(session, new Response())
    expect(pairsOf(headers.getSetCookie())).toBe(saved.join('; '))
    expect(pairsOf(await sessions.setCookies(session))).toBe(saved.join('; '))
  })
})

describe('a session that was not accessed', () => {
  test('has no cookies, and stays open when they are requested', async () => {
    const { sessions, time } = setUp()
    time.now += DAY / 2
    const seen: number[] = []
    const handler = sessions.wrap(async (_, session) => {
      seen.push((await sessions.setCookies(session)).length)
      session.get('user')
      seen.push((await sessions.setCookies(session)).length)
      return new Response()
    })
    const headers = { cookie: `${NAME}=${mint()}` }
    await handler(new Request('https://example.test/', { headers }))
    expect(seen).toEqual([0, 1])
  })
})

describe('a change after the commit', () => {
  test('in place throws at the next commit', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('cart', [])
    await sessions.setCookies(session)
    session.get('cart')?.push({ id: 'late', tags: [] })
    expect(await catchAsyncError(sessions.commit(session, new Response()))).toEqual(COMMITTED_ERROR)
    expect(await catchAsyncError(sessions.setCookies(session))).toEqual(COMMITTED_ERROR)
    expect(await catchAsyncError(sessions.save(session, () => {}))).toEqual(COMMITTED_ERROR)
  })

  test('in place is found in a value that was set and never read', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const cart = [{ id: 'a', tags: ['x'] }]
    session.set('cart', cart)
    await sessions.setCookies(session)
    cart.pop()
    expect(await catchAsyncError(sessions.setCookies(session))).toEqual(COMMITTED_ERROR)
  })

  test('in place that is reverted is no change', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const tags = ['x']
    session.set('cart', [{ id: 'a', tags }])
    const lines = await sessions.setCookies(session)
    tags.push('y')
    tags.pop()
    expect(await sessions.setCookies(session)).toEqual(lines)
  })

  test('throws while the cookies are being made, too', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const pending = sessions.setCookies(session)
    expect(() => session.set('user', 'eve')).toThrow(COMMITTED_ERROR)
    expect(await pending).toHaveLength(1)
  })
})

describe('a commit that fails', () => {
  test('because the session is too large adds no header, and succeeds when it is smaller', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    setUser(session)
    const response = new Response()
    expect(await catchAsyncError(sessions.commit(session, response))).toEqual(TOO_LARGE_ERROR)
    expect([...response.headers]).toEqual([])
    session.delete('text')
    const lines = (await sessions.commit(session, response)).headers.getSetCookie()
    expect((await sessions.open(pairsOf(lines))).toJSON()).toEqual({ user: 'ada' })
  })

  test('because data cannot be stored adds no header, and succeeds when the data is corrected in place', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const cart = [{ id: 'a', tags: ['x'] }]
    session.set('cart', cart)
    Object.assign(cart[0] ?? {}, { addedAt: new Date(0) })
    const response = new Response()
    const error = await catchAsyncError(sessions.commit(session, response))
    expect(error).toEqual(dataError('cart[0].addedAt'))
    expect([...response.headers]).toEqual([])
    cart.pop()
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('because the application’s code throws is retried by the next commit', async () => {
    const answers = [{ issues: [{ path: ['user'] }] }]
    const schema = schemaOf<Data>((value) => answers.shift() ?? { value })
    const { sessions } = setUp({ schema })
    const session = await sessions.open(null)
    setUser(session)
    expect(await catchAsyncError(sessions.setCookies(session))).toEqual(dataError('user'))
    const { headers } = await sessions.commit(session, new Response())
    expect(headers.getSetCookie()).toHaveLength(1)
  })

  test('rejects for all callers, and each may retry', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    const waiting = [1, 2, 3].map(() => catchAsyncError(sessions.setCookies(session)))
    expect(await Promise.all(waiting)).toEqual([TOO_LARGE_ERROR, TOO_LARGE_ERROR, TOO_LARGE_ERROR])
    session.set('text', 'short')
    expect(await sessions.setCookies(session)).toHaveLength(1)
  })

  test('causes no unhandled rejection if there is one caller', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    expect(await catchAsyncError(sessions.setCookies(session))).toEqual(TOO_LARGE_ERROR)
    await new Promise((done) => setImmediate(done))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('changes after save', () => {
  test('are written by the next save or commit, and only then', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    const store = new Map<string, string>()
    const set = (name: string, value: string) => void store.set(name, value)
    const stored = async () => {
      const [pair = []] = store
      return (await sessions.open(pair.join('='))).toJSON()
    }
    setUser(session)
    await sessions.save(session, set)
    expect(await stored()).toEqual({ user: 'ada' })
    session.set('visits', 1)
    expect(await stored()).toEqual({ user: 'ada' })
    await sessions.save(session, set)
    expect(await stored()).toEqual({ user: 'ada', visits: 1 })
    session.set('visits', 2)
    const { headers } = await sessions.commit(session, new Response())
    expect((await sessions.open(pairsOf(headers.getSetCookie()))).toJSON()).toEqual({
      user: 'ada',
      visits: 2,
    })
    expect(() => session.set('visits', 3)).toThrow(COMMITTED_ERROR)
  })

  test('in place are written too', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('cart', [])
    await sessions.save(session, () => {})
    session.get('cart')?.push({ id: 'a', tags: [] })
    const lines = await sessions.setCookies(session)
    expect((await sessions.open(pairsOf(lines))).get('cart')).toEqual([{ id: 'a', tags: [] }])
  })

  test('that are reverted write nothing more', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    const names: string[] = []
    const set = (name: string) => void names.push(name)
    await sessions.save(session, set)
    session.set('visits', 1)
    session.delete('visits')
    await sessions.save(session, set)
    expect(names).toEqual([NAME])
  })

  test.each<[string, (session: Session<Data>) => unknown, (session: Session<Data>) => unknown]>([
    ['in place', (session) => session.get('cart')?.push({ id: 'a', tags: [] }), () => {}],
    ['between the calls', () => {}, (session) => session.set('cart', [{ id: 'a', tags: [] }])],
  ])(
    '%s are written by each of two calls at once, and stay in the store',
    async (_, before, between) => {
      const { sessions } = setUp()
      const session = await sessions.open(null)
      session.set('cart', [])
      const store = new Map<string, string>()
      const save = async () =>
        sessions.save(session, (name, value) => void store.set(`${name}=`, value))
      await save()
      before(session)
      const first = save()
      between(session)
      const second = save()
      await Promise.all([first, second])
      const stored = await sessions.open([...store].flat().join(''))
      expect(stored.get('cart')).toEqual([{ id: 'a', tags: [] }])
    },
  )

  test('while a commit begins are written by it', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    setUser(session)
    await sessions.save(session, () => {})
    const committing = sessions.setCookies(session)
    session.set('visits', 1)
    const stored = await sessions.open(pairsOf(await committing))
    expect(stored.toJSON()).toEqual({ user: 'ada', visits: 1 })
  })

  test('a logout after save ends the saved session', async () => {
    const { sessions, received } = setUp()
    const session = await received(setUser)
    session.set('visits', 1)
    await sessions.save(session, () => {})
    session.destroy()
    const lines = await sessions.setCookies(session)
    expect(lines.map((line) => line.split('=', 1).join())).toEqual([NAME, `${NAME}.x`])
    expect(lines[0]).toContain('Max-Age=0')
  })

  test.each<[string, (session: Session<Data>) => void, readonly string[]]>([
    ['clear', (session) => session.clear(), [NAME, `${NAME}.1`]],
    ['regenerate', (session) => session.regenerate(), [NAME, `${NAME}.1`]],
    ['discard', (session) => session.discard(), [NAME, `${NAME}.1`]],
    ['destroy', (session) => session.destroy(), [NAME, `${NAME}.1`, `${NAME}.x`]],
  ])(
    'by %s of a session that began in this request delete what was saved',
    async (_, end, names) => {
      const { sessions } = setUp({ limits: 'node' })
      const browser = createJar()
      const session = await sessions.open(browser.request())
      session.set('text', 'x'.repeat(3500))
      await saveInto(browser, sessions, session)
      expect(browser.names()).toEqual([NAME, `${NAME}.1`])
      end(session)
      const { headers } = await sessions.commit(session, new Response())
      expect(namesOf(headers.getSetCookie())).toEqual(names)
      browser.store(headers.getSetCookie())
      expect((await sessions.open(browser.request())).isEmpty).toBe(true)
      expect(browser.names()).toEqual(names.slice(2))
    },
  )

  test('in fewer parts delete the others that were saved', async () => {
    const { sessions } = setUp({ limits: 'node' })
    const browser = createJar()
    const session = await sessions.open(browser.request())
    session.set('text', 'x'.repeat(9000))
    await saveInto(browser, sessions, session)
    session.set('text', 'short')
    await saveInto(browser, sessions, session)
    expect(browser.names()).toEqual([NAME])
  })

  test('by discard restore the received cookies in the store', async () => {
    const { sessions } = setUp()
    for (const change of [
      (session: Session<Data>) => session.set('user', 'eve'),
      (session: Session<Data>) => session.renewId(),
      (session: Session<Data>) => session.clear(),
    ]) {
      const browser = createJar()
      const first = await sessions.open(browser.request())
      setUser(first)
      await saveInto(browser, sessions, first)
      const session = await sessions.open(browser.request())
      change(session)
      await saveInto(browser, sessions, session)
      session.discard()
      await saveInto(browser, sessions, session)
      const restored = await sessions.open(browser.request())
      expect([restored.id, restored.toJSON()]).toEqual([first.id, { user: 'ada' }])
    }
  })

  test.each([
    ['regenerate', (session: Session<Data>) => session.regenerate()],
    ['nothing', () => {}],
  ])(
    'begin a session that knows the stamp of a saved logout, even after discard and %s',
    async (_, begin) => {
      const { sessions } = setUp()
      const browser = createJar()
      const first = await sessions.open(browser.request())
      setUser(first)
      await saveInto(browser, sessions, first)
      const session = await sessions.open(browser.request())
      session.destroy()
      await saveInto(browser, sessions, session)
      session.discard()
      expect([session.isEmpty, session.id]).toEqual([true, undefined])
      begin(session)
      session.set('user', 'eve')
      await saveInto(browser, sessions, session)
      expect((await sessions.open(browser.request())).toJSON()).toEqual({ user: 'eve' })
    },
  )
})
