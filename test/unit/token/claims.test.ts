import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LIFETIME_NAME,
  LONGEST_LIFE,
  absoluteEnd,
  cookieMaxAge,
  createBinding,
  createClaims,
  createId,
  createStamp,
  endsAt,
  lifetimeOf,
  longestMaxAge,
  rejectionReason,
  resealClaims,
  sealingWindow,
  ticketDue,
} from '../../../src/token/claims.ts'
import type { Claims, Lifetime, Lifetimes } from '../../../src/token/claims.ts'
import { dayOf } from '../../../src/token/day.ts'
import { formatPayload, parsePayload } from '../../../src/token/payload.ts'

const DAY = 86_400

/** 2023-11-14 22:13:20 UTC. */
const START = 1_700_000_000
const ID = 'AAECAwQFBgcICQoLDA0ODw'

const DEFAULT: Lifetime = { maxAge: 1000, idleTimeout: 100, touchInterval: 10, persistent: true }
const LONG: Lifetime = { maxAge: 5000, idleTimeout: 700, touchInterval: 70, persistent: true }

function lifetimesOf(more: Partial<Lifetimes> = {}, standard: Partial<Lifetime> = {}): Lifetimes {
  return {
    default: { ...DEFAULT, ...standard },
    named: new Map([['long', LONG]]),
    clockTolerance: 5,
    validAfter: 0,
    longest: 5000,
    ...more,
  }
}

function claims(more: Partial<Claims> = {}): Claims {
  const times = { startedAt: START, sealedAt: START, life: 1000 }
  return { id: ID, ...times, stamps: '', lifetime: '', binding: '', ...more }
}

describe('createClaims', () => {
  test('starts and seals now, with the life of the current configuration', () => {
    const created = createClaims(START, 'aaaa', '', lifetimesOf())
    expect(created).toEqual(claims({ id: created.id, stamps: 'aaaa' }))
    const long = createClaims(START, '', 'long', lifetimesOf())
    expect(long).toEqual(claims({ id: long.id, life: 5000, lifetime: 'long' }))
  })

  test('has 128 random bits as the id', () => {
    const ids = Array.from({ length: 100 }, () => createClaims(START, '', '', lifetimesOf()).id)
    expect(new Set([...ids, createId()]).size).toBe(101)
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(16)
  })
})

test('a logout stamp has 24 random bits, and the id of a binding 48', () => {
  for (const [create, bytes] of [[createStamp, 3] as const, [createBinding, 6] as const]) {
    const drawn = Array.from({ length: 20 }, create)
    expect(new Set(drawn).size).toBe(20)
    for (const text of drawn) expect(Buffer.from(text, 'base64url')).toHaveLength(bytes)
  }
})

test('a lifetime’s name has 1 to 32 letters, digits, dashes or underscores, and nothing else', () => {
  for (const name of ['a', 'Long-term_2', 'n'.repeat(32)]) expect(name).toMatch(LIFETIME_NAME)
  for (const name of ['', 'n'.repeat(33), '"a', 'a"', 'a b', 'a\n', 'ü']) {
    expect(name).not.toMatch(LIFETIME_NAME)
  }
})

