// The checks that an open session passes again: before its data is sealed, and by verify.

import { describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { recheckNow } from '../../../src/pipeline/recheck.ts'
import { createState } from '../../../src/session/state.ts'
import { createClaims } from '../../../src/token/claims.ts'
import { toCookieHeader } from '../../support/cookie-jar.ts'
import {
  DAY,
  ID,
  NAME,
  OLDER_SECRET,
  SECRET,
  START,
  WEEK,
  mint,
  secretId,
  untyped,
} from '../../support/mint.ts'
import { setUp as setUpWith, setUser } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

/** Creates sessions with arrays of revoked ids and users that a test changes. */
function setUp(options: Partial<SessionOptions<Data>> = {}) {
  const list = new Set<unknown>()
  const revoked = vi.fn(
    (session: Session<Data>) => list.has(session.id) || list.has(session.get('user')),
  )
  return { ...setUpWith({ revoked, ...options }), list, revoked }
}

/** Creates sessions with a secrets function whose result a test changes. */
function setUpSecrets() {
  const secrets = { now: [SECRET, OLDER_SECRET] }
  const all = setUpWith({ secrets: () => secrets.now, secretsRefresh: 60 })
  const older = setUpWith({ secrets: OLDER_SECRET })
  /** Removes a secret, and makes the secrets function be called again. */
  const remove = async (secret: string) => {
    secrets.now = secrets.now.filter((other) => other !== secret)
    all.time.now += 300
    await all.sessions.open(`${NAME}=${mint()}`)
    await new Promise((done) => setImmediate(done))
  }
  return { ...all, older, remove }
}

const WRITES: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
  ['set', (session) => session.set('visits', 1)],
  ['a change in place', (session) => Object.assign(session.get('cart') ?? {}, { items: 2 })],
  ['regenerate that keeps data', (session) => session.regenerate({ keep: ['user'] })],
  ['regenerate that keeps a scope', (session) => session.regenerate({ scopes: ['shop'] })],
  ['renewId', (session) => session.renewId()],
  ['touch', (session) => session.touch()],
  ['clear and set', (session) => (session.clear(), session.set('user', 'eve'))],
  ['flash', (session) => session.flash('notice', 'hello')],
]

function fill(session: Session<Data>): void {
  setUser(session)
  session.set('cart', { items: 1 })
  session.scope('shop').set('items', 1)
}

