import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatInnerList, formatItem, parseItem } from '../../../src/device/structured-fields.ts'

describe('parseItem', () => {
  test.each([
    ['"Zk3vQ9rW"', 'Zk3vQ9rW'],
    ['Zk3vQ9rW', 'Zk3vQ9rW'],
    ['  "a"  ', 'a'],
    ['""', ''],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['*a/b:c', '*a/b:c'],
    ['eyJ.eyJ.AA-_', 'eyJ.eyJ.AA-_'],
    ['"a";b', 'a'],
    ['"a";b=1;c=-1.5;d="x;y";e=tok;f=?0;g=:aGk=:;h=@1700000000;i=%"f%c3%bc"', 'a'],
    ['"a"; *k-1.2_=?1', 'a'],
  ])('reads %s', (field, expected) => {
    expect(parseItem(field)).toBe(expected)
  })

  test.each([
    ['nothing', ''],
    ['blanks alone', '   '],
    ['a string that does not end', '"a'],
    ['a string that does not begin', 'a"'],
    ['an escape of another character', String.raw`"a\b"`],
    ['an escape at the end', String.raw`"a\"`],
    ['a control character', '"a\tb"'],
    ['a character that is not ASCII', '"ä"'],
    ['a token that begins with a digit', '1abc'],
    ['a token with a blank in it', 'a b'],
    ['two items', '"a", "b"'],
    ['a list in parentheses', '("a")'],
    ['a number', '42'],
    ['a byte sequence', ':aGk=:'],
    ['a boolean', '?1'],
    ['a tab before it', '\t"a"'],
    ['a parameter without a key', '"a";'],
    ['a key in upper case', '"a";B'],
    ['a parameter without a value behind the sign', '"a";b='],
    ['a blank before the semicolon', '"a" ;b'],
    ['a decimal with four digits behind the point', '"a";b=1.2345'],
    ['an integer of sixteen digits', '"a";b=1234567890123456'],
    ['a boolean of another digit', '"a";b=?2'],
    ['an inner list as a parameter', '"a";b=(1)'],
  ])('refuses %s', (_, field) => {
    expect(parseItem(field)).toBeUndefined()
  })

  test('returns every string that formatItem writes, and never throws for any other', () => {
    const ascii = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((n) => String.fromCharCode(n)),
    })
    fc.assert(
      fc.property(ascii, ascii, (text, id) => {
        expect(parseItem(formatItem(text, { id }))).toBe(text)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (field) => {
        expect(typeof parseItem(field)).toMatch(/string|undefined/)
      }),
    )
  })

  // A quadratic parser takes minutes, and fails by the timeout. No shorter time is measured, because
  // that would depend on the load of the machine.
  test('runs in linear time', () => {
    for (const part of [';a=1', ';a="', ';a', '"\\', ';a=1.1', '%"%', ' ;', ';a=:']) {
      expect(() => parseItem(`"a"${part.repeat(200_000)}`)).not.toThrow()
      expect(() => parseItem(part.repeat(200_000))).not.toThrow()
    }
  })
})

describe('formatting', () => {
  test('an item is followed by its parameters', () => {
    expect(formatItem('challenge', { id: 'Zk3vQ9rW' })).toBe('"challenge";id="Zk3vQ9rW"')
    expect(formatItem(String.raw`a"b\c`, {})).toBe(String.raw`"a\"b\\c"`)
  })

  test('an inner list has tokens between spaces', () => {
    expect(formatInnerList(['ES256', 'RS256'], { path: '/d', challenge: 'c' })).toBe(
      '(ES256 RS256);path="/d";challenge="c"',
    )
  })
})
