// Parsing the cookies of a request, as far as one session needs them.

import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  NO_COOKIES,
  STAMP_LENGTH,
  collectRequestCookies,
  parseRequestCookies,
  withWrites,
} from '../../../src/cookies/request-cookies.ts'

const NAME = '__Host-session'

/** Kilobytes of header, as Node.js takes them by default; `SLOW=1` tries what servers take at most. */
const LARGE = process.env['SLOW'] === undefined ? 16 : 64

const partsOf = (header: string, name = NAME) => parseRequestCookies(header, name).parts

afterEach(() => {
  vi.restoreAllMocks()
})

describe('parseRequestCookies', () => {
  test('finds nothing in an empty header', () => {
    expect(parseRequestCookies('', NAME)).toEqual(NO_COOKIES)
  })

  test('finds the parts by their numbers, in any order', () => {
    const header = `${NAME}.2=c; ${NAME}.1=b; ${NAME}=3.a`
    expect(partsOf(header)).toEqual([['3.a'], ['b'], ['c']])
  })

  test('leaves a gap for a missing part, the first one too', () => {
    expect(partsOf(`${NAME}.3=d; ${NAME}=4.a`)).toEqual([['4.a'], [], [], ['d']])
    expect(partsOf(`${NAME}.1=b`)).toEqual([[], ['b']])
  })

  test('accepts only the parts 1 to 15, in one spelling', () => {
    expect(partsOf(`${NAME}.15=p`)).toHaveLength(16)
    const strangers = ['0', '16', '99', '01', '1 ', ' 1', '+1', '1.0', '-1', '', '1a', '١', '0x1']
    for (const suffix of strangers) {
      expect([suffix, partsOf(`${NAME}.${suffix}=p`)]).toEqual([suffix, []])
    }
  })

  test.each([
    '__Host-sessio',
    '__Host-session2',
    '__Host-sessions',
    '__Host-session_',
    '__Host-session.',
    '__Host-session.y',
    '__Host-session.xx',
    '__Host-session.X',
    '__Host-session.tt',
    '__Host-session.d.abc',
    '__Host-session.t.1',
    '__Host-session.1.1',
    'x__Host-session',
    '__host-session',
    '__HOST-SESSION',
    '__Host-session%20',
    '%5F%5FHost-session',
    '__Host%2Dsession',
    '"__Host-session"',
    '$__Host-session',
    '__Host-session\u00a0',
    '\u00a0__Host-session',
    '\u2003__Host-session',
    '\ufeff__Host-session',
    '__Host-session\u200b',
    '\v__Host-session',
    '__Host-session ',
    '__Host-session\t',
    '__proto__',
    'constructor',
  ])('does not take %j for the name', (name) => {
    const { otherBytes, ...own } = parseRequestCookies(`${name}=v`, NAME)
    expect(own).toEqual({ parts: [], tickets: [], devices: [], stamps: '' })
    expect(otherBytes).toBeGreaterThan(0)
  })

  test('compares names byte for byte, and does not match members of Object.prototype', () => {
    expect(partsOf('__proto__=v; __proto__.1=w', '__proto__')).toEqual([['v'], ['w']])
    expect(partsOf('constructor=v', '__proto__')).toEqual([])
    expect(partsOf('a.b=v; axb=w', 'a.b')).toEqual([['v']])
    expect(partsOf('a*=v', 'a*')).toEqual([['v']])
    expect(partsOf('aa=v', 'a*')).toEqual([])
  })

  test('ignores $Version, nameless cookies, and pairs without a value', () => {
    const header = `$Version=1; =${NAME}=v; ${NAME}; ${NAME}.1; ; ;=; ${NAME}=right; $Path=/`
    expect(partsOf(header)).toEqual([['right']])
  })

  test('keeps a value as it is: with equals signs, quotes, escapes and spaces inside', () => {
    for (const value of ['', 'a=b', '=', '"quoted"', '%65', 'a b', '\u00a0', 'ü', '{}']) {
      expect(partsOf(`a=1; ${NAME}=${value}; b=2`)).toEqual([[value]])
    }
  })

  test('finds our cookies in several lines that were joined with a comma, ours first', () => {
    expect(partsOf(`${NAME}=v, a=1`)).toEqual([['v']])
    expect(partsOf(`b=2; ${NAME}=3.x, ${NAME}.1=y, ${NAME}.2=z; c=3`)).toEqual([
      ['3.x'],
      ['y'],
      ['z'],
    ])
  })

  test('finds nothing after a comma in a foreign value, because the client chooses that text', () => {
    expect(partsOf(`a=1, ${NAME}=v`)).toEqual([])
    expect(partsOf(`${NAME}=v, a=1, ${NAME}=w`)).toEqual([['v']])
  })

  test.each([', ', ',,', ', ,', ',\t'])('finds no cookie in the empty lines %j', (commas) => {
    expect(parseRequestCookies(`${NAME}=v${commas}`, NAME)).toMatchObject({ parts: [['v']] })
    expect(partsOf(`${NAME}=v${commas}=w`)).toEqual([['v']])
    expect(partsOf(`${NAME}${commas}=v`)).toEqual([])
  })

  test('counts foreign cookies after a comma', () => {
    expect(parseRequestCookies(`${NAME}=v, a=1`, NAME).otherBytes).toBe(' a=1; '.length)
    expect(parseRequestCookies(`a=1, ${NAME}=v`, NAME).otherBytes).toBe(`a=1, ${NAME}=v; `.length)
  })

  test('trims spaces and tabs around a pair, and no other white space of Unicode', () => {
    expect(partsOf(`a=1;\t ${NAME}=v \t;b=2`)).toEqual([['v']])
    expect(partsOf(`a=1;${NAME}=v`)).toEqual([['v']])
    expect(partsOf(`${NAME}=v\u00a0`)).toEqual([['v\u00a0']])
    expect(partsOf(`${NAME}= v`)).toEqual([[' v']])
  })

  test('keeps the same name from several scopes, in order, at most four', () => {
    const header = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => `${NAME}=${value}`).join('; ')
    expect(partsOf(header)).toEqual([['a', 'b', 'c', 'd']])
  })

  test.each([';', '=', ' ', '; ', '=;', `${NAME};`, `${NAME}.`, `${NAME}=`, ';;=', '\t', '%', 'é'])(
    `finds a cookie after ${LARGE} kB of %j`,
    (noise) => {
      const header = noise.repeat(Math.ceil((LARGE * 1024) / noise.length))
      expect(partsOf(`${header}; ${NAME}.3=found`)[3]).toEqual(['found'])
      expect(partsOf(`${NAME}.3=found; ${header}`)[3]).toEqual(['found'])
    },
  )

  test.each([';', '=', `${NAME};`, `${NAME}.;`, `${NAME}.1;`, `${NAME}=;`, 'a=;', 's'])(
    'searches a header of %j in linear time',
    (noise) => {
      const once = searched(noise.repeat(500))
      const twice = searched(noise.repeat(1000))
      expect(once).toBeGreaterThan(0)
      expect(twice).toBeLessThanOrEqual(once * 2.1)
    },
  )
})