describe('before a received session is sealed again', () => {
  test.each(WRITES)(
    'a session that was revoked meanwhile is not written by %s, and the rejection is observed',
    async (_, act) => {
      const { sessions, cookieOf, list, events, time } = setUp()
      const session = await sessions.open(await cookieOf(fill))
      const { id } = session
      time.now += 10
      act(session)
      list.add('ada')
      events.length = 0
      expect(await sessions.setCookies(session)).toEqual([])
      expect(events).toEqual([
        {
          type: 'rejected',
          reason: 'revoked',
          secretId: secretId(),
          limit: 'revoked',
          id,
          startedAt: START,
          sealedAt: START,
          usedAt: START,
        },
      ])
    },
  )

  test('a ticket is not written either', async () => {
    const { sessions, cookieOf, list, revoked, time } = setUp()
    const cookie = await cookieOf(setUser)
    time.now += DAY / 2
    const session = await sessions.open(cookie)
    session.get('user')
    list.add('ada')
    expect(await sessions.setCookies(session)).toEqual([])
    expect(revoked).toHaveBeenCalledTimes(2)
    list.clear()
    const again = await sessions.open(cookie)
    again.get('user')
    expect(await sessions.setCookies(again)).toHaveLength(1)
  })

  test('a bare token is empty', async () => {
    const { sessions, cookieOf, list, events } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    list.add('ada')
    expect(await sessions.seal(session)).toBe('')
    expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'revoked' })
  })

  test('revoked receives the session as it was received', async () => {
    const { sessions, cookieOf, revoked } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    const { id } = session
    session.regenerate({ keep: ['user'] })
    session.set('user', 'eve')
    const received: unknown[] = []
    revoked.mockImplementation((copy) => {
      received.push([copy.id, copy.get('user')])
      return false
    })
    await sessions.setCookies(session)
    expect(received).toEqual([[id, 'ada']])
  })

  test('a failure of revoked counts as revoked, with the error in the event', async () => {
    const { sessions, cookieOf, revoked, events } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    const error = new Error('the list is down')
    revoked.mockImplementation(() => {
      throw error
    })
    session.set('visits', 1)
    expect(await sessions.setCookies(session)).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'rejected', reason: 'revoked', error })
  })

  test.each<[string, (session: Session<Data>) => unknown]>([
    ['regenerate that keeps nothing', (session) => session.regenerate()],
    ['regenerate that keeps what is not there', (session) => session.regenerate({ keep: ['x'] })],
    ['destroy', (session) => session.destroy()],
  ])('what begins after %s is written: nothing of it was received', async (_, act) => {
    const { sessions, cookieOf, list, revoked } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    list.add('ada')
    revoked.mockClear()
    act(session)
    session.set('user', 'eve')
    const lines = await sessions.setCookies(session)
    expect((await sessions.open(toCookieHeader(lines))).get('user')).toBe('eve')
  })

  test('a logout of a session that was revoked meanwhile still deletes the cookies', async () => {
    const { sessions, cookieOf, list } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    list.add('ada')
    session.destroy()
    expect(await sessions.setCookies(session)).toHaveLength(2)
  })

  test('revoked is not called again if nothing is sealed', async () => {
    const { sessions, cookieOf, revoked } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    session.get('user')
    expect(await sessions.setCookies(session)).toEqual([])
    session.peekFlash('notice')
    expect(revoked).toHaveBeenCalledTimes(1)
  })

  test('a repeated commit writes nothing, and does not call revoked', async () => {
    const { sessions, cookieOf, list, revoked } = setUp()
    const session = await sessions.open(await cookieOf((first) => first.set('cart', { items: 1 })))
    Object.assign(session.get('cart') ?? {}, { items: 2 })
    list.add(session.id)
    expect(await sessions.setCookies(session)).toEqual([])
    expect(await sessions.setCookies(session)).toEqual([])
    expect(revoked).toHaveBeenCalledTimes(2)
  })

  test('a session whose secret was removed meanwhile is not sealed under another one', async () => {
    const { sessions, older, remove, events } = setUpSecrets()
    const session = await sessions.open(await older.cookieOf(setUser))
    expect(session.get('user')).toBe('ada')
    session.regenerate({ keep: ['user'] })
    await remove(OLDER_SECRET)
    events.length = 0
    expect(await sessions.setCookies(session)).toEqual([])
    expect(events).toEqual([
      expect.objectContaining({ reason: 'unknown-key', secretId: secretId(OLDER_SECRET) }),
    ])
  })
})

