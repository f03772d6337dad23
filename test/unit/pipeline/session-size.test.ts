// The size of a session, and which writes may exceed the limits.

import { describe, expect, test } from 'vitest'
import type { Session, SessionEvent, SessionOptions } from 'sealed-session'
import { overflow } from 'sealed-session/overflow'
import { NO_COOKIES } from '../../../src/cookies/request-cookies.ts'
import { createPipeline } from '../../../src/pipeline/pipeline.ts'
import { createProbe } from '../../../src/pipeline/session-size.ts'
import { createContents, movableParts } from '../../../src/session/contents.ts'
import { createClaims } from '../../../src/token/claims.ts'
import type { DayKey } from '../../../src/token/jwe.ts'
import { pairsOf } from '../../support/cookie-jar.ts'
import { createFaultyStore } from '../../support/faulty-store.ts'
import {
  DAY,
  NAME,
  SECRET,
  START,
  headerOfParts,
  mint,
  mintTicket,
  payload,
  split,
  untyped,
} from '../../support/mint.ts'
import { TOO_LARGE_ERROR, catchAsyncError } from '../../support/errors.ts'
import { setUp as setUpWith } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

/** Round numbers as limits. */
const LIMITS = { preset: 'browsers', cookie: 4096, responseHeader: 2000 } as const

/** Only the length of its id and day matters. */
const KEY: DayKey = untyped({ id: 'aaaa', day: 20_000 })

const setUp = (options: Partial<SessionOptions<Data>> = {}) =>
  setUpWith({ limits: LIMITS, ...options })

/** `Set-Cookie: ` and CRLF around each line. */
const FRAME = 14

function levelsOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'size' ? [event.report.level] : []))
}

/** Returns the cookies of a session with a string of this length, whatever the limits are. */
function large(length: number): string {
  return headerOfParts(split(mint(payload({ data: { text: 'x'.repeat(length) } })), 2))
}

describe('measure', () => {
  test('returns the exact bytes of a commit, and writes nothing', async () => {
    const { sessions } = setUp()
    const session = await sessions.open('theme=dark')
    session.set('user', 'ada')
    session.flash('notice', 'zoë')
    const report = await sessions.measure(session)
    expect(report).toMatchObject({ level: 'ok', cookies: 1, move: [] })
    expect(report.keys.map(({ key }) => key)).toEqual(['flash(notice)', 'user'])
    const [line = ''] = await sessions.setCookies(session)
    expect(report.bytes.responseHeader).toBe(line.length + FRAME)
    expect(report.bytes.otherCookies).toBe('theme=dark; '.length)
  })

  test('of an empty session counts only the other cookies', async () => {
    const { sessions } = setUp()
    const report = await sessions.measure(await sessions.open('theme=dark'))
    expect(report).toMatchObject({ level: 'ok', cookies: 0, keys: [], move: [] })
    expect(report.bytes).toMatchObject({ cookie: 0, responseHeader: 0, otherCookies: 12 })
  })

  test('uses the attributes of the session’s own lifetime', async () => {
    const lifetimes = { brief: { maxAge: 1800, idleTimeout: 600, persistent: false } }
    const { sessions } = setUp({ lifetimes })
    for (const lifetime of [undefined, 'brief']) {
      const session = await sessions.open(null)
      session.regenerate({ lifetime })
      session.set('user', 'ada')
      const { bytes } = await sessions.measure(session)
      const [line = ''] = await sessions.setCookies(session)
      expect(line.includes('Max-Age')).toBe(lifetime === undefined)
      expect(bytes.responseHeader).toBe(line.length + FRAME)
    }
  })

  test('adds up: the keys together are the difference to an empty token', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    for (let key = 0; key < 20; key++) session.set(`key${key}`, 'x'.repeat(3 * key))
    const { keys } = await sessions.measure(session)
    const share = keys.reduce((sum, { share: part }) => sum + part, 0)
    expect(keys[0]?.key).toBe('key19')
    expect(share).toBeGreaterThan(0.85)
    expect(share).toBeLessThan(1)
  })

  test('counts a comma for each key beside others, and none for a key alone', () => {
    const pipeline = createPipeline({ secrets: SECRET, clock: () => START * 1000 })
    const claims = createClaims(START, '', '', pipeline.lifetimes)
    const bytesOf = (data: object) => {
      const contents = createContents(new Map(Object.entries(data)))
      const probe = createProbe(contents, claims, NO_COOKIES, KEY, pipeline)
      return movableParts(contents).map((part) => probe.bytesOf(part))
    }
    expect(bytesOf({ user: 'ada' })).toEqual(['"user":"ada"'.length])
    expect(bytesOf({ user: 'ada', n: 1 })).toEqual(['"user":"ada",'.length, '"n":1,'.length])
  })

  test('counts the cookie of a session all of whose keys are in a store', async () => {
    const storage = createFaultyStore(() => START)
    const { sessions } = setUp({ overflow: overflow({ storage }), limits: 'portable' })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    const { cookies, bytes } = await sessions.measure(session)
    const [line = ''] = await sessions.setCookies(session)
    expect([cookies, bytes.responseHeader]).toEqual([1, line.length + FRAME])
  })

  test('counts as access, and changes nothing', async () => {
    const { sessions } = setUp()
    const handler = sessions.wrap(async (_, session) =>
      Response.json((await sessions.measure(session)).level),
    )
    const headers = { cookie: `${NAME}=${mint()}` }
    const response = await handler(new Request('https://example.test/', { headers }))
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('of a committed session returns the committed sizes', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const before = await sessions.measure(session)
    await sessions.setCookies(session)
    expect(await sessions.measure(session)).toEqual(before)
  })
})

