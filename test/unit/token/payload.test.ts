import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIFETIME_NAME, LONGEST_LIFE } from '../../../src/token/claims.ts'
import type { Claims } from '../../../src/token/claims.ts'
import { dayOf } from '../../../src/token/day.ts'
import { formatClaimMembers, formatPayload, parsePayload } from '../../../src/token/payload.ts'
import { base64url } from '../../support/mint.ts'

const DAY = 86_400

/** 2023-11-14 22:13:20 UTC. */
const START = 1_700_000_000
const TODAY = dayOf(START)
const SEALED = START % DAY
const ID = 'AAECAwQFBgcICQoLDA0ODw'

function claims(more: Partial<Claims> = {}): Claims {
  const times = { startedAt: START, sealedAt: START, life: 1000 }
  return { id: ID, ...times, stamps: '', lifetime: '', binding: '', ...more }
}

describe('formatPayload', () => {
  test('returns an array without whitespace, with the body last', () => {
    expect(formatPayload(claims(), '{"a":1}')).toBe(`["${ID}",${SEALED},1000,0,{"a":1}]`)
    const later = claims({ sealedAt: START + 50 })
    expect(formatPayload(later, '"text",{"t":1}')).toBe(
      `["${ID}",${SEALED + 50},1000,50,"text",{"t":1}]`,
    )
  })

  test('counts the seal time from the start of its day, across midnight', () => {
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
      binding: fc.constantFrom('', 'Zk3vQ9rW'),
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
  test('omits empty members', () => {
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

  test('accepts the payload that the tests below alter', () => {
    const sealedAt = 20_000 * DAY + 50
    expect(parse({})).toEqual({
      claims: claims({ startedAt: sealedAt - 40, sealedAt, life: 60 }),
      data: {},
      parcel: '',
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

  test('accepts no rarely used member but its own, however its name begins or ends', () => {
    expect(parse({ more: '{"t":1}' })?.more['t']).toBe(1)
    const others = ['xt', 'tt', 'tx', 'T', '', 'id', 'z']
    const accepted = others.filter((name) => parse({ more: `{"${name}":1}` }) !== undefined)
    expect(accepted).toEqual([])
  })

  test('accepts only 22 characters of base64url as the id of a parcel', () => {
    expect(parse({ more: `{"p":"${ID}"}` })?.parcel).toBe(ID)
    const others = ['null', '""', '5', `"${ID}A"`, `"${ID.slice(1)}"`, `"${ID.slice(1)}="`]
    const accepted = others.filter((text) => parse({ more: `{"p":${text}}` }) !== undefined)
    expect(accepted).toEqual([])
  })

  test('rejects a session that began before 1970', () => {
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

  test('returns the data unchecked', () => {
    for (const data of ['null', '5', '[]', '"{}"', '{"__proto__":1}']) {
      expect(parse({ data })?.data).toEqual(JSON.parse(data))
    }
  })

  describe('the object of rarely used members', () => {
    test('returns the members of the contents unchecked', () => {
      const more = '{"s":1,"f":"x","c":null,"t":[]}'
      expect(parse({ more })?.more).toEqual(JSON.parse(more))
      expect(parse({ more })?.body).toBe(`{},${more}`)
    })

    test('contains the stamps and the name of the lifetime', () => {
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
      '{"b":"!aaaaaaaa"}',
      '{"b":"aaaaaaaa!"}',
      '{"b":"aaaaaaaaa"}',
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

    test('has no inherited member read', () => {
      const { more } = parse({ more: '{"t":1}' }) ?? { more: {} }
      expect(Object.getPrototypeOf(more)).toBeNull()
      expect(Object.getPrototypeOf(parse({})?.more)).toBeNull()
    })
  })

  test('has no body for comparison if the payload has another spelling', () => {
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
