import { describe, expect, test } from 'vitest'
import {
  MAX_COOKIES,
  MAX_COOKIE_BYTES,
  bindingOf,
  deviceName,
  partName,
  roleOf,
  stampName,
  ticketName,
} from '../../../src/cookies/cookie-names.ts'

const NAME = '__Host-session'

describe('the names', () => {
  test('are those of docs/format.md', () => {
    expect([0, 1, 15].map((index) => partName(NAME, index))).toEqual([
      '__Host-session',
      '__Host-session.1',
      '__Host-session.15',
    ])
    expect([ticketName(NAME), stampName(NAME)]).toEqual(['__Host-session.t', '__Host-session.x'])
  })

  test('are at most 16, for values of at most 4 096 bytes', () => {
    expect([MAX_COOKIES, MAX_COOKIE_BYTES]).toEqual([16, 4096])
  })
})

describe('roleOf', () => {
  test.each(['s', '__Host-session', 'a.b', 'a*', '$', '__proto__', 'x.1y'])(
    'knows each cookie of the session %s by its name',
    (name) => {
      for (let index = 0; index < MAX_COOKIES; index++) {
        expect(roleOf(partName(name, index), name)).toBe(index)
      }
      expect(roleOf(ticketName(name), name)).toBe('ticket')
      expect(roleOf(stampName(name), name)).toBe('stamp')
      const device = deviceName(name, 'Zk3vQ9rW')
      expect([roleOf(device, name), bindingOf(device)]).toEqual(['device', 'Zk3vQ9rW'])
    },
  )

  test.each([
    '.d',
    '.d.',
    '.d.Zk3vQ9r',
    '.d.Zk3vQ9rWx',
    '.d.Zk3v.9rW',
    '.D.Zk3vQ9rW',
    '.d.Zk3vQ9rW.1',
  ])('is none for %s, which names no binding', (suffix) => {
    expect(roleOf(`s${suffix}`, 's')).toBeUndefined()
  })

  test.each([
    '.16',
    '.0',
    '.01',
    '.1 ',
    '.',
    '.y',
    '.X',
    '.T',
    '.xx',
    '.t.',
    '.1.1',
    '2',
    ' ',
    '.١',
  ])('knows no cookie that ends in %j', (suffix) => {
    expect(roleOf(`s${suffix}`, 's')).toBeUndefined()
  })

  test('compares names byte for byte, from their beginning', () => {
    for (const name of ['S', 'xs', ' s', '%73', 's\u0000', '', 'constructor', 's.d.abc']) {
      expect(roleOf(name, 's')).toBeUndefined()
    }
    expect(roleOf('axb', 'a.b')).toBeUndefined()
    expect(roleOf('aa', 'a*')).toBeUndefined()
  })
})
