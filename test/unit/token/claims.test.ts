import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LIFETIME_NAME,
  LONGEST_LIFE,
  absoluteEnd,
  cookieMaxAge,
  createClaims,
  createId,
  endsAt,
  formatClaimMembers,
  formatPayload,
  lifetimeOf,
  parsePayload,
  rejectionReason,
  resealClaims,
  sealingWindow,
  ticketDue,
} from '../../../src/token/claims.ts'
import type { Claims, Lifetime, Lifetimes } from '../../../src/token/claims.ts'
import { dayOf } from '../../../src/token/day.ts'

const DAY = 86_400

/** 2023-11-14 22:13:20 UTC. */
const START = 1_700_000_000
const TODAY = dayOf(START)
const SEALED = START % DAY
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
  return { id: ID, ...times, stamps: '', lifetime: '', ...more }
}

describe('createClaims', () => {
  test('starts and seals now, and lives as long as its lifetime says today', () => {
    const created = createClaims(START, 'aaaa', '', lifetimesOf())
    expect(created).toEqual(claims({ id: created.id, stamps: 'aaaa' }))
    const long = createClaims(START, '', 'long', lifetimesOf())
    expect(long).toEqual(claims({ id: long.id, life: 5000, lifetime: 'long' }))
  })

  test('draws 128 random bits as the id', () => {
    const ids = Array.from({ length: 100 }, () => createClaims(START, '', '', lifetimesOf()).id)
    expect(new Set([...ids, createId()]).size).toBe(101)
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(16)
  })
})