describe('tickets', () => {
  test('are the values of their cookie, in the order of the request, at most four', () => {
    const header = ['a', '', 'b', 'a', 'e', 'f'].map((value) => `${NAME}.t=${value}`).join('; ')
    expect(parseRequestCookies(header, NAME)).toEqual({
      ...NO_COOKIES,
      tickets: ['a', '', 'b', 'a'],
    })
  })
})

describe('logout stamps', () => {
  const stampsOf = (...values: readonly string[]) =>
    parseRequestCookies(values.map((value) => `${NAME}.x=${value}`).join('; '), NAME).stamps

  test.each(['aaaa', 'A-_9', '0000', '----'])('are kept as they are: %s', (value) => {
    expect(parseRequestCookies(`${NAME}.x=${value}`, NAME)).toEqual({
      ...NO_COOKIES,
      stamps: value,
    })
    expect(value).toHaveLength(STAMP_LENGTH)
  })

  test.each([
    '',
    'aaa',
    'aaaaa',
    'aaaaaaaa',
    'aa.a',
    'aa a',
    ' aaaa',
    '"aaa',
    'aaä',
    'aaa=',
    '١١١١',
  ])('are none with the value %j', (value) => {
    expect(stampsOf(value)).toBe('')
  })

  test('are the distinct values in the order of the request', () => {
    expect(stampsOf('bbbb', 'aaaa', 'bbbb', 'junk!', 'aaaa')).toBe('bbbbaaaa')
  })

  test('of bound sessions are kept with their bindings', () => {
    const names = ['aaaaaaaa', 'bbbbbbbb', 'aaaaaaaa', 'cccccccc', 'dddddddd']
    const header = names.map((binding, at) => `${NAME}.d.${binding}=${at}`).join('; ')
    const expected = names.map((binding, at) => [binding, String(at)])
    expect(parseRequestCookies(header, NAME)).toEqual({ ...NO_COOKIES, devices: expected })
  })

  test('are at most four, however many another subdomain has set', () => {
    expect(stampsOf('aaaa', 'bbbb', 'junk!', 'aaaa', 'cccc', 'dddd', 'eeee', 'ffff')).toBe(
      'aaaabbbbccccdddd',
    )
  })

  test('that overlap are distinguished', () => {
    expect(stampsOf('aabb', 'bbaa', 'aabb')).toBe('aabbbbaa')
  })
})

