// Lifetimes, idle time and clocks. Rows B1 to B9 of threats.md.

import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import { createBrowser } from '../conformance/browser.ts'
import {
  ENGINES,
  expectNothing,
  refusedOption,
  setUpAttack,
  useEngine,
} from '../support/attacks.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import {
  DAY,
  NAME,
  SECRET,
  START,
  WEEK,
  mint,
  mintAt,
  mintTicket,
  payload,
} from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

const slow = process.env['SLOW'] !== undefined

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('B1: every session has an end of its own: a replay a second later is rejected', async () => {
    for (const options of [
      {},
      { idleTimeout: false },
      { cookie: { persistent: false } },
    ] as const) {
      const { time, sessions, cookieWith } = setUpAttack({
        maxAge: 3600,
        clockTolerance: 0,
        ...options,
      })
      const cookie = await cookieWith({ user: 'ada' })
      time.now = START + 3599
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
      time.now = START + 3600
      expectNothing(await sessions.open(cookie), 'expired')
      time.now = START + 10 * 365 * DAY
      expectNothing(await sessions.open(cookie), 'expired')
    }
  })

  test('B1: a bare token has the same end', async () => {
    const { time, sessions } = setUpAttack({ maxAge: 3600, clockTolerance: 0 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const token = await sessions.seal(session)
    time.now = START + 3599
    expect((await sessions.unseal(token)).get('user')).toBe('ada')
    time.now = START + 3600
    expectNothing(await sessions.unseal(token), 'expired')
  })

  test('B2: a payload with a missing time, or one that is no whole number, is rejected', async () => {
    const { openValue } = setUpAttack()
    const good = ['"AAECAwQFBgcICQoLDA0ODw"', `${START % DAY}`, '604800', '100', '{"user":"ada"}']
    const textOf = (elements: readonly string[]) => `[${elements.join(',')}]`
    expect((await openValue(mint(textOf(good)))).get('user')).toBe('ada')
    const wrong = [
      'null',
      '"5"',
      'NaN',
      'true',
      '[]',
      '{}',
      '""',
      '-1',
      '1e999',
      '-0.5',
      '9007199254740992',
    ]
    for (const index of [1, 2, 3]) {
      const own = good[index] ?? ''
      for (const value of [...wrong, `${own}.5`, `"${own}"`, `[${own}]`]) {
        expectNothing(await openValue(mint(textOf(good.with(index, value)))), 'malformed')
      }
      expectNothing(await openValue(mint(textOf(good.toSpliced(index, 1)))), 'malformed')
    }
  })

  test('B2: times that contradict each other, or are in the future, are rejected', async () => {
    const { openValue } = setUpAttack()
    const future = mintAt({ startedAt: START + 6 })
    expectNothing(await openValue(future), 'not-yet-valid')
    const tomorrow = mintAt({ startedAt: START + DAY })
    expectNothing(await openValue(tomorrow), 'not-yet-valid')
    for (const changes of [
      { sealed: DAY },
      { life: 0 },
      { life: 400 * DAY + 1 },
      { age: WEEK + 1 },
      { life: 10, age: 11 },
    ]) {
      expectNothing(await openValue(mint(payload(changes))), 'malformed')
    }
  })

  test('B2: an end far in the future is limited by the configuration', async () => {
    const value = mintAt({ life: 400 * DAY })
    for (const [options, end, reason] of [
      [{}, DAY, 'idle'],
      [{ idleTimeout: false }, WEEK, 'expired'],
    ] as const) {
      const { time, openValue } = setUpAttack({ clockTolerance: 0, ...options })
      time.now = START + end - 1
      expect((await openValue(value)).get('user')).toBe('ada')
      time.now = START + end
      expectNothing(await openValue(value), reason)
    }
  })

  test('B3: a thousand uses and writes on any schedule never move the absolute end', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 4000 }), {
      minLength: slow ? 1000 : 100,
      maxLength: 1000,
    })
    const property = fc.asyncProperty(steps, async (waits) => {
      const options = { maxAge: 40_000, idleTimeout: 4000, touchInterval: 0, clockTolerance: 0 }
      const { time, sessions } = setUpAttack(options)
      const browser = createBrowser()
      const first = await sessions.open(null)
      first.set('user', 'ada')
      browser.store(await sessions.setCookies(first))
      for (const wait of waits) {
        time.now += wait
        const session = await sessions.open(browser.header())
        if (session.isEmpty) break
        expect(time.now).toBeLessThan(START + 40_000)
        expect(session.startedAt).toEqual(new Date(START * 1000))
        if (wait % 3 === 0) session.touch()
        if (wait % 3 === 1) session.set('wait', wait)
        if (wait % 7 === 0) session.renewId()
        browser.store(await sessions.setCookies(session))
        expect(session.expiresAt?.getTime()).toBeLessThanOrEqual((START + 40_000) * 1000)
      }
      time.now = START + 40_000
      expectNothing(await sessions.open(browser.header()), 'expired')
    })
    await fc.assert(property, { numRuns: slow ? 100 : 10, examples: [[Array(1000).fill(39)]] })
  })

  test('B4: a cookie that ends with the browser contains a session with an end of its own', async () => {
    const { time, sessions } = setUpAttack({ cookie: { persistent: false }, clockTolerance: 0 })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const [line = ''] = await sessions.setCookies(session)
    expect(line).not.toMatch(/max-age|expires/i)
    time.now += DAY
    expectNothing(await sessions.open(pairsOf([line])), 'idle')
  })

  test('B4: no unusual number switches a lifetime off', () => {
    const strange = [0, -1, Number.NaN, Infinity, undefined, '3600', null, 0.5, {}, true]
    for (const option of ['maxAge', 'idleTimeout']) {
      for (const value of strange) {
        expect(refusedOption({ secrets: SECRET, [option]: value })).toBe(option)
        const lifetimes = { long: { [option]: value } }
        expect(refusedOption({ secrets: SECRET, lifetimes })).toBe(`lifetimes.long.${option}`)
      }
    }
    expect(refusedOption({ secrets: SECRET, maxAge: false })).toBe('maxAge')
  })

  test('B6: clocks may differ by at most a minute', async () => {
    expect(refusedOption({ secrets: SECRET, clockTolerance: 61 })).toBe('clockTolerance')
    for (const clockTolerance of [0, 5, 60]) {
      const { openValue } = setUpAttack({ clockTolerance })
      const ahead = (by: number) => openValue(mintAt({ startedAt: START + by }))
      expect((await ahead(clockTolerance)).get('user')).toBe('ada')
      expectNothing(await ahead(clockTolerance + 1), 'not-yet-valid')
    }
  })

  test('B6: a clock that goes back extends no session', async () => {
    const { time, sessions, cookieWith } = setUpAttack({
      clockTolerance: 60,
      maxAge: 3600,
      idleTimeout: 600,
    })
    time.now = START + 30
    const cookie = await cookieWith({ user: 'ada' })
    time.now = START
    const session = await sessions.open(cookie)
    const before = session.expiresAt?.getTime() ?? 0
    session.touch()
    session.set('visits', 1)
    const written = pairsOf(await sessions.setCookies(session))
    expect(session.expiresAt?.getTime()).toBeLessThanOrEqual(before)
    expect((await sessions.open(written)).startedAt).toEqual(new Date((START + 30) * 1000))
    const again = await sessions.open(written)
    again.touch()
    expect(await sessions.setCookies(again)).toEqual([])
    time.now = START - 3600
    expectNothing(await sessions.open(cookie), 'not-yet-valid')
  })

  test('B7: no lifetime exceeds the 400 days for which browsers keep a cookie', () => {
    for (const option of ['maxAge', 'idleTimeout', 'touchInterval']) {
      const lifetimes = { long: { [option]: 34_560_001 } }
      expect(refusedOption({ secrets: SECRET, [option]: 34_560_001 })).toBe(option)
      expect(refusedOption({ secrets: SECRET, lifetimes })).toBe(`lifetimes.long.${option}`)
    }
    const longest = { secrets: SECRET, maxAge: 34_560_000, idleTimeout: 34_560_000 }
    expect(refusedOption(longest)).toBe('nothing was refused')
  })

  test('B8: lowered timeouts apply to existing sessions', async () => {
    const { time, cookieWith } = setUpAttack({ maxAge: 100_000, idleTimeout: 50_000 })
    const cookie = await cookieWith({ user: 'ada' })
    const clock = () => time.now * 1000
    const lower = (maxAge: number, idleTimeout: number) =>
      createSessions<Data>({ secrets: SECRET, clock, clockTolerance: 0, maxAge, idleTimeout })
    time.now += 3600
    expect((await lower(3601, 3601).open(cookie)).get('user')).toBe('ada')
    expectNothing(await lower(3600, 3600).open(cookie), 'expired')
    expectNothing(await lower(50_000, 3600).open(cookie), 'idle')
    expect((await lower(50_000, 3601).open(cookie)).expiresAt).toEqual(
      new Date((START + 3601) * 1000),
    )
  })

  test('B8: those of a named lifetime apply only to its sessions', async () => {
    const { time, sessions } = setUpAttack({
      lifetimes: { long: { maxAge: 30 * DAY, idleTimeout: false } },
    })
    const session = await sessions.open(null)
    session.regenerate({ lifetime: 'long' })
    session.set('user', 'ada')
    const cookie = pairsOf(await sessions.setCookies(session))
    const clock = () => time.now * 1000
    const under = (maxAge: number, long: number) =>
      createSessions<Data>({
        secrets: SECRET,
        clock,
        clockTolerance: 0,
        maxAge,
        lifetimes: { long: { maxAge: long, idleTimeout: false } },
      })
    time.now += 20 * DAY
    expect((await under(WEEK, 30 * DAY).open(cookie)).get('user')).toBe('ada')
    expect((await under(3600, 21 * DAY).open(cookie)).get('user')).toBe('ada')
    expectNothing(await under(40 * DAY, 20 * DAY).open(cookie), 'expired')
    // A name that is no longer configured means the default lifetime.
    expectNothing(await createSessions<Data>({ secrets: SECRET, clock }).open(cookie), 'expired')
  })

  test('B9: use is recorded only by a ticket of this session, and not of a future time', async () => {
    const { time, sessions } = setUpAttack({ clockTolerance: 5 })
    const value = mintAt({})
    const endWith = async (...tickets: string[]) => {
      const cookies = tickets.map((ticket) => `${NAME}.t=${ticket}`)
      const { expiresAt } = await sessions.open([`${NAME}=${value}`, ...cookies].join('; '))
      return Number(expiresAt) / 1000 - START - DAY
    }
    time.now += 1000
    expect(await endWith()).toBe(0)
    expect(await endWith(mintTicket(START + 900))).toBe(900)
    expect(await endWith(mintTicket(START + 800), mintTicket(START + 900))).toBe(900)
    expect(await endWith(mintTicket(START + 1005))).toBe(1005)
    const useless = [
      mintTicket(START + 1006),
      mintTicket(START + 900, 'EBESExQVFhcYGRobHB0eHw'),
      mintTicket(START + 900, undefined, { purpose: 'cookie' }),
      mintTicket(START + 900, undefined, { name: 'other' }),
      mintTicket(START - 900),
      value,
      '',
      'x',
      mint(JSON.stringify(['AAECAwQF', DAY]), { purpose: 'ticket' }),
      mint(JSON.stringify(['AAECAwQF', 1.5]), { purpose: 'ticket' }),
      mint(JSON.stringify(['AAECAwQFB', 1]), { purpose: 'ticket' }),
      mint(JSON.stringify(['AAECAwQF', 1, 1]), { purpose: 'ticket' }),
      mint('{}', { purpose: 'ticket' }),
      mint('', { purpose: 'ticket' }),
    ]
    for (const ticket of useless) expect(await endWith(ticket)).toBe(0)
  })

  test('B9: no ticket moves the absolute end, or opens a session that has ended', async () => {
    const { time, sessions } = setUpAttack({ clockTolerance: 0 })
    const value = mintAt({})
    time.now = START + WEEK - 1
    const ticket = mintTicket(time.now)
    const cookie = `${NAME}=${value}; ${NAME}.t=${ticket}`
    expect((await sessions.open(cookie)).expiresAt).toEqual(new Date((START + WEEK) * 1000))
    expectNothing(await sessions.open(`${NAME}=${value}`), 'idle')
    time.now = START + WEEK
    const late = `${NAME}=${value}; ${NAME}.t=${mintTicket(time.now)}`
    expectNothing(await sessions.open(late), 'expired')
  })
})
