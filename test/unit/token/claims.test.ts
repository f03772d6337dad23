import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LONGEST_LIFE,
  createClaims,
  endsAt,
  rejectionReason,
  parsePayload,
  resealClaims,
} from '../../../src/token/claims.ts'
import { renewalDue, renewalGrowth, sealingWindow, formatPayload } from '../../../src/token/claims.ts'
import type { Claims, Lifetime } from '../../../src/token/claims.ts'

const LIFETIME: Lifetime = {
  maxAge: 1000,
  idleTimeout: 100,
  touchInterval: 10,
  clockTolerance: 5,
  validAfter: 0,
}
const START = 1_700_000_000
const ID = 'AAECAwQFBgcICQoLDA0ODw'

const claims = (more: Partial<Claims> = {}): Claims => ({
  id: ID,
  startedAt: START,
  sealedAt: START,
  expiresAt: START + 100,
  logouts: 0,
  ...more,
})

/** The contents of a token with this data: what follows the claims, to the end. */
const contents = (data = '{}') => `"d":${data}}`

describe('begin', () => {
  test('starts and seals now, and ends at the nearer of the two ends', () => {
    const begun = createClaims(START, 3, LIFETIME)
    expect(begun).toEqual(claims({ id: begun.id, logouts: 3 }))
    const old = createClaims(START, 0, { ...LIFETIME, maxAge: 60 })
    expect(old.expiresAt).toBe(START + 60)
    const busy = createClaims(START, 0, { ...LIFETIME, idleTimeout: Infinity })
    expect(busy.expiresAt).toBe(START + 1000)
  })

  test('gives 128 random bits as the id', () => {
    const ids = Array.from({ length: 100 }, () => createClaims(START, 0, LIFETIME).id)
    expect(new Set(ids).size).toBe(100)
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(16)
  })
})