describe('verify', () => {
  test('is undefined for a session that is still valid, and for an empty one', async () => {
    const { sessions, cookieOf } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    expect(await sessions.verify(session)).toBeUndefined()
    expect(await sessions.verify(await sessions.open(null))).toBeUndefined()
  })

  test('is undefined for a new session, or one with a new id, that was not written yet', async () => {
    const { sessions, cookieOf } = setUp()
    const [begun, renewed] = [
      await sessions.open(null),
      await sessions.open(await cookieOf(setUser)),
    ]
    setUser(begun)
    renewed.renewId()
    expect(await sessions.verify(begun)).toBeUndefined()
    expect(await sessions.verify(renewed)).toBeUndefined()
    renewed.regenerate({ keep: ['user'] })
    expect(await sessions.verify(renewed)).toBeUndefined()
  })

  test('is unproven for a session whose proof has ended meanwhile, and for no other', async () => {
    const asked: unknown[] = []
    const lifetimes = createPipeline({ secrets: SECRET }).lifetimes
    const verify = (provenAt: number | undefined, hasEnded: boolean | undefined) => {
      const device = {
        hasEnded: (...given: unknown[]) => (asked.push(given), hasEnded),
      }
      const state = createState(untyped({}))
      const claims = createClaims(START, '', '', lifetimes, 'bbbbbbbb')
      Object.assign(state, { provenAt, usedAt: START })
      const pipeline = { lifetimes, now: () => START, ...(hasEnded !== undefined && { device }) }
      return recheckNow(state, claims, untyped(pipeline))
    }
    expect(await verify(START - 9, true)).toMatchObject({ reason: 'unproven', usedAt: START })
    expect(await verify(START - 9, false)).toBeUndefined()
    expect(asked).toEqual(Array.from({ length: 2 }, () => [START - 9, lifetimes.default]))
    expect(await verify(undefined, true)).toBeUndefined()
    expect(await verify(START - 9, undefined)).toBeUndefined()
    expect(asked).toHaveLength(2)
  })

  test('is the rejection of a rejected session', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(`${NAME}=junk`)
    expect(await sessions.verify(session)).toEqual({ reason: 'malformed' })
  })

  test('is about the session that began since, if the received one was rejected', async () => {
    const { sessions, time } = setUp()
    const session = await sessions.open(`${NAME}=junk`)
    setUser(session)
    await sessions.setCookies(session)
    expect(await sessions.verify(session)).toBeUndefined()
    time.now += DAY + 5
    expect(await sessions.verify(session)).toEqual({ reason: 'idle' })
  })

  test('finds the end of the session by time, to the second', async () => {
    const { sessions, cookieOf, time, events } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    time.now += DAY + 4
    expect(await sessions.verify(session)).toBeUndefined()
    time.now++
    expect(await sessions.verify(session)).toEqual({ reason: 'idle' })
    time.now = START + WEEK + 5
    expect(await sessions.verify(session)).toEqual({ reason: 'expired' })
    expect(events.at(-1)).toEqual({
      type: 'rejected',
      reason: 'expired',
      id: session.id,
      startedAt: START,
      sealedAt: START,
      usedAt: START,
      limit: 'maxAge',
    })
  })

  test('uses the times of the session’s own lifetime', async () => {
    const lifetimes = { remembered: { maxAge: 30 * DAY, idleTimeout: 10 * DAY } }
    const { sessions, cookieOf, time } = setUp({ lifetimes })
    const cookie = await cookieOf((first) => {
      first.regenerate({ lifetime: 'remembered' })
      setUser(first)
    })
    const session = await sessions.open(cookie)
    time.now += 10 * DAY + 4
    expect(await sessions.verify(session)).toBeUndefined()
    time.now++
    expect(await sessions.verify(session)).toEqual({ reason: 'idle' })
  })

  test('calls revoked each time', async () => {
    const { sessions, cookieOf, list, revoked, events } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    expect(await sessions.verify(session)).toBeUndefined()
    list.add(session.id)
    expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
    expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
    list.clear()
    expect(await sessions.verify(session)).toBeUndefined()
    expect(revoked).toHaveBeenCalledTimes(5)
    expect(events.filter(({ type }) => type === 'rejected')).toHaveLength(2)
  })

  test('calls revoked for a new or regenerated session after it was committed', async () => {
    const { sessions, cookieOf, list } = setUp()
    const begun = await sessions.open(null)
    setUser(begun)
    await sessions.setCookies(begun)
    const regenerated = await sessions.open(await cookieOf(setUser))
    regenerated.regenerate({ keep: ['user'] })
    await sessions.setCookies(regenerated)
    for (const session of [begun, regenerated]) {
      list.clear()
      expect(await sessions.verify(session)).toBeUndefined()
      list.add(session.id)
      expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
    }
  })

  test('calls revoked with the written data', async () => {
    const { sessions, cookieOf, list } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    session.set('user', 'eve')
    await sessions.setCookies(session)
    list.add('ada')
    expect(await sessions.verify(session)).toBeUndefined()
    list.add('eve')
    expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
  })

  test('notices that the secret of the session was removed', async () => {
    const { sessions, older, remove } = setUpSecrets()
    const session = await sessions.open(await older.cookieOf(setUser))
    expect(await sessions.verify(session)).toBeUndefined()
    await remove(OLDER_SECRET)
    expect(await sessions.verify(session)).toEqual({ reason: 'unknown-key' })
  })

  test('uses the secret of the last write', async () => {
    const { sessions, older, remove } = setUpSecrets()
    const session = await sessions.open(await older.cookieOf(setUser))
    session.set('visits', 1)
    await sessions.setCookies(session)
    await remove(OLDER_SECRET)
    expect(await sessions.verify(session)).toBeUndefined()
  })

  test('reports the revocation of an unsealed token only when it is called', async () => {
    const { sessions, list } = setUp()
    const first = await sessions.open(null)
    setUser(first)
    const session = await sessions.unseal(await sessions.seal(first))
    list.add(first.id)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.verify(session)).toEqual({ reason: 'revoked' })
  })

  test('counts as access', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap(async (_, session) =>
      Response.json((await sessions.verify(session)) ?? null),
    )
    const headers = { cookie: `${NAME}=${mint()}` }
    const response = await handler(new Request('https://example.test/', { headers }))
    expect(response.headers.get('vary')).toBe('Cookie')
  })

  test('changes nothing, and leaves the session open', async () => {
    const { sessions, cookieOf } = setUp()
    const session = await sessions.open(await cookieOf(setUser))
    await sessions.verify(session)
    expect(await sessions.setCookies(session)).toEqual([])
    expect(await sessions.verify(session)).toBeUndefined()
    expect(session.id).not.toBe(ID)
  })
})
