// Header fields that a session adds, on `Headers`; the tests of each adapter cover its own kind of
// response.

import { describe, expect, test, vi } from 'vitest'
import { planFields, setHeaderFields } from '../../../src/http/header-fields.ts'
import type { HeaderFields } from '../../../src/http/header-fields.ts'

const DATA = 's=token; Path=/; HttpOnly'
const SECOND = 's.1=token; Path=/; HttpOnly'
const DELETION = 's=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
const TICKET = 's.t=ticket; Path=/; HttpOnly'
const STAMP = 's.x=AAAA; Path=/; HttpOnly'

const isOwnCookie = (name: string) => /^s(?:\.(?:[1-9]|1[0-5]|t|x))?$/.test(name)

function fieldsOf(headers: Headers): HeaderFields {
  return {
    get: (name) => headers.get(name),
    set: (name, value) => headers.set(name, value),
    delete: (name) => headers.delete(name),
    keys: () => headers.keys(),
    getSetCookie: () => headers.getSetCookie(),
    replaceSetCookie(lines) {
      headers.delete('Set-Cookie')
      for (const line of lines) headers.append('Set-Cookie', line)
    },
  }
}

/** The lines of a response that had `present`, and whether a cookie was overwritten. */
function after(present: readonly string[], lines: readonly string[]) {
  const headers = new Headers(present.map((line) => ['Set-Cookie', line]))
  const onOverwrite = vi.fn<() => void>()
  setHeaderFields(fieldsOf(headers), lines, isOwnCookie, onOverwrite)
  return { lines: headers.getSetCookie(), overwrites: onOverwrite.mock.calls.length }
}

describe('lines of other cookies', () => {
  const others = [
    'theme=dark; Path=/',
    'S=1',
    's.16=1',
    's.01=1',
    'sid=1; Expires=Thu, 01 Jan 2032',
  ]

  test('keep their order and spelling, before ours', () => {
    expect(after(others, [DATA])).toEqual({ lines: [...others, DATA], overwrites: 0 })
  })

  test('stay as they are if nothing is written', () => {
    expect(after([DATA, ...others], [])).toEqual({ lines: [DATA, ...others], overwrites: 0 })
  })
})

describe('lines of our own that the response already has', () => {
  test.each([
    ['the same lines are kept once', [DATA, SECOND], [DATA, SECOND], [DATA, SECOND], 0],
    ['the same line twice is kept once', [DATA, DATA], [DATA], [DATA], 0],
    ['in another order are sorted as ours', [SECOND, DATA], [DATA, SECOND], [DATA, SECOND], 0],
    ['another one of the same name is replaced', ['s=other'], [DATA], [DATA], 1],
    ['a name without a value is replaced', ['s'], [DATA], [DATA], 1],
    [
      'parts and ticket of another session are removed',
      ['s=o', 's.1=o', 's.t=o'],
      [DATA],
      [DATA],
      1,
    ],
    [
      'a part of another session is removed before a deletion',
      ['s.1=o'],
      [DELETION],
      [DELETION],
      1,
    ],
    ['a ticket replaces only a ticket', ['s=o', 's.t=o'], [TICKET], ['s=o', TICKET], 0],
    [
      'a ticket of another session is removed alone, and nothing is lost',
      ['s.t=o'],
      [DATA],
      [DATA],
      0,
    ],
    ['a ticket is added beside a session that was written', ['s=o'], [TICKET], ['s=o', TICKET], 0],
  ])('%s', (_, present, lines, expected, overwrites) => {
    expect(after(present, lines)).toEqual({ lines: expected, overwrites })
  })

  test('a logout stamp is kept, because a logout holds whatever else is written', () => {
    expect(after([DELETION, STAMP], [DATA])).toEqual({ lines: [STAMP, DATA], overwrites: 1 })
    expect(after([DELETION, STAMP], [TICKET]).lines).toEqual([DELETION, STAMP, TICKET])
  })

  test('a logout stamp is replaced by another one', () => {
    expect(after(['s.x=BBBB'], [DELETION, STAMP])).toEqual({
      lines: [DELETION, STAMP],
      overwrites: 1,
    })
  })
})

test('other parts of a session are removed beside any of its parts that is written', () => {
  expect(after(['s.2=o'], [DATA, SECOND])).toEqual({ lines: [DATA, SECOND], overwrites: 1 })
})

test('nothing is overwritten in a response without cookies', () => {
  expect(after([], [DATA])).toEqual({ lines: [DATA], overwrites: 0 })
})

describe('a plan', () => {
  const planOf = (present: readonly string[], lines: readonly string[]) => {
    const headers = new Headers(present.map((line) => ['Set-Cookie', line]))
    headers.set('Vary', 'Cookie')
    headers.set('Cache-Control', 'private, no-store')
    return planFields(fieldsOf(headers), lines, isOwnCookie)
  }

  test('is empty for a response that has all of it, so that the response need not be rebuilt', () => {
    const nothing = { set: [], deleted: [], setCookie: undefined, isOverwrite: false }
    expect(planOf([DATA, SECOND], [DATA, SECOND])).toEqual(nothing)
    expect(planOf(['theme=dark'], [])).toEqual(nothing)
  })

  test('has all lines if one of them is missing or another', () => {
    for (const present of [[DATA], [DATA, 's.1=other'], [SECOND, DATA]]) {
      expect(planOf(present, [DATA, SECOND]).setCookie).toEqual([DATA, SECOND])
    }
  })
})

test('a cookie whose name ends like those of stamps is no stamp', () => {
  const headers = new Headers([['Set-Cookie', 'a.x=old']])
  const isOwn = (name: string) => /^a\.x(?:\.(?:1|t|x))?$/.test(name)
  setHeaderFields(fieldsOf(headers), ['a.x=new'], isOwn)
  expect(headers.getSetCookie()).toEqual(['a.x=new'])
})

test('fields that control a shared cache are removed beside a cookie, and no others', () => {
  const given = { 'X-Accel-Expires': '600', 'Edge-Control': 'max-age=600', ETag: '"1"' }
  const [read, written] = [new Headers(given), new Headers(given)]
  setHeaderFields(fieldsOf(read), [], isOwnCookie)
  setHeaderFields(fieldsOf(written), [DATA], isOwnCookie)
  expect(Object.fromEntries(read)).toEqual({
    'cache-control': 'private',
    'edge-control': 'max-age=600',
    etag: '"1"',
    vary: 'Cookie',
    'x-accel-expires': '600',
  })
  expect(Object.fromEntries(written)).toEqual({
    'cache-control': 'private, no-store',
    etag: '"1"',
    'set-cookie': DATA,
    vary: 'Cookie',
  })
})

describe('the field that asks for a key', () => {
  const ask = (headers: Headers, field: string | undefined) => {
    setHeaderFields(fieldsOf(headers), [DATA], isOwnCookie, undefined, field)
    return headers.get('Secure-Session-Registration')
  }

  test('is set once, after those of others, and only if a key is asked for', () => {
    expect(ask(new Headers(), undefined)).toBeNull()
    expect(ask(new Headers(), '(ES256)')).toBe('(ES256)')
    const other = new Headers({ 'Secure-Session-Registration': '(RS256)' })
    expect(ask(other, '(ES256)')).toBe('(RS256), (ES256)')
    expect(ask(other, '(ES256)')).toBe('(RS256), (ES256)')
  })
})
