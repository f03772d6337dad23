// The output and the errors of the package `cookie` on which src/cookies/set-cookie.ts and
// src/cookies/cookie-options.ts rely, so that a different update is noticed. Only its
// `stringifySetCookie` is used.

import { stringifySetCookie } from 'cookie'
import type { SetCookie } from 'cookie'
import { expect, test } from 'vitest'
import { untyped } from '../support/mint.ts'

/** The options that src/cookies/set-cookie.ts passes: every flag, a value only later. */
const OURS: SetCookie = {
  name: '__Host-session',
  value: '',
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  partitioned: false,
}

/** Returns the line of such a cookie with changes, or the error. */
function lineOf(changes: unknown): string {
  try {
    return stringifySetCookie({ ...OURS, ...untyped<Partial<SetCookie>>(changes) })
  } catch (error) {
    return error instanceof TypeError ? 'a TypeError' : 'another error'
  }
}

function sorted(line: string): string[] {
  return line.split('; ').toSorted()
}

test('a line begins with the name, an equals sign and the value, and has each attribute once', () => {
  expect(lineOf({})).toMatch(/^__Host-session=; /)
  const plain = ['__Host-session=', 'HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']
  expect(sorted(lineOf({}))).toEqual(plain.toSorted())
})

test('a false flag and an omitted attribute are not written', () => {
  const line = lineOf({ secure: false, httpOnly: false, partitioned: false, path: undefined })
  expect(line).toBe('__Host-session=; SameSite=Lax')
})

test('every configurable attribute is spelled as in RFC 6265bis and browsers', () => {
  const all = { domain: 'example.com', partitioned: true, priority: 'high', maxAge: 604_800 }
  expect(sorted(lineOf({ ...all, sameSite: 'none', path: '/a b' }))).toEqual(
    ['__Host-session=', 'Domain=example.com', 'HttpOnly', 'Max-Age=604800', 'Partitioned']
      .concat(['Path=/a b', 'Priority=High', 'SameSite=None', 'Secure'])
      .toSorted(),
  )
  expect(lineOf({ sameSite: 'strict' })).toContain('; SameSite=Strict')
  expect(lineOf({ priority: 'low' })).toContain('; Priority=Low')
  expect(lineOf({ priority: 'medium' })).toContain('; Priority=Medium')
})

test('a deletion is Max-Age=0 and the epoch as an IMF-fixdate', () => {
  const line = lineOf({ maxAge: 0, expires: new Date(0) })
  expect(line).toContain('; Max-Age=0')
  expect(line).toContain('; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
})

test('every character of a token may be in a name', () => {
  const name = "!#$%&'*+-.^_`|~09AZaz"
  expect(lineOf({ name })).toMatch(/^!#\$%&'\*\+-\.\^_`\|~09AZaz=; /)
})

test('it also rejects what src/cookies/cookie-options.ts has rejected before', () => {
  const broken = [
    ...['', 'a b', 'a;b', 'a=b', 'a\r\nb', 'a\u0000'].map((name) => ({ name })),
    ...['/;x', '/<', '/\r\nX-Y: z', '/\u0100'].map((path) => ({ path })),
    ...['a;b', 'a b', 'a\r\nb'].map((domain) => ({ domain })),
    ...[1.5, Number.NaN, Infinity].map((maxAge) => ({ maxAge })),
    ...['lax; Domain=example.com', 'x'].map((sameSite) => ({ sameSite })),
    { priority: 'x' },
    { expires: new Date(Number.NaN) },
  ]
  for (const changes of broken) expect(lineOf(changes), JSON.stringify(changes)).toBe('a TypeError')
})
