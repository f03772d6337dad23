import { describe, expect, test } from 'vitest'
import { roleOf } from '../../../src/cookies/cookie-names.ts'
import { cookieName, isDeletion, ownRole } from '../../../src/http/own-cookies.ts'

const isOwnCookie = (base: string) => (name: string) => roleOf(name, base) !== undefined

describe('ownRole', () => {
  test.each([
    ['s', 's', 0],
    ['s.1', 's', 1],
    ['s.15', 's', 15],
    ['s.t', 's', 'ticket'],
    ['s.x', 's', 'stamp'],
    ['s.d.Zk3vQ9rW', 's', 'device'],
    ['a.x.d.Zk3vQ9rW', 'a.x', 'device'],
    ['s.d.short', 's', undefined],
    ['s.16', 's', undefined],
    ['S', 's', undefined],
    ['other', 's', undefined],
    // Base names that end like those of other cookies.
    ['a.x', 'a.x', 0],
    ['a.x.x', 'a.x', 'stamp'],
    ['a.t', 'a.t', 0],
    ['a.1', 'a.1', 0],
    ['a.1.2', 'a.1', 2],
    ['__Host-session.x', '__Host-session', 'stamp'],
  ])('of %s beside %s is %s', (name, base, role) => {
    expect(ownRole(name, isOwnCookie(base))).toBe(role)
  })
})

test.each([
  ['s=1; Path=/', 's'],
  ['s', 's'],
  ['s; Path=/', 's'],
  [' s =1', 's'],
  ['', ''],
  ['=1', ''],
])('the name that %j sets is %j', (line, name) => {
  expect(cookieName(line)).toBe(name)
})

test.each([
  ['s=; Max-Age=0; Path=/', true],
  ['s=', true],
  ['s= ; Path=/', true],
  ['s=a=b; Path=/', false],
  ['s=1', false],
])('%j deletes its cookie: %s', (line, expected) => {
  expect(isDeletion(line)).toBe(expected)
})