describe('renew', () => {
  test('moves the idle end and leaves id, start and logouts', () => {
    expect(resealClaims(claims({ logouts: 2 }), START + 50, LIFETIME)).toEqual(
      claims({ sealedAt: START + 50, expiresAt: START + 150, logouts: 2 }),
    )
  })

  test('stops at the absolute end', () => {
    expect(resealClaims(claims(), START + 950, LIFETIME).expiresAt).toBe(START + 1000)
  })

  test('does not put the seal before the start when the clock has gone back', () => {
    expect(resealClaims(claims(), START - 4, LIFETIME)).toEqual(claims())
  })

  test('within the tolerance after the end gives what is still readable, and no longer life', () => {
    const late = resealClaims(claims(), START + 1004, LIFETIME)
    expect(late.expiresAt).toBe(START + 1000)
    expect(parsePayload(formatPayload(late, contents()))?.claims).toEqual(late)
    expect(rejectionReason(late, START + 1004, LIFETIME)).toBeUndefined()
    expect(rejectionReason(late, START + 1005, LIFETIME)).toBe('expired')
  })

  test('never moves the absolute end, whatever the schedule of the renewals', () => {
    const steps = fc.array(fc.integer({ min: -20, max: 104 }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.boolean(), (waits, never) => {
        const lifetime = { ...LIFETIME, idleTimeout: never ? Infinity : 100 }
        let now = START
        let current = createClaims(now, 0, lifetime)
        for (const wait of waits) {
          now += wait
          if (rejectionReason(current, now, lifetime) !== undefined) break
          current = resealClaims(current, now, lifetime)
          expect(current.startedAt).toBe(START)
          expect(current.expiresAt).toBeLessThanOrEqual(START + 1000)
          expect(parsePayload(formatPayload(current, contents()))?.claims).toEqual(current)
        }
        expect(rejectionReason(current, START + 1005, lifetime)).toMatch(/^(expired|idle)$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('endsAt', () => {
  test('is the end in the token, unless the configuration has become stricter', () => {
    expect(endsAt(claims(), LIFETIME)).toBe(START + 100)
    expect(endsAt(claims(), { ...LIFETIME, idleTimeout: 500, maxAge: 5000 })).toBe(START + 100)
    expect(endsAt(claims(), { ...LIFETIME, idleTimeout: 40 })).toBe(START + 40)
    expect(endsAt(claims(), { ...LIFETIME, maxAge: 30 })).toBe(START + 30)
  })
})

describe('renewalDue', () => {
  test('begins touchInterval seconds after the last seal', () => {
    expect(renewalDue(claims(), START + 9, LIFETIME)).toBe(false)
    expect(renewalDue(claims(), START + 10, LIFETIME)).toBe(true)
  })

  test('does not apply once nothing would move the end', () => {
    const full = claims({ sealedAt: START + 900, expiresAt: START + 1000 })
    const short = claims({ sealedAt: START + 899, expiresAt: START + 999 })
    expect(renewalDue(full, START + 950, LIFETIME)).toBe(false)
    expect(renewalDue(short, START + 950, LIFETIME)).toBe(true)
    expect(renewalDue(claims(), START + 50, { ...LIFETIME, idleTimeout: Infinity })).toBe(true)
  })

  test('does not apply when the clock has gone back', () => {
    expect(renewalDue(claims(), START - 50, { ...LIFETIME, touchInterval: 0 })).toBe(false)
  })
})

describe('sealingWindow', () => {
  test('reaches from the oldest acceptable seal to the newest', () => {
    expect(sealingWindow(START, LIFETIME)).toEqual([START - 1005, START + 5])
  })

  test('holds every seal that judge accepts', () => {
    const offsets = fc.integer({ min: -1500, max: 1500 })
    fc.assert(
      fc.property(offsets, fc.nat(1500), (offset, age) => {
        const sealedAt = START + offset
        const some = claims({ startedAt: sealedAt - age, sealedAt, expiresAt: sealedAt + 9000 })
        const lifetime = { ...LIFETIME, idleTimeout: Infinity }
        const [oldest, newest] = sealingWindow(START, lifetime)
        if (rejectionReason(some, START, lifetime) !== undefined) return
        expect(sealedAt).toBeGreaterThanOrEqual(oldest)
        expect(sealedAt).toBeLessThanOrEqual(newest)
      }),
      { numRuns: 500 },
    )
  })
})

describe('judge', () => {
  const far = { expiresAt: START + 90_000 }

  test.each<[string, Partial<Claims>, Partial<Lifetime>, number, string | undefined]>([
    ['at the moment of the seal', {}, {}, 0, undefined],
    ['in the last second of maxAge', far, { idleTimeout: Infinity }, 1004, undefined],
    ['at the end of maxAge and the tolerance', far, { idleTimeout: Infinity }, 1005, 'expired'],
    ['in the last second of idleTimeout', far, {}, 104, undefined],
    ['at the end of idleTimeout and the tolerance', far, {}, 105, 'idle'],
    ['at the end itself without tolerance', far, { clockTolerance: 0 }, 100, 'idle'],
    ['a second before it without tolerance', far, { clockTolerance: 0 }, 99, undefined],
    ['idle and too old at once', far, {}, 1005, 'expired'],
    ['sealed in the future within the tolerance', {}, {}, -5, undefined],
    ['sealed in the future beyond the tolerance', {}, {}, -6, 'not-yet-valid'],
    ['in the last second of its own exp', { expiresAt: START + 50 }, {}, 54, undefined],
    ['at its own, shorter, idle end', { expiresAt: START + 50 }, {}, 55, 'idle'],
    [
      'at its own absolute end under a longer maxAge of today',
      { expiresAt: START + 1000, sealedAt: START + 950 },
      { idleTimeout: 500 },
      1005,
      'expired',
    ],
    ['begun a second before validAfter', {}, { validAfter: START + 1 }, 10, 'revoked'],
    ['begun at validAfter', {}, { validAfter: START }, 10, undefined],
    ['begun half a second before validAfter', {}, { validAfter: START + 0.5 }, 10, 'revoked'],
    [
      'begun before validAfter and renewed after it',
      { sealedAt: START + 50, expiresAt: START + 150 },
      { validAfter: START + 20 },
      60,
      'revoked',
    ],
    ['idle before it is revoked', far, { validAfter: START + 1 }, 105, 'idle'],
    ['under a lowered maxAge', far, { maxAge: 10, idleTimeout: Infinity }, 15, 'expired'],
    ['under a lowered idleTimeout', far, { idleTimeout: 10 }, 15, 'idle'],
    ['under a raised idleTimeout, by its own end', {}, { idleTimeout: 900 }, 105, 'idle'],
  ])('judges a session %s', (_, more, bounds, after, verdict) => {
    expect(rejectionReason(claims(more), START + after, { ...LIFETIME, ...bounds })).toBe(verdict)
  })
})

describe('write', () => {
  test('leaves out what has its usual value', () => {
    expect(formatPayload(claims(), contents('{"a":1}'))).toBe(
      `{"jti":"${ID}","iat":1700000000,"exp":1700000100,"d":{"a":1}}`,
    )
  })

  test('writes the start of a renewed session, and the logouts before it', () => {
    const renewed = claims({ sealedAt: START + 50, expiresAt: START + 150, logouts: 7 })
    expect(formatPayload(renewed, contents('"text"'))).toBe(
      `{"jti":"${ID}","iat":1700000050,"exp":1700000150,"nbf":1700000000,"out":7,"d":"text"}`,
    )
  })

  test('is undone by read, for all claims and data', () => {
    const some = fc.record({
      id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => base64url(bytes)),
      startedAt: fc.nat(2 ** 31 - 1),
      idle: fc.nat(100 * 86_400),
      left: fc.nat(100 * 86_400),
      logouts: fc.nat(999_999_999),
    })
    fc.assert(
      fc.property(some, fc.jsonValue(), ({ idle, left, ...rest }, data) => {
        const sealedAt = rest.startedAt + idle
        const written = { ...rest, sealedAt, expiresAt: sealedAt + left }
        const text = contents(JSON.stringify(data))
        const payload = parsePayload(formatPayload(written, text))
        expect(payload).toMatchObject({ claims: written, text })
        expect(payload?.members['d']).toEqual(JSON.parse(JSON.stringify(data)))
      }),
    )
  })
})

describe('renewalGrowth', () => {
  test('is what the start adds to a token at the first renewal, and nothing after it', () => {
    const first = claims()
    const renewed = resealClaims(first, START + 20, LIFETIME)
    const again = resealClaims(renewed, START + 40, LIFETIME)
    const lengths = [first, renewed, again].map((each) =>
      sealedLength(formatPayload(each, contents()).length),
    )
    const [before = 0, after = 0, later = 0] = lengths
    // A byte of text is four thirds of a character, so how it is rounded depends on what was there.
    expect([0, 1]).toContain(renewalGrowth(first) - (after - before))
    expect(renewalGrowth(first)).toBe(Math.ceil(('"nbf":1700000000,'.length * 4) / 3))
    expect(renewalGrowth(renewed)).toBe(0)
    expect(later).toBe(after)
  })
})

describe('read', () => {
  const members = { jti: `"${ID}"`, iat: '50', exp: '60', nbf: '40', out: '1', d: '{}' }
  const payload = (changed: Partial<Record<keyof typeof members, string | undefined>>) => {
    const all = Object.entries({ ...members, ...changed })
    const written = all.filter(([, value]) => value !== undefined)
    return `{${written.map(([name, value]) => `"${name}":${value}`).join(',')}}`
  }

  test('takes the payload that the refusals below change', () => {
    expect(parsePayload(payload({}))?.claims).toEqual({
      id: ID,
      startedAt: 40,
      sealedAt: 50,
      expiresAt: 60,
      logouts: 1,
    })
  })

  const noNumber = ['null', '"5"', '"45"', 'NaN', '-1', '1e999', '9007199254740992', '45.5']
  const noWhole = [...noNumber, 'true', '[]', '{}', '[45]', '', 'Infinity', '045', '0x2d']

  test.each(['iat', 'exp', 'nbf', 'out'] as const)('needs a whole number as %s', (name) => {
    const taken = noWhole.filter((value) => parsePayload(payload({ [name]: value })) !== undefined)
    expect(taken).toEqual([])
  })

  test.each(['jti', 'iat', 'exp', 'd'] as const)('needs %s', (name) => {
    expect(parsePayload(payload({ [name]: undefined }))).toBeUndefined()
  })

  test('takes a missing start for the seal, and a missing count for none', () => {
    expect(parsePayload(payload({ nbf: undefined, out: undefined }))?.claims).toMatchObject({
      startedAt: 50,
      logouts: 0,
    })
  })

  test.each(['null', '5', '""', `"${ID}A"`, `"${ID.slice(1)}"`, `"${ID.slice(1)}="`, `["${ID}"]`])(
    'needs 22 characters of base64url as jti: not %s',
    (jti) => {
      expect(parsePayload(payload({ jti }))).toBeUndefined()
    },
  )

  test('refuses a start after the seal, and a seal after the end', () => {
    expect(parsePayload(payload({ nbf: '50' }))?.claims.startedAt).toBe(50)
    expect(parsePayload(payload({ nbf: '51' }))).toBeUndefined()
    expect(parsePayload(payload({ exp: '50' }))?.claims.expiresAt).toBe(50)
    expect(parsePayload(payload({ exp: '49' }))).toBeUndefined()
  })

  test('refuses an end that is further away than any session lives', () => {
    expect(LONGEST_LIFE).toBe(34_560_000)
    expect(parsePayload(payload({ exp: String(40 + LONGEST_LIFE) }))?.claims.expiresAt).toBe(
      34_560_040,
    )
    expect(parsePayload(payload({ exp: String(41 + LONGEST_LIFE) }))).toBeUndefined()
  })

  test.each(['', '{', 'null', '5', '"text"', '[]', '[{}]', 'undefined', '{}', 'e30', '\u0000'])(
    'refuses a payload that is no object with claims: %j',
    (text) => {
      expect(parsePayload(text)).toBeUndefined()
    },
  )

  test('takes no claims from a prototype', () => {
    expect(parsePayload(`{"__proto__":${payload({})}}`)).toBeUndefined()
    expect(
      parsePayload(payload({ d: undefined }).replace('{', '{"__proto__":{"d":{}},')),
    ).toBeUndefined()
  })

  test('has no text to compare with where another writer arranged the members', () => {
    const other = `{"d":{"a":1},"exp":60,"iat":50,"jti":"${ID}"}`
    const payload = parsePayload(other)
    expect(payload?.claims).toEqual({
      id: ID,
      startedAt: 50,
      sealedAt: 50,
      expiresAt: 60,
      logouts: 0,
    })
    expect(payload?.members['d']).toEqual({ a: 1 })
    expect(payload?.text).toBeUndefined()
    const spaced = parsePayload(other.replaceAll(':', ': '))
    expect(spaced?.members['d']).toEqual({ a: 1 })
    expect(spaced?.text).toBeUndefined()
  })

  test('hands the data on as it is, for others to judge', () => {
    for (const d of ['null', '5', '[]', '"{}"', '{"__proto__":1}']) {
      expect(parsePayload(payload({ d }))?.members['d']).toEqual(JSON.parse(d))
    }
  })
})

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Characters of so many bytes in base64url. */
function sealedLength(bytes: number): number {
  return base64url(new Uint8Array(bytes)).length
}