describe('resealClaims', () => {
  test('moves only the seal time', () => {
    const before = claims({ stamps: 'aaaabbbb', lifetime: 'long' })
    expect(resealClaims(before, START + 50)).toEqual({ ...before, sealedAt: START + 50 })
  })

  test('does not move the seal time before the start when the clock has gone back', () => {
    expect(resealClaims(claims(), START - 4)).toEqual(claims())
  })

  test('moves the seal time to the absolute end at the latest, which a reader accepts', () => {
    const late = resealClaims(claims(), START + 1004)
    expect(late.sealedAt).toBe(START + 1000)
    const text = formatPayload(late, '{}')
    expect(parsePayload(text, dayOf(late.sealedAt))?.claims).toEqual(late)
    const reason = (now: number) => rejectionReason(late, late.sealedAt, now, lifetimesOf())
    expect([reason(START + 1004), reason(START + 1005)]).toEqual([undefined, 'expired'])
  })

  test('never moves the start or the absolute end, for any times of the writes', () => {
    const steps = fc.array(fc.integer({ min: -20, max: 104 }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.boolean(), (waits, isNever) => {
        const lifetimes = lifetimesOf({}, { idleTimeout: isNever ? Infinity : 100 })
        let now = START
        let current = createClaims(now, '', '', lifetimes)
        for (const wait of waits) {
          now += wait
          if (rejectionReason(current, current.sealedAt, now, lifetimes) !== undefined) break
          current = resealClaims(current, now)
          expect([current.startedAt, current.life]).toEqual([START, 1000])
          const text = formatPayload(current, '{}')
          expect(parsePayload(text, dayOf(current.sealedAt))?.claims).toEqual(current)
        }
        const end = rejectionReason(current, current.sealedAt, START + 1005, lifetimes)
        expect(end).toMatch(/^(expired|idle)$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('lifetimeOf', () => {
  test('returns a named lifetime, or the default one for a name that is not configured', () => {
    const lifetimes = lifetimesOf()
    expect(lifetimeOf('long', lifetimes)).toBe(LONG)
    for (const name of ['', 'gone', 'Long', '__proto__', 'default']) {
      expect(lifetimeOf(name, lifetimes)).toBe(lifetimes.default)
    }
  })

  test('does not find a lifetime under the empty name', () => {
    const lifetimes = lifetimesOf({ named: new Map([['', LONG]]) })
    expect(lifetimeOf('', lifetimes)).toBe(lifetimes.default)
  })
})

describe('the ends of a session', () => {
  test('the absolute end is the earlier of its own and the configured one', () => {
    expect(absoluteEnd(claims(), DEFAULT)).toBe(START + 1000)
    expect(absoluteEnd(claims({ life: 300 }), DEFAULT)).toBe(START + 300)
    expect(absoluteEnd(claims({ life: 3000 }), DEFAULT)).toBe(START + 1000)
    expect(absoluteEnd(claims({ life: 3000 }), LONG)).toBe(START + 3000)
  })

  test('without further use it ends idleTimeout after the last use, if that is earlier', () => {
    expect(endsAt(claims(), START, DEFAULT)).toBe(START + 100)
    expect(endsAt(claims(), START + 60, DEFAULT)).toBe(START + 160)
    expect(endsAt(claims(), START + 950, DEFAULT)).toBe(START + 1000)
    expect(endsAt(claims(), START, { ...DEFAULT, idleTimeout: Infinity })).toBe(START + 1000)
  })
})

describe('cookieMaxAge', () => {
  test('is the time until the absolute end, of the session’s own lifetime', () => {
    const lifetimes = lifetimesOf()
    expect(cookieMaxAge(claims(), START, lifetimes)).toBe(1000)
    expect(cookieMaxAge(claims(), START + 999, lifetimes)).toBe(1)
    expect(cookieMaxAge(claims({ life: 60 }), START + 20, lifetimes)).toBe(40)
    const long = claims({ life: 5000, lifetime: 'long' })
    expect(cookieMaxAge(long, START + 20, lifetimes)).toBe(4980)
  })

  test('is 1 at the end and after it, because 0 would delete the cookie', () => {
    for (const seconds of [1000, 1001, 1004]) {
      expect(cookieMaxAge(claims(), START + seconds, lifetimesOf())).toBe(1)
    }
  })

  test('is undefined if the cookies end with the browser', () => {
    const brief = lifetimesOf({}, { persistent: false })
    expect(cookieMaxAge(claims(), START, brief)).toBeUndefined()
    expect(cookieMaxAge(claims({ lifetime: 'long' }), START, brief)).toBe(1000)
  })
})

describe('longestMaxAge', () => {
  test('is the longest life, and the tolerance within which it may still be used', () => {
    expect(longestMaxAge(lifetimesOf())).toBe(5005)
  })

  test('is what a browser keeps at most, if that is less', () => {
    expect(longestMaxAge(lifetimesOf({ longest: LONGEST_LIFE - 5 }))).toBe(LONGEST_LIFE)
    expect(longestMaxAge(lifetimesOf({ longest: LONGEST_LIFE }))).toBe(LONGEST_LIFE)
  })

  test('is undefined only if all cookies end with the browser', () => {
    const named = new Map([['long', { ...LONG, persistent: false }]])
    expect(longestMaxAge(lifetimesOf({}, { persistent: false }))).toBe(5005)
    expect(longestMaxAge(lifetimesOf({ named }))).toBe(5005)
    expect(longestMaxAge(lifetimesOf({ named }, { persistent: false }))).toBeUndefined()
  })
})

describe('ticketDue', () => {
  test('is true from touchInterval seconds after the last use on', () => {
    expect(ticketDue(claims(), START, START + 9, DEFAULT)).toBe(false)
    expect(ticketDue(claims(), START, START + 10, DEFAULT)).toBe(true)
    expect(ticketDue(claims(), START + 50, START + 59, DEFAULT)).toBe(false)
    expect(ticketDue(claims(), START + 50, START + 60, DEFAULT)).toBe(true)
  })

  test('is false once a ticket would not move the end', () => {
    expect(ticketDue(claims(), START + 900, START + 950, DEFAULT)).toBe(false)
    expect(ticketDue(claims(), START + 899, START + 950, DEFAULT)).toBe(true)
    const unused = { ...DEFAULT, idleTimeout: Infinity }
    expect(ticketDue(claims(), START, START + 500, unused)).toBe(false)
  })

  test('is false when the clock has gone back', () => {
    expect(ticketDue(claims(), START, START - 50, { ...DEFAULT, touchInterval: 0 })).toBe(false)
  })
})

describe('sealingWindow', () => {
  test('begins with the day of the oldest acceptable seal and ends with that of the newest', () => {
    const midnight = 20_000 * DAY
    const week = lifetimesOf({ longest: 7 * DAY })
    expect(sealingWindow(midnight + 5, week)).toEqual([19_993, 20_000])
    expect(sealingWindow(midnight + 4, week)).toEqual([19_992, 20_000])
    expect(sealingWindow(midnight - 5, week)).toEqual([19_992, 20_000])
    expect(sealingWindow(midnight - 6, week)).toEqual([19_992, 19_999])
  })

  test('contains the day of every acceptable seal, for every lifetime', () => {
    const offsets = fc.integer({ min: -6 * DAY, max: DAY })
    const longest = 5 * DAY
    const named = new Map([['long', { ...LONG, maxAge: longest, idleTimeout: Infinity }]])
    fc.assert(
      fc.property(offsets, fc.nat(DAY), fc.boolean(), (offset, age, isLong) => {
        const sealedAt = START + offset
        const lifetimes = lifetimesOf({ named, longest }, { maxAge: 3 * DAY, idleTimeout: DAY })
        const lifetime = isLong ? 'long' : ''
        const some = claims({ startedAt: sealedAt - age, sealedAt, life: LONGEST_LIFE, lifetime })
        if (rejectionReason(some, sealedAt, START, lifetimes) !== undefined) return
        const [oldest, newest] = sealingWindow(START, lifetimes)
        expect(dayOf(sealedAt)).toBeGreaterThanOrEqual(oldest)
        expect(dayOf(sealedAt)).toBeLessThanOrEqual(newest)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('rejectionReason', () => {
  const never = { idleTimeout: Infinity }
  const far = { life: 90_000 }

  test.each<[string, Partial<Claims>, Partial<Lifetime>, number, string | undefined]>([
    ['at the moment of the seal', {}, {}, 0, undefined],
    ['in the last second of maxAge', far, never, 1004, undefined],
    ['at the end of maxAge and the tolerance', far, never, 1005, 'expired'],
    ['in the last second of its own life', { life: 50 }, {}, 54, undefined],
    ['at the end of its own life and the tolerance', { life: 50 }, {}, 55, 'expired'],
    ['in the last second of idleTimeout', far, {}, 104, undefined],
    ['at the end of idleTimeout and the tolerance', far, {}, 105, 'idle'],
    ['idle and too old at once', far, {}, 1005, 'expired'],
    ['sealed in the future within the tolerance', {}, {}, -5, undefined],
    ['sealed in the future beyond the tolerance', {}, {}, -6, 'not-yet-valid'],
    ['under a lowered maxAge', far, { maxAge: 10, ...never }, 15, 'expired'],
    ['under a lowered idleTimeout', far, { idleTimeout: 10 }, 15, 'idle'],
    ['under a raised idleTimeout', far, { idleTimeout: 900 }, 105, undefined],
    ['under a raised maxAge, past its own life', { life: 50 }, { maxAge: 9000 }, 55, 'expired'],
    ['of a lifetime that is not configured', { ...far, lifetime: 'gone' }, {}, 105, 'idle'],
    [
      'of a named lifetime, later than the default one',
      { ...far, lifetime: 'long' },
      {},
      704,
      undefined,
    ],
    ['of a named lifetime, idle', { ...far, lifetime: 'long' }, {}, 705, 'idle'],
    [
      'of a named lifetime, past its end',
      { ...far, startedAt: START - 4400, lifetime: 'long' },
      {},
      605,
      'expired',
    ],
  ])('judges a session %s', (_, more, standard, after, reason) => {
    const some = claims(more)
    const lifetimes = lifetimesOf({}, standard)
    expect(rejectionReason(some, some.sealedAt, START + after, lifetimes)).toBe(reason)
  })

  test('counts idleTimeout from the last use, and maxAge from the start', () => {
    const reason = (usedAt: number, now: number) =>
      rejectionReason(claims({ life: 90_000 }), START + usedAt, START + now, lifetimesOf())
    expect([reason(60, 164), reason(60, 165)]).toEqual([undefined, 'idle'])
    expect([reason(1000, 1004), reason(1000, 1005)]).toEqual([undefined, 'expired'])
  })

  test('rejects at the end itself without tolerance', () => {
    const exact = lifetimesOf({ clockTolerance: 0 })
    const reason = (now: number) => rejectionReason(claims(), START, START + now, exact)
    expect([reason(-1), reason(0), reason(99), reason(100)]).toEqual([
      'not-yet-valid',
      undefined,
      undefined,
      'idle',
    ])
  })

  test('revokes sessions that began before validAfter, by fractions of a second too', () => {
    const reason = (validAfter: number, sealedAt = START) =>
      rejectionReason(claims({ sealedAt }), sealedAt, START + 60, lifetimesOf({ validAfter }))
    expect(reason(START)).toBeUndefined()
    expect(reason(START + 0.5)).toBe('revoked')
    expect(reason(START + 20, START + 50)).toBe('revoked')
    const idle = lifetimesOf({ validAfter: START + 1 })
    expect(rejectionReason(claims(), START, START + 105, idle)).toBe('idle')
  })
})
