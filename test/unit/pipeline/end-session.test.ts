// The cookies of a response when a session ends, or when another begins after a logout.

import { describe, expect, test } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { createJar, namesOf, toCookieHeader } from '../../support/cookie-jar.ts'
import { deviceScene } from '../../support/device-scene.ts'
import { DAY, ID, NAME, START, WEEK, mint, mintTicket, payload } from '../../support/mint.ts'
import { setUp, setUser } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

const STAMP_LINE = /^__Host-session\.x=([\w-]{4}); Max-Age=(\d+); /

function destroy(session: Session<Data>): void {
  session.destroy()
}

/** Returns the lines of a response to a request with these cookies. */
async function linesOf(
  cookie: string,
  act: (session: Session<Data>) => unknown,
  options: Partial<SessionOptions<Data>> = {},
): Promise<string[]> {
  const { sessions } = setUp(options)
  const session = await sessions.open(cookie)
  act(session)
  return sessions.setCookies(session)
}

/** Returns the stamp that a logout sets, and its `Max-Age`. */
function stampOf(lines: readonly string[]): { stamp: string; maxAge: number } {
  const [, stamp = '', maxAge] = STAMP_LINE.exec(lines.at(-1) ?? '') ?? []
  return { stamp, maxAge: Number(maxAge) }
}