describe('a write', () => {
  test('that does not fit throws with the report, and is observed', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(null)
    session.set('user', 'ada')
    session.set('text', 'x'.repeat(2000))
    const error = await catchAsyncError(sessions.setCookies(session))
    expect(error).toEqual(TOO_LARGE_ERROR)
    expect(error).toMatchObject({
      report: { level: 'over', tightest: 'responseHeader', move: ['text'] },
    })
    expect(events).toEqual([
      { type: 'size', id: session.id, report: expect.objectContaining({ level: 'over' }) },
    ])
  })

  test('that nearly does not fit is observed once, when the session reaches that level', async () => {
    const { sessions, received, next, events } = setUp()
    const session = await received((first) => first.set('text', 'x'.repeat(1000)))
    expect(levelsOf(events)).toEqual(['warn'])
    session.set('text', 'y'.repeat(1000))
    const later = await next(session)
    expect(levelsOf(events)).toEqual(['warn'])
    later.set('text', 'short')
    const last = await next(later)
    last.set('text', 'x'.repeat(1000))
    await sessions.setCookies(last)
    expect(levelsOf(events)).toEqual(['warn', 'warn'])
  })

  test('that makes a session smaller always succeeds, however large it still is', async () => {
    const { sessions, events } = setUp()
    const session = await sessions.open(large(4000))
    session.set('text', 'x'.repeat(3000))
    const lines = await sessions.setCookies(session)
    const next = await sessions.open(pairsOf(lines.slice(0, 2)))
    expect(next.get('text')).toHaveLength(3000)
    expect(levelsOf(events)).toEqual([])
  })

  test('of the same length succeeds, and one that is a byte longer throws', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(large(3000))
    session.set('text', 'y'.repeat(3000))
    expect(await sessions.setCookies(session)).not.toEqual([])
    const other = await sessions.open(large(3000))
    other.set('text', 'y'.repeat(3001))
    expect(await catchAsyncError(sessions.setCookies(other))).toEqual(TOO_LARGE_ERROR)
  })

  test.each<[string, (session: Session<Data>) => unknown]>([
    ['regenerate', (session) => session.regenerate()],
    ['destroy', (session) => session.destroy()],
  ])('of another session after %s is not the smaller one of the two', async (name, act) => {
    const { sessions } = setUp()
    const session = await sessions.open(large(4000))
    act(session)
    session.set('text', 'x'.repeat(3000))
    const commit = sessions.setCookies(session)
    if (name === 'regenerate') expect(await catchAsyncError(commit)).toEqual(TOO_LARGE_ERROR)
    else expect((await commit)[0]).toContain('=; Max-Age=0')
  })

  test('that regenerates a session with less data succeeds', async () => {
    const { sessions } = setUp()
    const session = await sessions.open(large(4000))
    session.regenerate({ keep: ['text'] })
    session.set('text', 'x'.repeat(3000))
    expect(await sessions.setCookies(session)).not.toEqual([])
  })

  test('leaves room for a later ticket and stamp', async () => {
    const { sessions } = setUp({ limits: { preset: 'browsers', requestHeader: 400 } })
    const session = await sessions.open(null)
    session.set('user', 'a')
    let length = 1
    while ((await sessions.measure(session)).level !== 'over') {
      session.set('user', 'a'.repeat(++length))
    }
    session.set('user', 'a'.repeat(length - 1))
    const cookie = pairsOf(await sessions.setCookies(session))
    const header = `${cookie}; ${NAME}.t=${mintTicket(START, session.id)}; ${NAME}.x=aaaa`
    expect(header.length).toBeGreaterThan(396)
    expect(header.length).toBeLessThanOrEqual(400)
  })
})

test('of a ticket succeeds for any session size and other cookies', async () => {
  const { sessions, time, events } = setUp()
  time.now += DAY / 2
  const session = await sessions.open(`${large(4000)}; other=${'x'.repeat(9000)}`)
  session.get('text')
  const lines = await sessions.setCookies(session)
  expect(lines).toEqual([expect.stringMatching(/^__Host-session\.t=/)])
  expect(events.map(({ type }) => type)).toEqual(['opened', 'sealed'])
})