describe('collectRequestCookies', () => {
  const pairs = [
    [NAME, '2.a'],
    ['theme', 'dark'],
    [`${NAME}.1`, 'b'],
    [`${NAME}.t`, 'ticket'],
    [`${NAME}.x`, 'aaaa'],
    [`${NAME}.16`, 'p'],
  ] as const

  test('finds the same cookies in pairs as in a header', () => {
    const header = pairs.map((pair) => pair.join('=')).join('; ')
    expect(collectRequestCookies(pairs, NAME)).toEqual(parseRequestCookies(header, NAME))
  })

  test('counts other cookies as a browser encodes them, since their values come decoded', () => {
    const decoded = [
      ['lang', 'zoë'],
      ['cart', 'a; b'],
    ] as const
    const encoded = 'lang=zo%C3%AB; cart=a%3B%20b; '
    expect(collectRequestCookies(decoded, NAME).otherBytes).toBe(encoded.length)
  })

  test('finds nothing in no pairs', () => {
    expect(collectRequestCookies([], NAME)).toEqual(NO_COOKIES)
  })

  test('keeps values as they are: no value hides another cookie', () => {
    const value = `x; ${NAME}.1=b, ${NAME}.x=aaaa`
    expect(collectRequestCookies([[NAME, value]], NAME)).toEqual({
      ...NO_COOKIES,
      parts: [[value]],
    })
  })
})

describe('withWrites', () => {
  const before = {
    parts: [['2.a', 'twin'], ['b']],
    tickets: ['one', 'two'],
    devices: [['bbbbbbbb', 'three']] as const,
    stamps: 'aaaabbbb',
    otherBytes: 7,
  }
  const write = (name: string, value: string) => ({ name, value, maxAge: value === '' ? 0 : 60 })

  test('has the parts that were set, and not those that were deleted', () => {
    const writes = [write(NAME, '3.x'), write(`${NAME}.1`, ''), write(`${NAME}.2`, 'z')]
    expect(withWrites(before, writes, NAME)).toEqual({ ...before, parts: [['3.x'], [], ['z']] })
  })

  test('has no parts at all when all were deleted', () => {
    const writes = [write(NAME, ''), write(`${NAME}.1`, ''), write(`${NAME}.t`, '')]
    expect(withWrites(before, writes, NAME)).toEqual({ ...before, parts: [], tickets: [] })
  })

  test('has the ticket that was set, and a new stamp before the others, at most four', () => {
    const writes = [write(`${NAME}.t`, 'three'), write(`${NAME}.x`, 'cccc')]
    const after = withWrites(before, writes, NAME)
    expect(after).toEqual({ ...before, tickets: ['three'], stamps: 'ccccaaaabbbb' })
    const more = ['dddd', 'eeee'].map((stamp) => write(`${NAME}.x`, stamp))
    expect(withWrites(after, more, NAME).stamps).toBe('eeeeddddccccaaaa')
  })

  test('has the ticket of a binding that was set, beside those of others, and none that was deleted', () => {
    const writes = [write(`${NAME}.d.aaaaaaaa`, 'four'), write(`${NAME}.d.bbbbbbbb`, 'five')]
    const after = withWrites(before, writes, NAME)
    expect(after.devices).toEqual([
      ['aaaaaaaa', 'four'],
      ['bbbbbbbb', 'five'],
    ])
    expect(withWrites(after, [write(`${NAME}.d.bbbbbbbb`, '')], NAME).devices).toEqual([
      ['aaaaaaaa', 'four'],
    ])
  })

  test('has a gap for a part that did not exist before, and none after the last part', () => {
    const { parts } = withWrites(before, [write(`${NAME}.4`, 'e')], NAME)
    expect(parts).toEqual([['2.a', 'twin'], ['b'], [], [], ['e']])
    expect(withWrites({ ...before, parts }, [write(`${NAME}.4`, '')], NAME)).toEqual(before)
  })

  test('does not change its argument, and ignores cookies of others', () => {
    const copy = structuredClone(before)
    const after = withWrites(before, [write('theme', 'dark'), write(NAME, 'x')], NAME)
    expect(after).toEqual({ ...before, parts: [['x'], ['b']] })
    expect(Object.keys(after.parts)).toEqual(['0', '1'])
    expect(before).toEqual(copy)
  })
})

