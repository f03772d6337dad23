// The end of a session, fixation, races. Rows C1 to C6, S6 and L18 of threats.md.

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session } from 'sealed-session'
import { createBrowser } from '../conformance/browser.ts'
import {
  ENGINES,
  THREE_COOKIES,
  expectNothing,
  setUpAttack,
  useEngine,
} from '../support/attacks.ts'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { ENTRIES } from '../support/entries.ts'
import { DAY, NAME, START, mintAt } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

const STAMP = `${NAME}.x`

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('C1: without revoked a copied cookie outlives the logout until its end, and no longer', async () => {
    const { time, sessions, cookieWith } = setUpAttack()
    const copied = await cookieWith({ user: 'ada' })
    const session = await sessions.open(copied)
    session.destroy()
    await sessions.setCookies(session)
    expect((await sessions.open(copied)).get('user')).toBe('ada')
    time.now += DAY + 5
    expectNothing(await sessions.open(copied), 'idle')
  })

  test('C1: with revoked or validAfter a copied cookie is rejected, even while the list is unavailable', async () => {
    const { cookieWith } = setUpAttack()
    const copied = await cookieWith({ user: 'ada' })
    const down = () => Promise.reject(new Error('the list is down'))
    const ended = new Set<string | undefined>()
    const listed = setUpAttack({ revoked: ({ id }) => ended.has(id) })
    const session = await listed.sessions.open(copied)
    expect(session.get('user')).toBe('ada')
    ended.add(session.id)
    expectNothing(await listed.sessions.open(copied), 'revoked')
    expectNothing(await setUpAttack({ revoked: down }).sessions.open(copied), 'revoked')
    expectNothing(await setUpAttack({ validAfter: START + 1 }).sessions.open(copied), 'revoked')
  })

  test('C2: a session that is neither changed nor due is not written', async () => {
    const { time, sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada', list: [1] })
    time.now += 8639
    const session = await sessions.open(cookie)
    expect(session.toJSON()).toEqual({ user: 'ada', list: [1] })
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('C2: a session that was revoked while a request ran is not renewed by it', async () => {
    const list = { revoked: false }
    const { time, sessions, cookieWith } = setUpAttack({ revoked: () => list.revoked })
    const cookie = await cookieWith({ user: 'ada' })
    time.now += 40_000
    const session = await sessions.open(cookie)
    list.revoked = true
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('C2: nothing in the request restores a destroyed session, and no request in flight does', async () => {
    const { sessions } = setUpAttack()
    const jar = createJar()
    const visit = async (act: (session: Session<Data>) => void) => {
      const request = jar.request()
      act(await sessions.open(request))
      return sessions.commit(request, new Response())
    }
    jar.store(await visit((session) => session.set('user', 'ada')))
    const inFlight = await visit((session) => session.set('visits', 1))
    const logout = await visit((session) => {
      session.get('user')
      session.destroy()
      session.touch()
      session.regenerate({ keep: ['user'] })
      expect(session.toJSON()).toEqual({})
    })
    jar.store(logout)
    jar.store(inFlight)
    expectNothing(await sessions.open(jar.request()), 'destroyed')
    jar.store(await visit(({ isEmpty }) => expect(isEmpty).toBe(true)))
    expect(jar.names()).toEqual([STAMP])
  })

  test('C2: a logout ends every session in its request, not only the newest', async () => {
    const { sessions } = setUpAttack()
    const older = mintAt({ startedAt: START - 50 }, { more: { o: 'AAAA' } })
    const newer = mintAt({ startedAt: START - 10 })
    for (const values of [
      [older, newer],
      [newer, older],
    ]) {
      const session = await sessions.open(values.map((value) => `${NAME}=${value}`).join('; '))
      expect(session.startedAt).toEqual(new Date((START - 10) * 1000))
      session.destroy()
      const [, line = ''] = await sessions.setCookies(session)
      const stamp = line.split(';', 1).join()
      for (const value of values) {
        expectNothing(await sessions.open(`${NAME}=${value}; ${stamp}`), 'destroyed')
      }
    }
  })

  test('C3: regenerate keeps no id, no time and no unnamed value', async () => {
    const { time, sessions, cookieWith } = setUpAttack()
    const planted = await cookieWith({ user: 'mallory', theme: 'dark' })
    time.now += 100
    const session = await sessions.open(planted)
    const { id } = session
    session.regenerate({ keep: ['theme'] })
    session.set('user', 'ada')
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.toJSON()).toEqual({ theme: 'dark', user: 'ada' })
    expect(next.id).not.toBe(id)
    expect(next.startedAt).toEqual(new Date((START + 100) * 1000))
    expect((await sessions.open(planted)).get('user')).toBe('mallory')
  })

  test('C6: parallel writers leave one complete session, never a mixture', async () => {
    const { sessions } = setUpAttack({ limits: THREE_COOKIES })
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const jar = createJar()
      const write = async (text: string) => {
        const request = jar.request()
        const session = await sessions.open(request)
        session.set('text', text)
        session.set('copy', text)
        return sessions.commit(request, new Response())
      }
      jar.store(await write('start'))
      const responses = [await write('a'.repeat(80)), await write('b'.repeat(180))]
      for (const index of order) jar.store(responses[index] ?? [])
      const session = await sessions.open(jar.request())
      expect(session.get('text')).toBe(order[1] === 0 ? 'a'.repeat(80) : 'b'.repeat(180))
      expect(session.get('copy')).toBe(session.get('text'))
    }
  })
})

describe.each(Object.entries(ENTRIES))('through %s', (_, entry) => {
  test('S6: a stamp that another subdomain sets, even the highest, does not make later logouts fail', async () => {
    for (const tossed of ['9999', '____', 'zzzz', 'AAAA']) {
      const { sessions } = setUpAttack()
      const browser = createBrowser()
      const visit = async (handle: (session: Session<Data>) => void) =>
        browser.store(await entry(sessions, browser.header(), handle))
      browser.cookies.set(STAMP, tossed)
      await visit((session) => session.set('user', 'ada'))
      expect((await sessions.open(browser.header())).get('user')).toBe('ada')
      const inFlight = browser.cookies.get(NAME) ?? ''
      await visit((session) => session.destroy())
      expect([...browser.cookies.keys()]).toEqual([STAMP])
      browser.cookies.set(NAME, inFlight)
      expectNothing(await sessions.open(browser.header()), 'destroyed')
    }
  })

  test('L18: a flash message that does not fit beside 7 kB of other cookies is dropped, and the session ends', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const others = `theme=${'x'.repeat(7000)}`
    for (const say of [
      (session: Session<Data>) => session.set('goodbye', 'See you'),
      (session: Session<Data>) => session.flash('goodbye', 'See you'),
      (session: Session<Data>) => session.scope('page').set('goodbye', 'See you'),
      (session: Session<Data>) => void session.csrfToken(),
    ]) {
      const browser = createBrowser()
      browser.cookies.set(NAME, cookie.slice(NAME.length + 1))
      const lines = await entry(sessions, `${cookie}; ${others}`, (session) => {
        session.destroy()
        say(session)
      })
      browser.store(lines)
      expect([...browser.cookies.keys()]).toEqual([STAMP])
    }
  })

  test('L18: a flash message that fits is kept, and the session still ends', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const browser = createBrowser()
    browser.store(
      await entry(sessions, cookie, (session) => {
        session.destroy()
        session.flash('goodbye', 'See you')
      }),
    )
    const next = await sessions.open(browser.header())
    expect([next.toJSON(), next.flash('goodbye')]).toEqual([{}, ['See you']])
    browser.cookies.set(NAME, cookie.slice(NAME.length + 1))
    expectNothing(await sessions.open(browser.header()), 'destroyed')
  })
})