describe('a session that became empty', () => {
  const ticket = mintTicket(START)

  test.each<[string, (session: Session<Data>) => unknown]>([
    ['delete', (session) => session.delete('user')],
    ['clear', (session) => session.clear()],
    ['regenerate', (session) => session.regenerate()],
  ])('by %s is deleted, and leaves no stamp', async (_, act) => {
    const lines = await linesOf(`${NAME}=${mint()}`, act)
    expect(lines).toEqual([expect.stringMatching(/^__Host-session=; Max-Age=0; /)])
  })

  test('is deleted with all its parts and its ticket', async () => {
    const lines = await linesOf(
      `${NAME}=${mint()}; ${NAME}.2=old; ${NAME}.t=${ticket}`,
      (session) => session.clear(),
    )
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.2`, `${NAME}.t`])
    for (const line of lines) expect(line).toMatch(/=; Max-Age=0; .*Expires=Thu, 01 Jan 1970/)
  })

  test('causes no event', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}`)
    session.clear()
    await sessions.setCookies(session)
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('again, in the request of a refused cookie, leaves that cookie alone', async () => {
    const fillAndClear = (session: Session<Data>) => {
      setUser(session)
      session.clear()
    }
    expect(await linesOf(`${NAME}=junk`, fillAndClear)).toEqual([])
  })

  test('is not deleted by reading it if it was received empty', async () => {
    const cookie = `${NAME}=${mint(payload({ data: {} }))}`
    expect(await linesOf(cookie, (session) => session.get('user'))).toEqual([])
    expect(await linesOf(cookie, (session) => session.clear())).toHaveLength(1)
  })
})

describe('a logout', () => {
  test('deletes the session and its ticket, and leaves a stamp', async () => {
    const cookie = `${NAME}=${mint()}; ${NAME}.t=${mintTicket(START)}`
    const lines = await linesOf(cookie, (session) => session.destroy())
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.t`, `${NAME}.x`])
    expect(lines.slice(0, 2).every((line) => line.includes('=; Max-Age=0; '))).toBe(true)
    expect(stampOf(lines).stamp).toMatch(/^[\w-]{4}$/)
  })

  test('ends a copy of the cookie in the same browser, and a concurrent write', async () => {
    const { sessions } = setUp()
    const browser = createJar()
    const first = await sessions.open(browser.request())
    setUser(first)
    browser.store(await sessions.setCookies(first))
    const slow = await sessions.open(browser.request())
    slow.set('visits', 1)
    const leaving = await sessions.open(browser.request())
    leaving.destroy()
    const late = await sessions.setCookies(slow)
    browser.store(await sessions.setCookies(leaving))
    browser.store(late)
    expect((await sessions.open(browser.request())).rejection).toEqual({ reason: 'destroyed' })
  })

  test('is observed with the id of the session, or without one if the cookie was rejected', async () => {
    const { sessions, events } = setUp()
    for (const [cookie, id] of [
      [`${NAME}=${mint()}`, ID],
      [`${NAME}=junk`, undefined],
    ] as const) {
      const session = await sessions.open(cookie)
      session.destroy()
      await sessions.setCookies(session)
      expect(events.at(-1)).toEqual({ type: 'destroyed', id })
    }
  })

  test('is observed once, and not with writes that are none', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}`)
    session.set('visits', 1)
    await sessions.save(session, () => {})
    session.destroy()
    const saved: string[] = []
    await sessions.save(session, (name) => void saved.push(name))
    expect(saved).toEqual([NAME, `${NAME}.x`])
    session.clear()
    expect(await sessions.setCookies(session)).toEqual([])
    expect(events.map(({ type }) => type)).toEqual(['opened', 'sealed', 'destroyed'])
  })

  test('of a refused cookie needs no device, where sessions are bound to one', async () => {
    const lines = await linesOf(`${NAME}=junk`, destroy, { device: deviceBound() })
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.x`])
  })

  test('of a browser that has only a ticket or a stamp sets no stamp', async () => {
    for (const cookie of [`${NAME}.t=${mintTicket(START)}`, `${NAME}.x=aaaa`, 'theme=dark']) {
      expect(await linesOf(cookie, (session) => session.destroy())).toEqual([])
    }
  })

  test('of a bare token sets no stamp, because it has no cookies', async () => {
    const { sessions } = setUp()
    const first = await sessions.open(null)
    setUser(first)
    const session = await sessions.unseal(await sessions.seal(first))
    session.destroy()
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('after another logout deletes the cookies that were received again, and sets a new stamp', async () => {
    const cookie = `${NAME}=${mint()}; ${NAME}.x=aaaa`
    const looked = await linesOf(cookie, (session) => session.isEmpty)
    expect(looked).toEqual([expect.stringMatching(/^__Host-session=; Max-Age=0; /)])
    const ended = await linesOf(cookie, (session) => session.destroy())
    expect(namesOf(ended)).toEqual([NAME, `${NAME}.x`])
    expect(stampOf(ended).stamp).not.toBe('aaaa')
  })
})

describe('the stamp', () => {
  const cookie = `${NAME}=${mint()}`

  test('is kept as long as an earlier session could come back: maxAge plus the tolerance', async () => {
    expect(stampOf(await linesOf(cookie, destroy)).maxAge).toBe(WEEK + 5)
    const options = { maxAge: 1000, idleTimeout: 100, clockTolerance: 60 }
    expect(stampOf(await linesOf(cookie, destroy, options)).maxAge).toBe(1060)
  })

  test('is kept as long as the longest lifetime', async () => {
    const lifetimes = { remembered: { maxAge: 30 * DAY }, brief: { maxAge: 60, idleTimeout: 30 } }
    const options = { lifetimes, touchInterval: 1 }
    expect(stampOf(await linesOf(cookie, destroy, options)).maxAge).toBe(30 * DAY + 5)
  })

  test('is kept at most as long as browsers keep cookies: 400 days', async () => {
    const options = { maxAge: 400 * DAY }
    expect(stampOf(await linesOf(cookie, destroy, options)).maxAge).toBe(400 * DAY)
  })

  test('ends with the browser if every session does', async () => {
    const session = { cookie: { persistent: false } }
    const last = (lines: readonly string[]) => lines.at(-1) ?? ''
    expect(last(await linesOf(cookie, destroy, session))).not.toMatch(/Max-Age|Expires/)
    const lifetimes = { remembered: { persistent: true } }
    const mixed = await linesOf(cookie, destroy, { ...session, lifetimes })
    expect(stampOf(mixed).maxAge).toBe(WEEK + 5)
  })

  test('has the attributes of the session’s cookies', async () => {
    const { sessions } = setUp({ cookie: { name: 's', path: '/app', domain: 'example.test' } })
    const first = await sessions.open(null)
    setUser(first)
    const session = await sessions.open(toCookieHeader(await sessions.setCookies(first)))
    session.destroy()
    const lines = await sessions.setCookies(session)
    expect(lines.at(-1)).toMatch(
      /^s\.x=[\w-]{4}; Max-Age=604805; Domain=example\.test; Path=\/app; /,
    )
  })
})

test('a logout deletes the ticket of a bound session, and whatever its device has registered', async () => {
  const scene = deviceScene()
  const binding = await scene.enrol()
  const session = await scene.sessions.open(scene.browser.request('/'))
  session.destroy()
  const lines = await scene.sessions.setCookies(session)
  const deleted = namesOf(lines.filter((line) => line.includes('Max-Age=0')))
  expect(deleted).toContain(NAME)
  expect(deleted).toContain(`${NAME}.d.${binding}`)
})

describe('a write after a logout', () => {
  test('begins another session beside the stamp, which that session knows', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}; ${NAME}.t=${mintTicket(START)}`)
    session.destroy()
    session.flash('notice', 'Goodbye')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.t`, `${NAME}.x`])
    const next = await sessions.open(toCookieHeader(lines.toSpliced(1, 1)))
    expect([next.rejection, next.flash('notice')]).toEqual([undefined, ['Goodbye']])
    expect(events.slice(1, 3)).toEqual([
      expect.objectContaining({ type: 'sealed', cause: 'new', id: session.id }),
      { type: 'destroyed', id: ID },
    ])
  })

  test('fills the parts of the former session, and deletes the others', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=2.junk; ${NAME}.1=junk`)
    session.destroy()
    session.flash('notice', 'Goodbye')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.1`, `${NAME}.x`])
    expect(lines[1]).toContain('Max-Age=0')
  })

  test('that does not fit is dropped, and the logout is written without it', async () => {
    const { sessions, events } = setUp()
    const foreign = `other=${'x'.repeat(7100)}`
    const session = await sessions.open(`${NAME}=${mint()}; ${foreign}`)
    session.destroy()
    session.flash('notice', 'Goodbye')
    const lines = await sessions.setCookies(session)
    expect(namesOf(lines)).toEqual([NAME, `${NAME}.x`])
    expect(lines[0]).toContain('Max-Age=0')
    expect([session.isEmpty, session.id]).toEqual([true, undefined])
    expect(events.map(({ type }) => type)).toEqual(['opened', 'size', 'destroyed'])
  })

  test('that does not fit leaves the same lines when they are asked for again', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=${mint()}`)
    session.destroy()
    session.set('text', 'x'.repeat(9000))
    const lines = await sessions.setCookies(session)
    expect(await sessions.setCookies(session)).toEqual(lines)
    const { headers } = await sessions.commit(session, new Response())
    expect(headers.getSetCookie()).toEqual(lines)
  })
})