describe('resealClaims', () => {
  test('moves the seal, and nothing else', () => {
    const before = claims({ stamps: 'aaaabbbb', lifetime: 'long' })
    expect(resealClaims(before, START + 50)).toEqual({ ...before, sealedAt: START + 50 })
  })

  test('does not put the seal before the start when the clock has gone back', () => {
    expect(resealClaims(claims(), START - 4)).toEqual(claims())
  })

  test('puts the seal at the absolute end at the latest, which a reader accepts', () => {
    const late = resealClaims(claims(), START + 1004)
    expect(late.sealedAt).toBe(START + 1000)
    const text = formatPayload(late, '{}')
    expect(parsePayload(text, dayOf(late.sealedAt))?.claims).toEqual(late)
    const reason = (now: number) => rejectionReason(late, late.sealedAt, now, lifetimesOf())
    expect([reason(START + 1004), reason(START + 1005)]).toEqual([undefined, 'expired'])
  })

  test('never moves the start or the absolute end, whatever the schedule of the writes', () => {
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
  test('finds a named lifetime, and takes the default one for a name that is not configured', () => {
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
  test('the absolute end is the nearer of its own and of what is configured now', () => {
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
  test('reaches from now to the absolute end, of the session’s own lifetime', () => {
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

  test('is absent where the cookies end with the browser', () => {
    const brief = lifetimesOf({}, { persistent: false })
    expect(cookieMaxAge(claims(), START, brief)).toBeUndefined()
    expect(cookieMaxAge(claims({ lifetime: 'long' }), START, brief)).toBe(1000)
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
  test('reaches from the day of the oldest acceptable seal to that of the newest', () => {
    const midnight = 20_000 * DAY
    const week = lifetimesOf({ longest: 7 * DAY })
    expect(sealingWindow(midnight + 5, week)).toEqual([19_993, 20_000])
    expect(sealingWindow(midnight + 4, week)).toEqual([19_992, 20_000])
    expect(sealingWindow(midnight - 5, week)).toEqual([19_992, 20_000])
    expect(sealingWindow(midnight - 6, week)).toEqual([19_992, 19_999])
  })

  test('holds the day of every seal that is accepted, of every lifetime', () => {
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

  test('refuses at the end itself without tolerance', () => {
    const exact = lifetimesOf({ clockTolerance: 0 })
    const reason = (now: number) => rejectionReason(claims(), START, START + now, exact)
    expect([reason(-1), reason(0), reason(99), reason(100)]).toEqual([
      'not-yet-valid',
      undefined,
      undefined,
      'idle',
    ])
  })

  test('revokes what began before validAfter, by fractions of a second too', () => {
    const reason = (validAfter: number, sealedAt = START) =>
      rejectionReason(claims({ sealedAt }), sealedAt, START + 60, lifetimesOf({ validAfter }))
    expect(reason(START)).toBeUndefined()
    expect(reason(START + 0.5)).toBe('revoked')
    expect(reason(START + 20, START + 50)).toBe('revoked')
    const idle = lifetimesOf({ validAfter: START + 1 })
    expect(rejectionReason(claims(), START, START + 105, idle)).toBe('idle')
  })
})

describe('formatPayload', () => {
  test('writes an array without whitespace, with the body at its end', () => {
    expect(formatPayload(claims(), '{"a":1}')).toBe(`["${ID}",${SEALED},1000,0,{"a":1}]`)
    const later = claims({ sealedAt: START + 50 })
    expect(formatPayload(later, '"text",{"t":1}')).toBe(
      `["${ID}",${SEALED + 50},1000,50,"text",{"t":1}]`,
    )
  })

  test('counts the seal from the beginning of its day, across midnight', () => {
    const seconds = (sealedAt: number) =>
      JSON.parse(formatPayload(claims({ sealedAt }), '{}'))[1] as number
    const midnight = (TODAY + 1) * DAY
    expect([midnight - 1, midnight, midnight + 1].map(seconds)).toEqual([DAY - 1, 0, 1])
  })

  test('is undone by parsePayload, for all claims and bodies', () => {
    const names = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/)
    const stamps = fc
      .array(fc.stringMatching(/^[A-Za-z0-9_-]{4}$/), { maxLength: 5 })
      .map((all) => all.join(''))
    const some = fc.record({
      id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(base64url),
      startedAt: fc.nat(2 ** 33),
      life: fc.integer({ min: 1, max: LONGEST_LIFE }),
      age: fc.nat(LONGEST_LIFE),
      stamps,
      lifetime: fc.option(names, { nil: '' }),
    })
    fc.assert(
      fc.property(some, fc.jsonValue(), fc.boolean(), ({ age, ...rest }, data, isTest) => {
        const written = { ...rest, sealedAt: rest.startedAt + Math.min(age, rest.life) }
        const members = [...(isTest ? ['"t":1'] : []), ...formatClaimMembers(written)]
        const more = members.length === 0 ? '' : `,{${members.join(',')}}`
        const body = `${JSON.stringify(data)}${more}`
        const parsed = parsePayload(formatPayload(written, body), dayOf(written.sealedAt))
        expect(parsed?.claims).toEqual(written)
        expect(parsed?.body).toBe(body)
        expect(parsed?.data).toEqual(JSON.parse(JSON.stringify(data)))
        expect(parsed?.more['t']).toBe(isTest ? 1 : undefined)
      }),
    )
  })
})

describe('formatClaimMembers', () => {
  test('leaves out what there is none of', () => {
    expect(formatClaimMembers(claims())).toEqual([])
    expect(formatClaimMembers(claims({ stamps: 'aaaabbbb' }))).toEqual(['"o":"aaaabbbb"'])
    expect(formatClaimMembers(claims({ stamps: 'aaaa', lifetime: 'long' }))).toEqual([
      '"o":"aaaa"',
      '"l":"long"',
    ])
  })
})

describe('parsePayload', () => {
  const elements = { id: `"${ID}"`, sealed: '50', life: '60', age: '40', data: '{}', more: '' }
  type Element = keyof typeof elements

  function textOf(changed: Partial<Record<Element, string>>): string {
    const all = Object.values({ ...elements, ...changed }).filter((text) => text !== '')
    return `[${all.join(',')}]`
  }

  const parse = (changed: Partial<Record<Element, string>>) => parsePayload(textOf(changed), 20_000)

  test('accepts the payload that the refusals below change', () => {
    const sealedAt = 20_000 * DAY + 50
    expect(parse({})).toEqual({
      claims: claims({ startedAt: sealedAt - 40, sealedAt, life: 60 }),
      data: {},
      more: {},
      body: '{}',
    })
  })

  const noNumber = ['null', '"50"', 'true', '[50]', '{}', '-1', '50.5', '1e999', '9007199254740992']

  test.each<[Element, readonly string[]]>([
    ['sealed', ['86400', '86400.0']],
    ['life', ['0', '-0', '34560001', '39']],
    ['age', ['61', '60.5']],
  ])('needs a whole number within its bounds as %s', (element, beyond) => {
    const accepted = [...noNumber, ...beyond, 'NaN', 'Infinity', '050', '0x32'].filter(
      (text) => parse({ [element]: text }) !== undefined,
    )
    expect(accepted).toEqual([])
  })

  test('accepts the bounds themselves', () => {
    expect(parse({ sealed: '0', age: '0' })?.claims.sealedAt).toBe(20_000 * DAY)
    expect(parse({ sealed: '86399' })?.claims.sealedAt).toBe(20_001 * DAY - 1)
    expect(LONGEST_LIFE).toBe(34_560_000)
    expect(parse({ life: '34560000' })?.claims.life).toBe(LONGEST_LIFE)
    expect(parse({ life: '1', age: '1' })?.claims.life).toBe(1)
    expect(parse({ age: '60' })?.claims.startedAt).toBe(20_000 * DAY - 10)
  })

  test('refuses a session that began before 1970', () => {
    expect(parsePayload(textOf({ age: '50' }), 0)?.claims.startedAt).toBe(0)
    expect(parsePayload(textOf({ age: '51' }), 0)).toBeUndefined()
  })

  test.each(['null', '5', '""', `"${ID}A"`, `"${ID.slice(1)}"`, `"${ID.slice(1)}="`, `["${ID}"]`])(
    'needs 22 characters of base64url as the id: not %s',
    (id) => {
      expect(parse({ id })).toBeUndefined()
    },
  )

  test.each([
    '',
    '{',
    'null',
    '5',
    '"text"',
    '[]',
    '{}',
    'undefined',
    'e30',
    '\u0000',
    `{"0":"${ID}","1":50,"2":60,"3":40,"4":{},"length":5}`,
    `["${ID}",50,60,40]`,
    `["${ID}",50,60,40,{},{"t":1},1]`,
    `[["${ID}",50,60,40,{}]]`,
    `["${ID}",50,60,40,{}],`,
    `\ufeff["${ID}",50,60,40,{}]`,
  ])('refuses a payload that is not an array of five or six elements: %j', (text) => {
    expect(parsePayload(text, 20_000)).toBeUndefined()
  })

  test('gives the data on as it is, for others to judge', () => {
    for (const data of ['null', '5', '[]', '"{}"', '{"__proto__":1}']) {
      expect(parse({ data })?.data).toEqual(JSON.parse(data))
    }
  })

  describe('the object of rarely used members', () => {
    test('gives those of the contents on as they are, for others to judge', () => {
      const more = '{"s":1,"f":"x","c":null,"t":[]}'
      expect(parse({ more })?.more).toEqual(JSON.parse(more))
      expect(parse({ more })?.body).toBe(`{},${more}`)
    })

    test('holds the stamps and the name of the lifetime', () => {
      const { claims: found } = parse({ more: '{"o":"aB-_cccc","l":"remember-me_2"}' }) ?? {}
      expect([found?.stamps, found?.lifetime]).toEqual(['aB-_cccc', 'remember-me_2'])
      expect(parse({ more: '{"o":"aaaabbbbccccddddeeee"}' })?.claims.stamps).toHaveLength(20)
      expect(parse({ more: `{"l":"${'a'.repeat(32)}"}` })?.claims.lifetime).toHaveLength(32)
      expect(LIFETIME_NAME.test('a'.repeat(33))).toBe(false)
    })

    test.each([
      'null',
      '1',
      '"t"',
      '[]',
      '{}',
      '{"x":1}',
      '{"t":1,"x":1}',
      '{"T":1}',
      '{"":1}',
      '{"__proto__":{"t":1}}',
      '{"constructor":1}',
      '{"b":"aaaa"}',
      '{"p":"aaaa"}',
      '{"o":""}',
      '{"o":"aaa"}',
      '{"o":"aaaaa"}',
      '{"o":"aaaabbbbccccddddeeeeffff"}',
      '{"o":"aa=="}',
      '{"o":null}',
      '{"o":1}',
      '{"o":["aaaa"]}',
      '{"l":""}',
      '{"l":"a b"}',
      '{"l":"é"}',
      '{"l":null}',
      '{"l":1}',
      '{"l":["long"]}',
      `{"l":"${'a'.repeat(33)}"}`,
    ])('is refused as %s', (more) => {
      expect(parse({ more })).toBeUndefined()
    })

    test('takes no member from a prototype', () => {
      const { more } = parse({ more: '{"t":1}' }) ?? { more: {} }
      expect(Object.getPrototypeOf(more)).toBeNull()
      expect(Object.getPrototypeOf(parse({})?.more)).toBeNull()
    })
  })

  test('has no body to compare with where the payload is spelled in another way', () => {
    const spellings = [
      ` ["${ID}",50,60,40,{"a":1}]`,
      `["${ID}", 50,60,40,{"a":1}]`,
      `["${ID}",5e1,60,40,{"a":1}]`,
      `["${ID}",50.0,60,40,{"a":1}]`,
      `["\\u0041${ID.slice(1)}",50,60,40,{"a":1}]`,
      `["${ID}",50,60,40,{"a":1}] `,
      `["${ID}",50,60,40,{"a":1}]\n`,
    ]
    for (const text of spellings) {
      const parsed = parsePayload(text, 20_000)
      expect(parsed?.data).toEqual({ a: 1 })
      expect(parsed?.claims).toEqual(parse({})?.claims)
      expect(parsed?.body, text).toBeUndefined()
    }
  })
})

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