test('S6: two overlapping logouts leave two stamps, and no session between them is restored', async () => {
  const { sessions } = setUpAttack()
  const browser = createBrowser()
  const begin = () => sessions.open(browser.header())
  const login = await begin()
  login.set('user', 'ada')
  browser.store(await sessions.setCookies(login))
  const first = browser.cookies.get(NAME) ?? ''
  const [older, newer] = [await begin(), await begin()]
  older.destroy()
  newer.destroy()
  const late = await sessions.setCookies(older)
  browser.store(await sessions.setCookies(newer))
  const stamp = browser.cookies.get(STAMP)

  const again = await begin()
  again.set('user', 'eve')
  browser.store(await sessions.setCookies(again))
  expect((await begin()).get('user')).toBe('eve')
  browser.store(late)
  expect(browser.cookies.get(STAMP)).not.toBe(stamp)
  for (const value of [first, browser.cookies.get(NAME) ?? '']) {
    browser.cookies.set(NAME, value)
    expect((await begin()).isEmpty).toBe(true)
  }
})

test('S6: of many stamps four are read, and a session that begins with them opens', async () => {
  const { sessions } = setUpAttack()
  const stamps = Array.from(
    { length: 30 },
    (_, index) => `${STAMP}=${String(index).padStart(4, 'x')}`,
  )
  const session = await sessions.open(stamps.join('; '))
  session.set('user', 'ada')
  const cookie = pairsOf(await sessions.setCookies(session))
  expect((await sessions.open([cookie, ...stamps].join('; '))).get('user')).toBe('ada')
  expect((await sessions.open(`${cookie}; ${stamps[3]}`)).get('user')).toBe('ada')
  expectNothing(await sessions.open(`${cookie}; ${stamps[4]}`), 'destroyed')
})
