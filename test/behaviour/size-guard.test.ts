// The size guard as an application uses it: its reports, its errors, and what it does not change.
// The arithmetic has tests of its own.

import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SessionTooLargeError, createSessions } from 'sealed-session'
import type {
  LimitsOption,
  SessionEvent,
  SessionOptions,
  SessionSerializer,
  SizeLevel,
  SizeLimits,
  SizeReport,
} from 'sealed-session'
import { createJar, pairsOf } from '../support/cookie-jar.ts'
import { SECRET, START } from '../support/mint.ts'
import { setAll } from '../support/set-up.ts'

type Data = Record<string, unknown>

const MARKER = 'marker-b7720f'

/** `Set-Cookie: ` and CRLF. */
const FRAME = 14

/** A ticket: secret id, day, IV, the ciphertext of `["abcdefgh",86399]`, tag, and the dots between. */
const TICKET = '; __Host-session.t='.length + 4 + 5 + 16 + Math.ceil((18 * 4) / 3) + 22 + 4

/** A logout stamp. */
const STAMP = '; __Host-session.x='.length + 4

const RANK: Readonly<Record<SizeLevel, number>> = { ok: 0, warn: 1, over: 2 }

function setUp(limits: LimitsOption, more: Partial<SessionOptions<Data>> = {}) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const observe = (event: SessionEvent) => void events.push(event)
  const clock = () => time.now * 1000
  const sessions = createSessions<Data>({ secrets: SECRET, clock, observe, limits, ...more })
  const reports = () => events.flatMap((event) => (event.type === 'size' ? [event.report] : []))
  return { time, events, reports, sessions }
}

/** Returns the error of a commit that must fail. */
async function refusal(commit: Promise<unknown>): Promise<SessionTooLargeError> {
  const error: unknown = await commit.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof SessionTooLargeError) return error
  throw new Error('the commit was not refused as too large', { cause: error })
}

