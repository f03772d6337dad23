import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJoined, join, split } from '../../../src/cookies/chunks.ts'

const IV = 'AAECAwQFBgcICQoL'

/** The shortest prefix of a first part: a secret id, a day and an IV. */
const HEAD = `ucs7.20468.${IV}.`

/** Characters of a first part with the longest count, id and day, and the IV with its dot. */
const SHORTEST_FIRST_PART = '16.'.length + 32 + '.999999.'.length + IV.length + '.'.length

const text = (length: number, letter = 'e') => letter.repeat(length)

/** Returns a value whose characters show their position, so that a misplaced part is visible. */
function ruler(length: number, head = HEAD): string {
  const marks = Array.from({ length: Math.ceil(length / 5) }, (_, index) => `e${pad(index)}`)
  return (head + marks.join('')).slice(0, length)
}

function pad(index: number): string {
  return String(index).padStart(4, '0')
}

const inScopes = (parts: readonly string[]) => parts.map((part) => [part])

describe('split', () => {
  test('returns a value that fits one cookie as it is', () => {
    expect(split(ruler(100), () => 100)).toEqual([ruler(100)])
  })

  test('cuts a value that is one character too long, and puts the count first', () => {
    const value = ruler(101)
    expect(split(value, () => 100)).toEqual([`2.${value.slice(0, 98)}`, value.slice(98)])
  })

  test('fills every cookie completely', () => {
    const parts = split(ruler(300), (index) => 100 - index)
    expect(parts.map(({ length }) => length)).toEqual([100, 99, 98, 5])
    expect(parts[0]?.slice(0, 2)).toBe('4.')
  })

  test('makes room for the second digit of the count', () => {
    const nine = split(ruler(898), () => 100)
    const ten = split(ruler(899), () => 100)
    expect([nine.length, nine[0]?.slice(0, 2)]).toEqual([9, '9.'])
    expect([ten.length, ten[0]?.slice(0, 3)]).toEqual([10, '10.'])
    expect(Math.max(...ten.map(({ length }) => length))).toBe(100)
  })

  test('puts the longest id, day and count into the shortest first part', () => {
    const head = `${text(32, '9')}.999999.${IV}.`
    const parts = split(ruler(900, head), () => SHORTEST_FIRST_PART)
    expect(parts.length).toBeGreaterThan(9)
    expect(parts[0]).toBe(`${parts.length}.${head}`)
    expect(join(inScopes(parts))).toEqual([{ value: ruler(900, head) }])
  })

  test('is undone by join for any id and value, and no part is longer than allowed', () => {
    const most = { minLength: 17, maxLength: 17 }
    const rooms = fc.array(fc.integer({ min: SHORTEST_FIRST_PART, max: 400 }), most)
    // Ids of digits only look like counts, and days like ids.
    const digits = fc.stringMatching(/^[0-9]{1,32}$/)
    const ids = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
      digits,
      fc.constantFrom('2', '16'),
    )
    const ivs = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{16}$/), fc.stringMatching(/^[0-9]{16}$/))
    const sizes = fc.integer({ min: 1, max: 4000 })
    fc.assert(
      fc.property(ids, fc.nat(999_999), ivs, sizes, rooms, (id, day, iv, size, widths) => {
        const room = (index: number) => widths[index] ?? 400
        const head = `${id}.${day}.${iv}.`
        const value = ruler(head.length + size, head)
        const parts = split(value, room)
        expect(parts.every((part, index) => part.length <= room(index))).toBe(true)
        // A part without characters would be a useless cookie.
        expect(parts.every((part) => part.length > 0)).toBe(true)
        expect(join(inScopes(parts))).toEqual(
          parts.length <= 16 ? [{ value }] : [{ reason: 'too-large' }],
        )
      }),
      { numRuns: 1000 },
    )
  })
})

describe('join', () => {
  test('returns nothing without parts', () => {
    expect(join([])).toEqual([])
  })

  test.each([
    ['0', 'malformed'],
    ['1', 'malformed'],
    ['02', 'malformed'],
    ['0000000000000002', 'malformed'],
    ['17', 'too-large'],
    ['999999', 'too-large'],
    ['1000000000000000', 'too-large'],
    ['2', 'incomplete'],
    ['16', 'incomplete'],
  ])('refuses a first part that is counted as %s as %s', (count, reason) => {
    expect(join([[`${count}.${HEAD}e`]])).toEqual([{ reason }])
  })

  test.each([
    ...['99999999999999999', '-2', ' 2', '+2', '2e0', '٢', '2.2', '', 'two'].map(
      (count) => `${count}.${HEAD}e`,
    ),
    '',
    '2',
    '2.',
    '2.e',
    `2,${HEAD}e`,
    HEAD,
    `2.${IV}.e`,
    `2.ucs7.20468.${IV}`,
    `2.ucs7.2046800.${IV}.e`,
    `2.ucs7..${IV}.e`,
    `2.ucs7.20468.${IV}A.e`,
    `2.${text(33, 'i')}.20468.${IV}.e`,
    '2.eyJhbGciOiJkaXIifQ..AAECAwQFBgcICQoL.e.e',
  ])('takes %j for a whole value and not for a count', (value) => {
    expect(join([[value], ['other']])).toEqual([{ value }])
  })

  test('tells an id of digits from a count', () => {
    for (const id of ['0', '1', '2', '16', '17', '20468', text(32, '9')]) {
      const value = `${id}.20468.${IV}.e`
      expect(join([[value]])).toEqual([{ value }])
      expect(join([[`2.${value}`], ['f']])).toEqual([{ value: `${value}f` }])
    }
  })

  test('needs the first part, whichever others there are', () => {
    expect(join([[], ['b'], ['c']])).toEqual([{ reason: 'incomplete' }])
  })

  test.each([1, 2, 3])('is incomplete without part %i of four', (missing) => {
    const parts = inScopes(split(ruler(380), () => 100))
    expect(parts).toHaveLength(4)
    expect(join(parts)).toEqual([{ value: ruler(380) }])
    expect(join(parts.map((twins, index) => (index === missing ? [] : twins)))).toEqual([
      { reason: 'incomplete' },
    ])
  })

  test('ignores a part that is left over from a longer session', () => {
    expect(join([[`2.${HEAD}a`], ['b'], ['left']])).toEqual([{ value: `${HEAD}ab` }])
    expect(join([['a'], ['left'], ['left']])).toEqual([{ value: 'a' }])
  })

  test('returns no value if a part is longer than a cookie can be', () => {
    expect(join([[text(4096)]])).toEqual([{ value: text(4096) }])
    expect(join([[text(4097)]])).toEqual([{ reason: 'too-large' }])
    const two = `2.${HEAD}a`
    expect(join([[two], [text(4096)]])).toEqual([{ value: `${HEAD}a${text(4096)}` }])
    expect(join([[two], [text(4097)]])).toEqual([{ reason: 'too-large' }])
    expect(join([[`3.${HEAD}a`], ['b'], [text(4097)]])).toEqual([{ reason: 'too-large' }])
    expect(join([[two], ['b', text(4097)]])).toEqual([{ reason: 'too-large' }])
  })
})

