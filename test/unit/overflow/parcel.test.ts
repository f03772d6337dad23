import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fitsParcel,
  formatParcelBody,
  padParcel,
  parseParcel,
} from '../../../src/overflow/parcel.ts'
import { createContents } from '../../../src/session/contents.ts'
import { ID } from '../../support/mint.ts'

const PLACE = 'EBESExQVFhcYGRobHB0eHw'

const bytesOf = (text: string) => new TextEncoder().encode(text).length

describe('padParcel', () => {
  test('returns a JSON array with trailing spaces, at least 1 024 bytes long', () => {
    const text = padParcel(ID, PLACE, '{"cart":"tea"}')
    expect(text.trimEnd()).toBe(`["${ID}","${PLACE}",{"cart":"tea"}]`)
    expect(text).toMatch(/\] +$/)
    expect(text).toHaveLength(1024)
  })

  test.each([
    [1024 - 52, 1024],
    [1024 - 51, 2048],
    [2048 - 52, 2048],
    [2048 - 51, 4096],
    [60_000, 65_536],
  ])('a body of %i bytes takes %i', (bytes, size) => {
    const text = padParcel(ID, PLACE, JSON.stringify('x'.repeat(bytes - 2)))
    expect(text).toHaveLength(size)
  })

  test('counts bytes and not characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (word) => {
        const text = padParcel(ID, PLACE, JSON.stringify({ word }))
        expect(Math.log2(bytesOf(text)) % 1).toBe(0)
      }),
    )
  })
})

describe('fitsParcel', () => {
  test('is true up to the last byte of the largest size class', () => {
    const body = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2))
    expect(fitsParcel(body(524_288 - 52))).toBe(true)
    expect(padParcel(ID, PLACE, body(524_288 - 52))).toHaveLength(524_288)
    expect(fitsParcel(body(524_288 - 51))).toBe(false)
  })
})

describe('parseParcel', () => {
  const parse = (text: string) => parseParcel(text, ID, PLACE, undefined)

  test('returns the formatted contents', () => {
    const values = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(values, (given) => {
        const data = new Map(Object.entries(given))
        const body = formatParcelBody(createContents(data), undefined)
        const parsed = parse(padParcel(ID, PLACE, body))
        expect(parsed?.body).toBe(body)
        expect(Object.fromEntries(parsed?.contents?.data ?? [])).toEqual(given)
      }),
    )
  })

  test('returns scopes and messages, too', () => {
    const contents = createContents(new Map([['user', 'ada']]))
    contents.flash = [['notice', 'saved']]
    contents.scopes.set('cart', { data: new Map([['tea', 2]]), scopes: new Map() })
    const body = formatParcelBody(contents, undefined)
    expect(parse(padParcel(ID, PLACE, body))).toEqual({ body, contents })
  })

  test('is undefined for another session and another place', () => {
    const text = padParcel(ID, PLACE, '{}')
    expect(parseParcel(text, PLACE, PLACE, undefined)).toBeUndefined()
    expect(parseParcel(text, ID, ID, undefined)).toBeUndefined()
    expect(parse(text)).toBeDefined()
  })

  test.each([
    '',
    'null',
    '5',
    '{}',
    '[]',
    `["${ID}","${PLACE}"]`,
    `["${ID}","${PLACE}",{},{},{}]`,
    '[[',
  ])('is undefined for %s', (text) => {
    expect(parse(text)).toBeUndefined()
  })

  test.each(['[]', '"text"', '5', 'null', '{},[]', '{},null', '{},{"c":"x"}', '{},{"f":5}'])(
    'returns no contents for %s',
    (body) => {
      expect(parse(`["${ID}","${PLACE}",${body}]`)).toEqual({ body, contents: undefined })
    },
  )
})