describe('otherBytes', () => {
  test('counts every other cookie as it is sent, with a separator after each', () => {
    expect(parseRequestCookies('a=1; bb=22', NAME).otherBytes).toBe(3 + 2 + (5 + 2))
    expect(
      parseRequestCookies(`a=1;  ;${NAME}=v;${NAME}.1=w;${NAME}.x=aaaa;${NAME}.t=u`, NAME)
        .otherBytes,
    ).toBe(5)
  })

  test('counts bytes, whether the string has one character a byte or is decoded', () => {
    expect(parseRequestCookies('a=\u00c3\u00bc', NAME).otherBytes).toBe(4 + 2)
    expect(parseRequestCookies('a=→', NAME).otherBytes).toBe(5 + 2)
    expect(parseRequestCookies('a=👋', NAME).otherBytes).toBe(6 + 2)
  })

  test('agrees with an independent count of the other cookies, for any header', () => {
    const name = fc.constantFrom(
      'a',
      's',
      's.1',
      's.x',
      's.t',
      's.16',
      's2',
      'S',
      '',
      ' s',
      'ü',
      '→',
    )
    const value = fc.string({
      unit: fc.constantFrom('v', '=', ' ', '\t', '"', 'é', '→'),
      maxLength: 5,
    })
    const pair = fc.tuple(name, fc.constantFrom('=', ''), value).map((texts) => texts.join(''))
    const headers = fc
      .tuple(fc.array(pair, { maxLength: 12 }), fc.constantFrom('; ', ';', ' ; '))
      .map(([pairs, separator]) => pairs.join(separator))
    fc.assert(
      fc.property(headers, (header) => {
        expect(parseRequestCookies(header, 's').otherBytes).toBe(
          remaining(header, /^s(\.1|\.x|\.t)?=/),
        )
      }),
      { numRuns: 1000 },
    )
  })
})

/** Returns how many characters all searches in a header pass. */
function searched(header: string): number {
  const { indexOf } = String.prototype
  let passed = 0
  const spy = vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (
    this: string,
    text,
    from = 0,
  ) {
    const found = indexOf.call(this, text, from)
    passed += (found === -1 ? this.length : found) - from + 1
    return found
  })
  parseRequestCookies(header, NAME)
  spy.mockRestore()
  return passed
}

/** Computes the expected `otherBytes` by splitting the header. */
function remaining(header: string, ours: RegExp): number {
  const others = header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair !== '' && !ours.test(pair))
  const isDecoded = (pair: string) => /[^\0-\xff]/.test(pair)
  return others
    .map((pair) => Buffer.byteLength(pair, isDecoded(pair) ? 'utf8' : 'latin1') + 2)
    .reduce((sum, bytes) => sum + bytes, 0)
}
