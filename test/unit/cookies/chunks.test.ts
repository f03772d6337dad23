import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { join, split } from '../../../src/cookies/chunks.ts'

const text = (length: number, letter = 'e') => letter.repeat(length)

/** A token in which every character says where it stands, so that a misplaced part shows. */
const ruler = (length: number) =>
  Array.from({ length: Math.ceil(length / 5) }, (_, index) => `e${String(index).padStart(4, '0')}`)
    .join('')
    .slice(0, length)

const asJar = (values: readonly string[]) => values.map((value) => [value])

describe('split', () => {
  test('leaves a token that fits one cookie as it is', () => {
    expect(split(text(100), () => 100)).toEqual([text(100)])
  })

  test('cuts one that is a character too long, and says first into how many parts', () => {
    expect(split(text(101), () => 100)).toEqual([`2.${text(98)}`, text(3)])
  })

  test('fills every cookie to its own room', () => {
    const room = (index: number) => 100 - index
    const values = split(text(300), room)
    expect(values.map(({ length }) => length)).toEqual([100, 99, 98, 5])
    expect(values[0]?.slice(0, 2)).toBe('4.')
  })

  test('makes room for the second digit of the count', () => {
    const nine = split(ruler(898), () => 100)
    const ten = split(ruler(899), () => 100)
    expect([nine.length, nine[0]?.slice(0, 2)]).toEqual([9, '9.'])
    expect([ten.length, ten[0]?.slice(0, 3)]).toEqual([10, '10.'])
    expect(Math.max(...ten.map(({ length }) => length))).toBe(100)
  })

  test('is undone by join for any token and any room, and no part exceeds its room', () => {
    const rooms = fc.array(fc.integer({ min: 20, max: 400 }), { minLength: 17, maxLength: 17 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), rooms, (length, widths) => {
        const room = (index: number) => widths[index] ?? 400
        const token = ruler(length)
        const values = split(token, room)
        expect(values.every((value, index) => value.length <= room(index))).toBe(true)
        // A part that holds nothing would be a cookie for nothing.
        expect(values.every((value) => value.length > 0)).toBe(true)
        expect(join(asJar(values))).toEqual(
          values.length <= 16 ? [{ token }] : [{ reason: 'too-large' }],
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe('join', () => {
  test('finds nothing in an empty jar', () => {
    expect(join([])).toEqual([])
  })

  test.each([
    ['0.e', 'malformed'],
    ['1.e', 'malformed'],
    ['02.e', 'malformed'],
    ['0000000000000002.e', 'malformed'],
    ['17.e', 'too-large'],
    ['999999.e', 'too-large'],
    ['1000000000000000.e', 'too-large'],
    ['2.e', 'incomplete'],
    ['16.e', 'incomplete'],
  ])('refuses a first value of %j as %s', (head, reason) => {
    expect(join([[head]])).toEqual([{ reason }])
  })

  test.each(['99999999999999999.e', '2', '2,e', '-2.e', ' 2.e', '٢.e', '2e0.e', '.e', ''])(
    'takes %j for a token, which no JWE is, rather than for a count',
    (head) => {
      expect(join([[head]])).toEqual([{ token: head }])
    },
  )

  test('needs the first part, whatever else is there', () => {
    expect(join([[], ['b'], ['c']])).toEqual([{ reason: 'incomplete' }])
  })

  test.each([1, 2, 3])('says that part %i of four is missing', (missing) => {
    const values = asJar(split(ruler(380), () => 100))
    expect(values).toHaveLength(4)
    expect(join(values)).toEqual([{ token: ruler(380) }])
    expect(join(values.map((twins, index) => (index === missing ? [] : twins)))).toEqual([
      { reason: 'incomplete' },
    ])
  })

  test('does not read a part that is left over from a longer session', () => {
    expect(join([['2.a'], ['b'], ['left']])).toEqual([{ token: 'ab' }])
    expect(join([['a'], ['left'], ['left']])).toEqual([{ token: 'a' }])
  })

  test('never has a token for a part that is longer than a cookie can be', () => {
    expect(join([[text(4096)]])).toEqual([{ token: text(4096) }])
    expect(join([[text(4097)]])).toEqual([{ reason: 'too-large' }])
    expect(join([['2.a'], [text(4096)]])).toEqual([{ token: `a${text(4096)}` }])
    expect(join([['2.a'], [text(4097)]])).toEqual([{ reason: 'too-large' }])
    expect(join([['3.a'], ['b'], [text(4097)]])).toEqual([{ reason: 'too-large' }])
    expect(join([['2.a'], ['b', text(4097)]])).toEqual([{ reason: 'too-large' }])
  })
})

describe('the same cookies from two scopes', () => {
  const tokensOf = (jar: readonly (readonly string[])[]) =>
    join(jar).map((joined) => ('token' in joined ? joined.token : joined.reason))

  test('are tried in the order in which they came', () => {
    expect(tokensOf([['old', 'new']])).toEqual(['old', 'new'])
    expect(tokensOf([['new', 'old']])).toEqual(['new', 'old'])
  })

  test('are put together from their own parts, however they are interleaved', () => {
    const one = ['3.A0', 'A1', 'A2']
    const two = ['3.B0', 'B1', 'B2']
    for (const order of interleavings(one.length, two.length)) {
      const jar: string[][] = [[], [], []]
      const rest = { one: [...one.entries()], two: [...two.entries()] }
      for (const scope of order) {
        const [index, value] = rest[scope].shift() ?? [0, '']
        jar[index]?.push(value)
      }
      // Browsers sort by path and age: a scope is before the other in all of its parts, or the
      // first parts alone are the other way round.
      const consistent = jar[1]?.[0]?.[0] === jar[2]?.[0]?.[0]
      const tokens = tokensOf(jar)
      expect(tokens.length).toBeLessThanOrEqual(4)
      if (!consistent) continue
      expect(tokens).toContain('A0A1A2')
      expect(tokens).toContain('B0B1B2')
      // Later parts are taken in step: never one from each scope.
      for (const token of tokens) expect(token).toMatch(/A1A2$|B1B2$/)
    }
  })

  test('are told apart when one has more parts than the other', () => {
    const short = ['2.A0', 'A1']
    const long = ['3.B0', 'B1', 'B2']
    const merged = (first: string[], second: string[]) =>
      [0, 1, 2].map((index) => [first, second].flatMap((values) => values.slice(index, index + 1)))
    for (const jar of [merged(short, long), merged(long, short)]) {
      expect(tokensOf(jar)).toContain('A0A1')
      expect(tokensOf(jar)).toContain('B0B1B2')
    }
  })

  test('are found beside a single cookie of another scope', () => {
    expect(tokensOf([['A0', '2.B0'], ['B1']])).toEqual(['A0', 'B0B1'])
    expect(tokensOf([['2.B0', 'A0'], ['B1']])).toEqual(['B0B1', 'A0'])
  })

  test('do not hide a whole session behind an incomplete one', () => {
    expect(tokensOf([['3.A0', '2.B0'], ['B1']])).toEqual(['incomplete', 'B0B1'])
  })

  test('give four attempts at most, whatever comes', () => {
    const twins = fc.array(fc.constantFrom('2.a', '3.b', '16.c', 'd', '0.e', '', '99.f'), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.array(twins, { maxLength: 17 }), (jar) => {
        expect(join(jar).length).toBeLessThanOrEqual(4)
      }),
    )
    expect(join([text(10).split(''), text(10).split('')])).toHaveLength(4)
  })
})

/** Every order in which two sequences can be merged. */
function interleavings(ones: number, twos: number): ('one' | 'two')[][] {
  if (ones === 0 && twos === 0) return [[]]
  const orders: ('one' | 'two')[][] = []
  if (ones > 0) for (const rest of interleavings(ones - 1, twos)) orders.push(['one', ...rest])
  if (twos > 0) for (const rest of interleavings(ones, twos - 1)) orders.push(['two', ...rest])
  return orders
}
