// The size guard as an application meets it: what it says before, what it throws, and what it leaves
// alone. The arithmetic underneath has its own test.

import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SessionTooLargeError, createSessions } from 'sealed-session'
import type {
  SizeLimits,
  LimitsOption,
  SessionSerializer,
  SessionEvent,
  SessionOptions,
  SizeReport,
} from 'sealed-session'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { OTHER_SECRET, SECRET, START, claims, mint } from '../support/mint.ts'

type Data = Record<string, unknown>

const MARKER = 'marker-b7720f'

/** `Set-Cookie: ` and CRLF. */
const FRAME = 14

function setUp(limits: LimitsOption, more: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const observe = (event: SessionEvent) => void events.push(event)
  const clock = () => time.now * 1000
  const sessions = createSessions<Data>({ secrets: SECRET, clock, observe, limits, ...more })
  const reports = () => events.flatMap((event) => (event.type === 'size' ? [event.report] : []))
  return { time, events, reports, sessions }
}

/** The error of a commit that must not go through. */
async function refusal(commit: Promise<unknown>): Promise<SessionTooLargeError> {
  const error: unknown = await commit.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof SessionTooLargeError) return error
  throw new Error('the commit was not refused as too large', { cause: error })
}

describe('the report', () => {
  test('goes from ok over warn, at three quarters, to over, beyond the limit', async () => {
    const { sessions } = setUp({ preset: 'node', responseHeader: 2000 })
    const session = await sessions.open(null)
    const at = async (bytes: number) => {
      session.set('text', 'x'.repeat(bytes))
      return sessions.measure(session)
    }
    let previous: SizeReport = await at(0)
    const levels = new Set<string>()
    for (let bytes = 1; bytes < 1500; bytes += 7) {
      const report = await at(bytes)
      expect(report.used).toBeGreaterThanOrEqual(previous.used)
      // A renewal names the session's start, and must fit too.
      const renewal = report.used * 2000 - report.bytes.responseHeader
      expect(renewal).toBeGreaterThanOrEqual(0)
      expect(renewal).toBeLessThan(40)
      const level = report.used > 1 ? 'over' : report.used >= 0.75 ? 'warn' : 'ok'
      expect(report.level).toBe(level)
      levels.add(level)
      previous = report
    }
    expect([...levels]).toEqual(['ok', 'warn', 'over'])
  })

  const tightest: readonly (readonly [keyof SizeLimits, Partial<SizeLimits>])[] = [
    ['cookie', { cookies: 1, cookie: 1000 }],
    ['cookies', { cookies: 3, cookie: 400 }],
    ['requestHeader', { requestHeader: 900 }],
    ['responseHeader', { responseHeader: 1000 }],
  ]
  test.each(tightest)('names %s where it is the tightest', async (name, limits) => {
    const { sessions } = setUp({ preset: 'node', ...limits })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(400))
    expect(await sessions.measure(session)).toMatchObject({ tightest: name })
    session.set('text', 'x'.repeat(1200))
    const { report } = await refusal(sessions.setCookies(session))
    expect(report).toMatchObject({ tightest: name, level: 'over', move: ['text'] })
    expect(report.limits).toMatchObject(limits)
  })

  test('counts the other cookies of the request as the bytes they travel in', async () => {
    const { sessions } = setUp({ preset: 'node', requestHeader: 1000 })
    const text = `theme=dark; lang=zoë\u{1f98a}; empty=`
    const session = await sessions.open(text)
    session.set('user', 'ada')
    const { bytes, tightest: name } = await sessions.measure(session)
    const utf8 = Buffer.byteLength('theme=dark') + Buffer.byteLength('lang=zoë\u{1f98a}')
    expect(bytes.otherCookies).toBe(utf8 + 'empty='.length + 3 * '; '.length)
    expect(name).toBe('requestHeader')
    const [line = ''] = await sessions.setCookies(session)
    expect(bytes.requestHeader).toBe(bytes.otherCookies + line.split(';', 1).join().length)
  })

  test('other cookies alone can leave no room', async () => {
    const { sessions } = setUp('portable')
    const session = await sessions.open(`other=${'x'.repeat(8000)}`)
    session.set('user', 'ada')
    const { report } = await refusal(sessions.setCookies(session))
    expect(report).toMatchObject({ tightest: 'requestHeader', move: ['user'] })
    session.clear()
    expect((await sessions.measure(session)).level).toBe('ok')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('has every key once, the largest first, with shares that fit in the whole', async () => {
    const { sessions } = setUp('node')
    const session = await sessions.open(null)
    session.set('small', 1)
    session.set('large', 'x'.repeat(900))
    session.set('middle', 'x'.repeat(90))
    const { keys } = await sessions.measure(session)
    expect(keys.map(({ key }) => key)).toEqual(['large', 'middle', 'small'])
    expect(keys.map(({ bytes }) => bytes >= 1)).toEqual([true, true, true])
    const shares = keys.reduce((sum, { share }) => sum + share, 0)
    expect(shares).toBeGreaterThan(0.7)
    expect(shares).toBeLessThan(1)
  })

  test('what a key takes is what the token loses without it', async () => {
    const texts = fc.dictionary(fc.stringMatching(/^[a-zäö"]{1,9}$/), fc.string(), { minKeys: 1 })
    const sealed = async (data: object) => {
      const { sessions } = setUp('browsers')
      const session = await sessions.open(null)
      session.setTestCookie()
      for (const [key, value] of Object.entries(data)) session.set(key, value)
      return { token: await sessions.seal(session), report: await sessions.measure(session) }
    }
    const property = fc.asyncProperty(texts, async (data) => {
      const { token, report } = await sealed(data)
      for (const { key, bytes } of report.keys) {
        const { [key]: _, ...others } = data
        const { token: shorter } = await sealed(others)
        expect(bytes).toBe(token.length - shorter.length)
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('costs no more than its length allows, however many keys a client has chosen', async () => {
    let characters = 0
    const serializer: SessionSerializer = {
      parse: JSON.parse,
      stringify(value) {
        const text = JSON.stringify(value)
        characters += text.length
        return text
      },
    }
    const sessions = createSessions({ secrets: SECRET, serializer, limits: 'portable' })
    const session = await sessions.open(null)
    for (let key = 0; key < 2000; key++) session.set(`key${key}`, key)
    const whole = JSON.stringify(session).length
    const { move } = await sessions.measure(session)
    expect(move.length).toBeGreaterThan(1000)
    // The whole, each part alone, and by halves what is left: twice 11 times at most, not 2 000 times.
    expect(characters).toBeLessThan(15 * whole)
  })

  test('its bytes are the bytes of the lines that are written', async () => {
    const sizes = [1, 100, 700, 1500, 4000, 9000]
    for (const size of sizes) {
      const { sessions } = setUp('browsers')
      const jar = createJar()
      jar.put('theme', 'dark')
      const before = await sessions.open(jar.request())
      before.set('old', 'y'.repeat(10_000 - size))
      jar.store(await sessions.setCookies(before))

      const session = await sessions.open(jar.request())
      session.clear()
      session.set('text', 'x'.repeat(size))
      const { bytes, cookies } = await sessions.measure(session)
      const lines = await sessions.setCookies(session)
      const longest = Math.max(...lines.slice(0, cookies).map((line) => line.length))
      expect(bytes.cookie).toBe(longest)
      expect(bytes.responseHeader).toBe(lines.reduce((sum, line) => sum + line.length + FRAME, 0))
      jar.store(lines)
      expect(bytes.requestHeader).toBe(jar.header().length)
      expect(jar.names()).toHaveLength(cookies + 1)
    }
  })
})

describe('over a limit', () => {
  const limits: readonly (readonly [keyof SizeLimits, Partial<SizeLimits>])[] = [
    ['cookie', { cookies: 1 }],
    ['cookies', { cookies: 2, cookie: 1500 }],
    ['requestHeader', { requestHeader: 3500 }],
    ['responseHeader', { responseHeader: 3500 }],
  ]
  test.each(limits)(
    '%s: nothing is written, and the error names keys only',
    async (name, limit) => {
      const { sessions, events } = setUp({ preset: 'browsers', ...limit })
      const session = await sessions.open(null)
      session.set('cart', { items: Array.from({ length: 250 }, () => MARKER) })
      session.set('user', MARKER)
      const response = new Response()
      const error = await refusal(sessions.commit(session, response))
      expect(error.code).toBe('ERR_SESSION_TOO_LARGE')
      expect(error.report).toMatchObject({ level: 'over', tightest: name, move: ['cart'] })
      expect(error.message).toContain('"cart"')
      expect([...response.headers]).toEqual([])
      expect(events.map(({ type }) => type)).toEqual(['size'])
      const shown = [
        error.message,
        JSON.stringify(error),
        JSON.stringify(error.report),
        inspect(error, { depth: 10, showHidden: true }),
        inspect(events, { depth: 10, showHidden: true }),
      ]
      for (const text of shown) {
        expect(text).not.toContain(MARKER)
        expect(text).not.toContain(SECRET)
        expect(text).not.toContain('eyJ')
      }
    },
  )

  test('the browser keeps the session it had', async () => {
    const { sessions } = setUp('portable')
    const jar = createJar()
    const session = await sessions.open(jar.request())
    session.set('user', 'ada')
    jar.store(await sessions.commit(session, new Response()))
    const request = jar.request()
    const handler = sessions.wrap((_, later) => {
      later.set('text', 'x'.repeat(8000))
      return new Response()
    })
    await refusal(handler(request))
    expect((await sessions.open(jar.request())).toJSON()).toEqual({ user: 'ada' })
  })
})

/** Data and limits of sizes that often, but not always, fit each other. */
const freshData = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  fc.oneof(
    fc.string({ maxLength: 900, size: 'max', unit: 'grapheme' }),
    fc.array(fc.integer(), { maxLength: 60, size: 'max' }),
    fc.boolean(),
  ),
  { minKeys: 1, maxKeys: 6 },
)

const someLimits = fc.record({
  cookie: fc.integer({ min: 200, max: 4096 }),
  cookies: fc.integer({ min: 1, max: 16 }),
  requestHeader: fc.integer({ min: 150, max: 8000 }),
  responseHeader: fc.integer({ min: 150, max: 8000 }),
})

const otherCookies = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 1, max: 2000 }).map((n) => `o=${'z'.repeat(n)}`),
)

describe('properties', () => {
  test('measure says over exactly when commit throws', async () => {
    const seen = new Set<string>()
    const property = fc.asyncProperty(
      freshData,
      someLimits,
      otherCookies,
      async (data, limits, header) => {
        const { sessions } = setUp(limits)
        const session = await sessions.open(header)
        for (const [key, value] of Object.entries(data)) session.set(key, value)
        const report = await sessions.measure(session)
        seen.add(report.level)
        if (report.level === 'over') {
          const error = await refusal(sessions.setCookies(session))
          expect(error.report).toEqual(report)
          return
        }
        const lines = await sessions.setCookies(session)
        expect(lines).toHaveLength(report.cookies)
        expect(lines.length).toBeLessThanOrEqual(limits.cookies)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(limits.cookie)
        const sent = [header, pairsOf(lines)].filter((text) => text !== '').join('; ')
        expect(sent.length).toBe(report.bytes.requestHeader)
        expect(sent.length).toBeLessThanOrEqual(limits.requestHeader)
        expect((await sessions.open(sent)).toJSON()).toEqual(data)
      },
    )
    await fc.assert(property, { numRuns: 150 })
    expect([...seen].toSorted()).toEqual(['ok', 'over', 'warn'])
  })

  test('without what move names the level is ok, and no shorter part of move would do', async () => {
    const property = fc.asyncProperty(freshData, someLimits, async (data, limits) => {
      const { sessions } = setUp(limits)
      const session = await sessions.open(null)
      for (const [key, value] of Object.entries(data)) session.set(key, value)
      const { level, move } = await sessions.measure(session)
      expect(move.length === 0).toBe(level === 'ok')
      for (const [index, key] of move.entries()) {
        expect(session.delete(key)).toBe(true)
        const left = await sessions.measure(session)
        expect(left.level === 'ok').toBe(index === move.length - 1)
      }
    })
    await fc.assert(property, { numRuns: 100 })
  })
})

/** Cookies written under high limits, and sessions with lower ones. */
async function lowered(more: Partial<SessionOptions<Data>> = {}) {
  const wide = setUp('node')
  const session = await wide.sessions.open(null)
  session.set('text', 'x'.repeat(6000))
  session.set('user', 'ada')
  const cookie = pairsOf(await wide.sessions.setCookies(session))
  return { cookie, ...setUp('portable', more) }
}

describe('a session too large for lowered limits', () => {
  test('still opens and can be read', async () => {
    const { cookie, sessions, events } = await lowered()
    const session = await sessions.open(cookie)
    expect(session.get('user')).toBe('ada')
    expect(session.rejection).toBeUndefined()
    expect(await sessions.setCookies(session)).toEqual([])
    expect(events.map(({ type }) => type)).toEqual(['opened'])
  })

  test('a renewal that is due is left undone, without an error, and observed', async () => {
    const { cookie, sessions, time, reports } = await lowered()
    time.now += 20_000
    const session = await sessions.open(cookie)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.setCookies(session)).toEqual([])
    expect(reports()).toMatchObject([{ level: 'over', move: ['text'] }])
    const next = await sessions.open(cookie)
    expect(next.get('user')).toBe('ada')
    expect(await sessions.setCookies(next)).toEqual([])
    expect(reports(), 'told once a session, not on every request').toHaveLength(1)
  })

  test('a move to a new secret is left undone likewise', async () => {
    const { cookie, sessions, reports } = await lowered({
      secrets: [OTHER_SECRET, SECRET],
      rotate: 'eager',
    })
    const session = await sessions.open(cookie)
    expect(session.get('user')).toBe('ada')
    expect(await sessions.setCookies(session)).toEqual([])
    expect(reports()).toMatchObject([{ level: 'over', move: ['text'] }])
  })

  test('of the last thousand that could not be renewed it is known that they were told of', async () => {
    const { sessions, time, reports } = setUp({ preset: 'node', responseHeader: 400 })
    time.now += 20_000
    const read = async (number: number) => {
      const jti = `${number}`.padStart(22, 'A')
      const token = await mint(claims({ jti, exp: START + 86_400, d: { text: 'x'.repeat(300) } }))
      const session = await sessions.open(`__Host-session=${token}`)
      session.get('text')
      expect(await sessions.setCookies(session)).toEqual([])
    }
    for (let number = 0; number < 1000; number++) await read(number)
    expect(reports()).toHaveLength(1000)
    await read(0)
    await read(999)
    expect(reports()).toHaveLength(1000)
    await read(1000)
    await read(1)
    expect(reports(), 'the thousand and first').toHaveLength(1001)
    await read(0)
    expect(reports(), 'the first, which is forgotten').toHaveLength(1002)
  })

  test('a renewal that was asked for is refused', async () => {
    const { cookie, sessions } = await lowered()
    const session = await sessions.open(cookie)
    session.touch()
    const { report } = await refusal(sessions.setCookies(session))
    expect(report.level).toBe('over')
  })

  test('a change that leaves it too large is refused, and one that makes it smaller is written', async () => {
    const { cookie, sessions } = await lowered()
    const session = await sessions.open(cookie)
    session.set('user', 'eve')
    await refusal(sessions.setCookies(session))
    session.delete('text')
    const next = await sessions.open(pairsOf(await sessions.setCookies(session)))
    expect(next.toJSON()).toEqual({ user: 'eve' })
    expect(next.id).toBe(session.id)
  })

  test('it can be destroyed', async () => {
    const { cookie, sessions } = await lowered()
    const session = await sessions.open(cookie)
    session.destroy()
    const lines = await sessions.setCookies(session)
    expect(lines.map((line) => line.split('=', 1).join())).toEqual([
      '__Host-session',
      '__Host-session.1',
      '__Host-session.2',
      '__Host-session.x',
    ])
  })
})

describe('renewal', () => {
  test.each([{ responseHeader: 1000 }, { cookies: 2, cookie: 500 }, { cookies: 1, cookie: 800 }])(
    'the largest session that may be written may be renewed (%o)',
    async (limits) => {
      const { sessions, time } = setUp({ preset: 'node', ...limits })
      const write = async (bytes: number) => {
        const session = await sessions.open(null)
        session.set('text', 'x'.repeat(bytes))
        return pairsOf(await sessions.setCookies(session))
      }
      let largest = ''
      for (let bytes = 100; bytes < 1000; bytes++) {
        const cookie = await write(bytes).catch(() => undefined)
        if (cookie === undefined) break
        largest = cookie
      }
      time.now += 50_000
      const session = await sessions.open(largest)
      expect(session.get('text')).toBeDefined()
      expect((await sessions.setCookies(session)).length).toBeGreaterThan(0)
    },
  )
})

describe('size events', () => {
  test('tell once that a session has come near its limit, and again after it had left', async () => {
    const { sessions, reports } = setUp('portable')
    const jar = createJar()
    const write = async (bytes: number) => {
      const request = jar.request()
      ;(await sessions.open(request)).set('text', 'x'.repeat(bytes))
      jar.store(await sessions.commit(request, new Response()))
      return reports().length
    }
    const seen: number[] = []
    for (const bytes of [100, 1700, 1701, 1702, 100, 101, 1700, 1701]) seen.push(await write(bytes))
    expect(seen).toEqual([0, 1, 1, 1, 1, 1, 2, 2])
    expect(reports().map(({ level }) => level)).toEqual(['warn', 'warn'])
  })

  test('a new session that begins near its limit is told once', async () => {
    const { sessions, events } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(1700))
    await sessions.setCookies(session)
    await sessions.setCookies(session)
    expect(events.map(({ type }) => type)).toEqual(['size', 'sealed'])
    expect(events[0]).toMatchObject({ id: session.id, report: { level: 'warn' } })
  })

  test('every refusal is told', async () => {
    const { sessions, reports } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    await refusal(sessions.setCookies(session))
    await refusal(sessions.setCookies(session))
    expect(reports().map(({ level }) => level)).toEqual(['over', 'over'])
  })

  test('measure tells nobody', async () => {
    const { sessions, events } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    expect((await sessions.measure(session)).level).toBe('over')
    expect(events).toEqual([])
  })
})