describe('the report', () => {
  test('has the level ok, warn from three quarters, and over beyond the limit', async () => {
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
      expect(report.used).toBe(report.bytes.responseHeader / 2000)
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
  test.each(tightest)('names %s if it is the tightest', async (name, limits) => {
    const { sessions } = setUp({ preset: 'node', ...limits })
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(400))
    expect(await sessions.measure(session)).toMatchObject({ tightest: name })
    session.set('text', 'x'.repeat(1200))
    const { report } = await refusal(sessions.setCookies(session))
    expect(report).toMatchObject({ tightest: name, level: 'over', move: ['text'] })
    expect(report.limits).toMatchObject(limits)
  })

  test('counts the bytes of the other cookies of the request as they are sent', async () => {
    const { sessions } = setUp({ preset: 'node', requestHeader: 1000 })
    const header = `theme=dark; lang=zoë\u{1f98a}; empty=`
    const session = await sessions.open(header)
    session.set('user', 'ada')
    const { bytes, tightest: name } = await sessions.measure(session)
    const utf8 = Buffer.byteLength('theme=dark') + Buffer.byteLength('lang=zoë\u{1f98a}')
    expect(bytes.otherCookies).toBe(utf8 + 'empty='.length + 3 * '; '.length)
    expect(name).toBe('requestHeader')
    const [line = ''] = await sessions.setCookies(session)
    const pair = line.split(';', 1).join()
    expect(bytes.requestHeader).toBe(bytes.otherCookies + pair.length + TICKET + STAMP)
  })

  test('counts a ticket and a logout stamp before they exist, to the byte', async () => {
    const { sessions, time } = setUp('portable')
    const jar = createJar()
    const former = await sessions.open(jar.request())
    former.set('user', 'eve')
    jar.store(await sessions.setCookies(former))
    const leaving = await sessions.open(jar.request())
    leaving.destroy()
    jar.store(await sessions.setCookies(leaving))
    expect(jar.names()).toEqual(['__Host-session.x'])

    const session = await sessions.open(jar.request())
    session.set('user', 'ada')
    const { bytes } = await sessions.measure(session)
    jar.store(await sessions.setCookies(session))
    expect(jar.header()).toHaveLength(bytes.requestHeader - TICKET)
    // Late in the day, when its seconds have five digits.
    time.now += 20_000
    const later = await sessions.open(jar.request())
    expect(later.get('user')).toBe('ada')
    jar.store(await sessions.setCookies(later))
    expect(jar.names()).toEqual(['__Host-session', '__Host-session.t', '__Host-session.x'])
    expect(jar.header()).toHaveLength(bytes.requestHeader)
  })

  test('moves no key if other cookies alone leave no room, and says so', async () => {
    const { sessions } = setUp('portable')
    const session = await sessions.open(`other=${'x'.repeat(8000)}`)
    session.set('sid', 'c9s2')
    const { report, message } = await refusal(sessions.setCookies(session))
    expect(report).toMatchObject({ tightest: 'requestHeader', level: 'over', move: [] })
    expect(message).toContain('delete some of the other cookies')
    expect(message).not.toContain('sid')
    session.clear()
    expect((await sessions.measure(session)).level).toBe('ok')
    expect(await sessions.setCookies(session)).toEqual([])
  })

  test('has every key once, largest first, with shares of at most 1 in total', async () => {
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

  test('has for each key the bytes by which the token is shorter without it', async () => {
    const texts = fc.dictionary(fc.stringMatching(/^[a-zäö"]{1,9}$/), fc.string(), { minKeys: 1 })
    const sealed = async (data: object) => {
      const { sessions } = setUp('browsers')
      const session = await sessions.open(null)
      session.setTestCookie()
      setAll(session, data)
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

  test('has the bytes of the lines that are written', async () => {
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
      expect(bytes.requestHeader).toBe(jar.header().length + TICKET + STAMP)
      expect(jar.names()).toHaveLength(cookies + 1)
    }
  })
})

describe('[S9] keys that a client has chosen', () => {
  test('cost time in proportion to their number', async () => {
    let characters = 0
    const serializer: SessionSerializer = {
      parse: JSON.parse,
      stringify(value) {
        const text = JSON.stringify(value)
        characters += text.length
        return text
      },
    }
    for (const count of [50, 1000, 10_000]) {
      const { sessions } = setUp('portable', { serializer })
      const session = await sessions.open(null)
      for (let key = 0; key < count; key++) session.set(`${key}`.padStart(5, 'k'), 'v')
      const whole = JSON.stringify(session).length
      characters = 0
      const { move } = await sessions.measure(session)
      expect(move.length > 0).toBe(count > 50)
      // The whole, each part alone, and the remainder, which is small, a few times.
      expect(characters).toBeLessThan(4 * whole)
      if (count > 50) await refusal(sessions.setCookies(session))
      expect(characters).toBeLessThan(10 * whole)
    }
  })

  test.each<[string, (index: number) => string]>([
    ['ten bytes', (index) => `${index}`.padStart(8, 'k')],
    ['a hundred bytes', (index) => `${index}`.padStart(98, 'k')],
    ['control characters', (index) => `${index}`.padStart(40, '\u0007')],
    ['characters that reverse the text', (index) => `${index}`.padStart(40, '\u202e')],
  ])('leave the error below 2 kB, whatever they are: 10 000 keys of %s', async (_, name) => {
    const { sessions } = setUp('portable')
    const session = await sessions.open(null)
    for (let index = 0; index < 10_000; index++) session.set(name(index), 1)
    const { message, report } = await refusal(sessions.setCookies(session))
    expect(Buffer.byteLength(message)).toBeLessThan(2000)
    expect(message).toMatch(/ and 9\d{3} more on a server/)
    expect(message).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    expect(report.keys).toHaveLength(10_000)
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
        // Nor an IV between its dots.
        expect(text).not.toMatch(/\.[\w-]{16}\./)
      }
    },
  )

  test('the error names the tightest preset', async () => {
    const { sessions } = setUp(['node', 'nginx', 'cloudflare'])
    const session = await sessions.open(null)
    session.set('cart', 'x'.repeat(4000))
    const { message } = await refusal(sessions.setCookies(session))
    expect(message).toContain('limits.responseHeader (3072, the preset nginx)')
    expect(message).toMatch(/raise limits\.responseHeader$/)
  })

  test('the error does not advise limits that would not help', async () => {
    const { sessions } = setUp('node')
    const session = await sessions.open(null)
    session.set('cart', 'x'.repeat(13_000))
    const { message } = await refusal(sessions.setCookies(session))
    expect(message).toContain('the preset node')
    expect(message).not.toContain("limits: 'node'")
  })

  test('the browser keeps its session', async () => {
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
  requestHeader: fc.integer({ min: 250, max: 8000 }),
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
        setAll(session, data)
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
        expect(sent.length + TICKET + STAMP).toBe(report.bytes.requestHeader)
        expect(report.bytes.requestHeader).toBeLessThanOrEqual(limits.requestHeader)
        expect((await sessions.open(sent)).toJSON()).toEqual(data)
      },
    )
    await fc.assert(property, { numRuns: 150 })
    expect([...seen].toSorted()).toEqual(['ok', 'over', 'warn'])
  })

  test('a session that may be written may be used and ended within the limits', async () => {
    const property = fc.asyncProperty(
      freshData,
      someLimits,
      otherCookies,
      async (data, limits, header) => {
        const { sessions, time } = setUp(limits)
        const session = await sessions.open(header)
        setAll(session, data)
        fc.pre((await sessions.measure(session)).level !== 'over')
        const written = pairsOf(await sessions.setCookies(session))
        time.now += 50_000
        const used = await sessions.open([header, written].filter(Boolean).join('; '))
        expect(used.toJSON()).toEqual(data)
        const tickets = await sessions.setCookies(used)
        expect(tickets).toHaveLength(1)
        for (const line of tickets) {
          expect(line.length).toBeLessThanOrEqual(limits.cookie)
          expect(line.length + FRAME).toBeLessThanOrEqual(limits.responseHeader)
        }
        const sent = [header, written, pairsOf(tickets)].filter(Boolean).join('; ')
        expect(sent.length + STAMP).toBeLessThanOrEqual(limits.requestHeader)
        const ended = await sessions.open(sent)
        ended.destroy()
        expect(pairsOf(await sessions.setCookies(ended))).toMatch(/\.x=[\w-]{4}$/)
      },
    )
    await fc.assert(property, { numRuns: 50 })
  })

  test('move names the fewest keys for the best level that moving can reach', async () => {
    const property = fc.asyncProperty(
      freshData,
      someLimits,
      otherCookies,
      async (data, limits, header) => {
        const { sessions } = setUp(limits)
        const session = await sessions.open(header)
        setAll(session, data)
        const { level, move, keys } = await sessions.measure(session)
        expect(move).toEqual(keys.slice(0, move.length).map(({ key }) => key))
        const levels: SizeLevel[] = []
        for (const key of move) {
          expect(session.delete(key)).toBe(true)
          levels.push((await sessions.measure(session)).level)
        }
        const best = levels.pop()
        if (best === undefined) {
          session.clear()
          session.set('', 0)
          const { level: least } = await sessions.measure(session)
          expect(level === 'ok' || RANK[least] >= RANK[level]).toBe(true)
          return
        }
        expect(RANK[best]).toBeLessThan(RANK[level])
        for (const worse of levels) expect(RANK[worse]).toBeGreaterThan(RANK[best])
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })
})

/** Cookies that were written with high limits, and sessions with lower ones. */
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

  test.each(['is due', 'was asked for'])('is renewed by a ticket when that %s', async (reason) => {
    const { cookie, sessions, time, events } = await lowered()
    time.now += 20_000
    const session = await sessions.open(cookie)
    expect(session.get('user')).toBe('ada')
    if (reason === 'was asked for') session.touch()
    const lines = await sessions.setCookies(session)
    expect(lines.map((line) => line.split('=', 1).join())).toEqual(['__Host-session.t'])
    expect(lines.join().length + FRAME).toBeLessThan(220)
    expect(events.map(({ type }) => type)).toEqual(['opened', 'sealed'])
  })

  test('rejects a change that makes it larger', async () => {
    const { cookie, sessions, reports } = await lowered()
    const session = await sessions.open(cookie)
    session.set('user', 'countess')
    const { report } = await refusal(sessions.setCookies(session))
    expect(report).toMatchObject({ level: 'over', move: ['text'] })
    expect(reports()).toEqual([report])
  })

  test('accepts a change that makes it smaller, even if it is still too large', async () => {
    const { cookie, sessions } = await lowered()
    const session = await sessions.open(cookie)
    session.set('text', 'x'.repeat(5000))
    const lines = await sessions.setCookies(session)
    expect((await sessions.measure(session)).level).toBe('over')
    const next = await sessions.open(pairsOf(lines))
    expect(next.get('text')).toHaveLength(5000)
    next.delete('text')
    const last = await sessions.open(pairsOf(await sessions.setCookies(next)))
    expect(last.toJSON()).toEqual({ user: 'ada' })
    expect(last.id).toBe(session.id)
  })

  test('can be destroyed', async () => {
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

describe('the largest session that can be written', () => {
  test.each([
    { responseHeader: 1000 },
    { requestHeader: 1000 },
    { cookies: 2, cookie: 500 },
    { cookies: 1, cookie: 800 },
  ])('may be used, touched and ended (%o)', async (limits) => {
    const { sessions, time } = setUp({ preset: 'node', ...limits })
    const jar = createJar()
    const write = async (bytes: number) => {
      const session = await sessions.open(null)
      session.set('text', 'x'.repeat(bytes))
      return sessions.setCookies(session)
    }
    let bytes = 100
    while (await write(bytes).catch(() => undefined)) bytes++
    expect(bytes).toBeLessThan(1000)
    jar.store(await write(bytes - 1))

    time.now += 50_000
    const session = await sessions.open(jar.request())
    expect(session.get('text')).toHaveLength(bytes - 1)
    jar.store(await sessions.setCookies(session))
    const touched = await sessions.open(jar.request())
    touched.touch()
    jar.store(await sessions.setCookies(touched))
    expect(jar.names()).toContain('__Host-session.t')
    expect(jar.header().length + STAMP).toBeLessThanOrEqual(limits.requestHeader ?? 15_360)
    const ended = await sessions.open(jar.request())
    ended.destroy()
    jar.store(await sessions.setCookies(ended))
    expect(jar.names()).toEqual(['__Host-session.x'])
  })
})

describe('size events', () => {
  test('occur once when a session comes near its limit, and again after it was smaller', async () => {
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

  test('occur once for a new session that begins near its limit', async () => {
    const { sessions, events } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(1700))
    await sessions.setCookies(session)
    await sessions.setCookies(session)
    expect(events.map(({ type }) => type)).toEqual(['size', 'sealed'])
    expect(events[0]).toMatchObject({ id: session.id, report: { level: 'warn' } })
  })

  test('occur with every rejected write', async () => {
    const { sessions, reports } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    await refusal(sessions.setCookies(session))
    await refusal(sessions.setCookies(session))
    expect(reports().map(({ level }) => level)).toEqual(['over', 'over'])
  })

  test('do not occur with measure', async () => {
    const { sessions, events } = setUp('portable')
    const session = await sessions.open(null)
    session.set('text', 'x'.repeat(9000))
    expect((await sessions.measure(session)).level).toBe('over')
    expect(events).toEqual([])
  })
})
