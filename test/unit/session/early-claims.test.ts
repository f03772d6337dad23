import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { changeLifetime, reserveClaims } from '../../../src/session/early-claims.ts'
import { getState } from '../../../src/session/session.ts'
import { createJar } from '../../support/cookie-jar.ts'
import { DAY, SECRET, START, WEEK } from '../../support/mint.ts'

let now = START

const sessions = createSessions<{ user: string }>({
  secrets: SECRET,
  clock: () => now * 1000,
  lifetimes: { remembered: { maxAge: 30 * DAY, idleTimeout: false } },
})

async function begin(header: string | null = null) {
  const session = await sessions.open(header)
  const state = getState(session)
  if (state === undefined) throw new Error('not a session')
  return { session, state }
}

describe('reserveClaims', () => {
  test('returns the identity that the session has after its first entry', async () => {
    const { session, state } = await begin()
    const { id } = reserveClaims(state)
    expect([session.id, reserveClaims(state).id]).toEqual([undefined, id])
    session.set('user', 'ada')
    expect(session.id).toBe(id)
  })

  test('writes nothing for a session that stays empty', async () => {
    const { session, state } = await begin()
    reserveClaims(state)
    expect(await sessions.setCookies(session)).toEqual([])
    expect(session.startedAt).toBe(undefined)
  })
})

describe('changeLifetime', () => {
  test('keeps the session, and applies the other lifetime from its start', async () => {
    now = START
    const jar = createJar()
    const { session } = await begin()
    session.set('user', 'ada')
    jar.store(await sessions.setCookies(session))
    expect(session.expiresAt).toEqual(new Date((START + DAY) * 1000))

    now = START + 3600
    const later = await begin(jar.header())
    changeLifetime(later.state, 'remembered')
    expect([later.session.id, later.session.startedAt]).toEqual([session.id, session.startedAt])
    expect(later.session.expiresAt).toEqual(new Date((START + 30 * DAY) * 1000))
    const [line = ''] = await sessions.setCookies(later.session)
    expect(line).toContain(`Max-Age=${30 * DAY - 3600}`)
    jar.store([line])

    now = START + 2 * WEEK
    expect((await begin(jar.header())).session.get('user')).toBe('ada')
  })

  test('applies to a session that begins afterwards', async () => {
    now = START
    const { session, state } = await begin()
    changeLifetime(state, 'remembered')
    expect(await sessions.setCookies(session)).toEqual([])
    const other = await begin()
    changeLifetime(other.state, 'remembered')
    other.session.set('user', 'ada')
    expect(other.session.expiresAt).toEqual(new Date((START + 30 * DAY) * 1000))
  })

  test('after the cookies are made is an error', async () => {
    const { session, state } = await begin()
    session.set('user', 'ada')
    await sessions.setCookies(session)
    expect(() => changeLifetime(state, 'remembered')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' }),
    )
  })
})