describe('the same cookies from two scopes', () => {
  const HEAD_A = `AAAA.1.${IV}.`
  const HEAD_B = `BBBB.2.${IV}.`

  /** The values without their heads, or the reasons. */
  const valuesOf = (parts: readonly (readonly string[])[]) =>
    join(parts).map((result) =>
      isJoined(result) ? result.value.replace(HEAD_A, '').replace(HEAD_B, '') : result.reason,
    )

  test('are tried in the order of the request', () => {
    expect(valuesOf([['old', 'new']])).toEqual(['old', 'new'])
    expect(valuesOf([['new', 'old']])).toEqual(['new', 'old'])
  })

  test('are joined from their own parts, in any interleaving', () => {
    const one = [`3.${HEAD_A}A0`, 'A1', 'A2']
    const two = [`3.${HEAD_B}B0`, 'B1', 'B2']
    for (const order of interleavings(one.length, two.length)) {
      const parts: string[][] = [[], [], []]
      const rest = { one: [...one.entries()], two: [...two.entries()] }
      for (const scope of order) {
        const [index, part] = rest[scope].shift() ?? [0, '']
        parts[index]?.push(part)
      }
      // Browsers sort by path and age: one scope is before the other in all of its parts, or only
      // the first parts are in the opposite order.
      const consistent = parts[1]?.[0]?.[0] === parts[2]?.[0]?.[0]
      const values = valuesOf(parts)
      expect(values.length).toBeLessThanOrEqual(4)
      if (!consistent) continue
      expect(values).toContain('A0A1A2')
      expect(values).toContain('B0B1B2')
      // Later parts are taken in step, never one from each scope.
      for (const value of values) expect(value).toMatch(/A1A2$|B1B2$/)
    }
  })

  test('are distinguished if one has more parts than the other', () => {
    const short = [`2.${HEAD_A}A0`, 'A1']
    const long = [`3.${HEAD_B}B0`, 'B1', 'B2']
    const merged = (first: string[], second: string[]) =>
      [0, 1, 2].map((index) => [first, second].flatMap((parts) => parts.slice(index, index + 1)))
    for (const parts of [merged(short, long), merged(long, short)]) {
      expect(valuesOf(parts)).toContain('A0A1')
      expect(valuesOf(parts)).toContain('B0B1B2')
    }
  })

  test('are found beside a single cookie of another scope', () => {
    const two = `2.${HEAD_B}B0`
    expect(valuesOf([['A0', two], ['B1']])).toEqual(['A0', 'B0B1'])
    expect(valuesOf([[two, 'A0'], ['B1']])).toEqual(['B0B1', 'A0'])
  })

  test('do not hide a whole session behind an incomplete one', () => {
    expect(valuesOf([[`3.${HEAD_A}A0`, `2.${HEAD_B}B0`], ['B1']])).toEqual(['incomplete', 'B0B1'])
  })

  test('give at most four candidates for any input', () => {
    const firsts = ['2', '3', '16', '0', '99'].map((count) => `${count}.${HEAD}`)
    const twins = fc.array(fc.constantFrom(...firsts, 'd', ''), { maxLength: 6 })
    fc.assert(
      fc.property(fc.array(twins, { maxLength: 17 }), (parts) => {
        expect(join(parts).length).toBeLessThanOrEqual(4)
      }),
    )
    expect(join([text(10).split(''), text(10).split('')])).toHaveLength(4)
  })
})

/** Returns every order in which two sequences can be merged. */
function interleavings(ones: number, twos: number): ('one' | 'two')[][] {
  if (ones === 0 && twos === 0) return [[]]
  const orders: ('one' | 'two')[][] = []
  if (ones > 0) for (const rest of interleavings(ones - 1, twos)) orders.push(['one', ...rest])
  if (twos > 0) for (const rest of interleavings(ones, twos - 1)) orders.push(['two', ...rest])
  return orders
}
