// The model of a browser, tested: against tough-cookie on random lines as far as both follow the
// same rules, and rule by rule where RFC 6265bis differs from tough-cookie.

import * as fc from 'fast-check'
import { CookieJar, MemoryCookieStore } from 'tough-cookie'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCookieStore } from './cookie-store.ts'
import type { CookieStore, StoreOptions } from './cookie-store.ts'
import { START } from './mint.ts'

const APP = 'https://app.example.test/'
const SIBLING = 'https://evil.example.test/'
const PARENT = 'https://example.test/'

const PATHS = 'Path=/|Path=/|path=/x|Path=/x/|Path=/x/y|Path=x|Path|Path='.split('|')
const DOMAINS =
  'Domain=example.test|domain=.EXAMPLE.test|Domain=other.test|Domain=test|Domain=le.test'.split('|')
const AGES = 'Max-Age=0|Max-Age=-1|Max-Age=10|max-age=1000|Max-Age=+5|Max-Age=5x|Max-Age'.split('|')
const FLAGS = 'Secure|secure|HttpOnly||Other=1| = |Domain=deep.app.example.test'.split('|')
const DATES = [
  'Expires=Thu, 15 Jan 2026 12:05:00 GMT',
  'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  'expires=15-Jan-26 12:30:00',
  'Expires=2026 jan 15 12:01:00 +0000',
  'Expires=15 Jan 2026',
  'Expires=99 Foo 2026',
  'Expires=Wed, 31 Feb 2026 1:1:1',
]

function setUp(options: Partial<StoreOptions> = {}) {
  const time = { now: START * 1000 }
  const store = createCookieStore({ clock: () => time.now, ...options })
  return { time, store }
}

/** tough-cookie keeps an expired cookie, and its position in the order, until it is read. */
function dropExpired(memory: MemoryCookieStore): void {
  memory.getAllCookies((_, cookies = []) => {
    for (const cookie of cookies) {
      const { domain, path, key } = cookie
      const end = cookie.expiryTime()
      if (end === undefined || end > Date.now()) continue
      memory.removeCookie(domain ?? '', path ?? '', key, () => {})
    }
  })
}

function namesIn(store: CookieStore): string[] {
  return store.cookies().map(({ name }) => name)
}

describe('beside tough-cookie', () => {
  // tough-cookie reads this clock, and no other.
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => vi.useRealTimers())

  // Without the cases in which the two differ, which have tests below.
  const names = fc.constantFrom('a', 'b', 'a.1', '__Host-a', '__Secure-a', '__Hosta')
  const attributes = fc.constantFrom(...PATHS, ...DOMAINS, ...AGES, ...DATES, ...FLAGS)
  const values = fc.constantFrom('1', '2', '', 'x=y', ' spaced ', '"q"', 'é')
  const line = fc
    .tuple(names, values, fc.array(attributes, { maxLength: 5 }))
    .map(([name, value, attributes]) => [`${name}=${value}`, ...attributes].join('; '))
  const paths = fc.constantFrom('', 'x', 'x/', 'x/y', 'x/y/z', 'xy')
  const origins = fc.constantFrom(APP, APP, SIBLING)
  const step = fc.record({
    line,
    origin: origins,
    path: paths,
    pass: fc.constantFrom(0, 0, 5, 400),
  })

  test(
    'the same lines give the same cookies, sent in the same order to every host and path',
    { timeout: 600_000 },
    () => {
      const property = fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { time, store } = setUp()
        const memory = new MemoryCookieStore()
        const jar = new CookieJar(memory, { prefixSecurity: 'silent' })
        for (const { line, origin, path, pass } of steps) {
          time.now += pass * 1000
          vi.setSystemTime(time.now)
          store.set(line, origin + path)
          dropExpired(memory)
          jar.setCookieSync(line, origin + path, { ignoreError: true })
          dropExpired(memory)
          // A copy, because tough-cookie counts Max-Age from every access; by section 5.7 it is
          // counted once, when the cookie is set.
          const judge = jar.cloneSync()
          for (const origin of [APP, SIBLING, PARENT, 'https://deep.app.example.test/']) {
            for (const path of ['', 'x', 'x/y', 'x/y/z', 'xy']) {
              expect(store.header(origin + path)).toBe(judge?.getCookieStringSync(origin + path))
            }
          }
        }
      })
      fc.assert(property, { numRuns: 120 })
    },
  )

  test('reading does not prolong a cookie, unlike in tough-cookie', () => {
    const { time, store } = setUp()
    const jar = new CookieJar()
    vi.setSystemTime(time.now)
    store.set('a=1; Max-Age=10', APP)
    jar.setCookieSync('a=1; Max-Age=10', APP)
    for (const expected of ['a=1', '']) {
      time.now += 6000
      vi.setSystemTime(time.now)
      expect(store.header(APP)).toBe(expected)
      expect(jar.getCookieStringSync(APP)).toBe('a=1')
    }
  })

  // Each line: the result of tough-cookie, and that of sections 5.6 and 5.7 of RFC 6265bis.
  test.each([
    ['a name and value over 4 096 bytes', `a=${'x'.repeat(4096)}`, true, false],
    ['a prefix in lower case', '__host-a=1; Secure', true, false],
    ['a control character', 'a=1\u0001; Path=/\u0002', false, false],
    ['a control character in an attribute', 'a=1; Path=/; Note=\u0002', true, false],
    ['a line end', 'a=1\nb', true, false],
    ['a cookie without a name', '=1', false, true],
    ['a value without a name that looks like a prefix', '__Host-a', false, false],
    ['an attribute over 1 024 bytes is ignored', `a=1; Domain=${'x'.repeat(1025)}`, false, true],
    ['an empty Domain after another', 'a=1; Domain=other.test; Domain=', false, true],
  ])('%s', (_, line, there, here) => {
    const { store } = setUp()
    const jar = new CookieJar(undefined, { prefixSecurity: 'silent' })
    jar.setCookieSync(line, APP, { ignoreError: true })
    expect(jar.getCookiesSync(APP).length > 0).toBe(there)
    expect(store.set(line, APP)).toBe(here ? 'stored' : 'refused')
    expect(store.cookies().length > 0).toBe(here)
  })

  test('a host-only cookie and one for the domain are separate, unlike in tough-cookie', () => {
    const { store } = setUp()
    const jar = new CookieJar()
    for (const line of ['a=1; Path=/', 'a=2; Path=/; Domain=app.example.test']) {
      store.set(line, APP)
      jar.setCookieSync(line, APP)
    }
    expect(store.header(APP)).toBe('a=1; a=2')
    expect(jar.getCookieStringSync(APP)).toBe('a=2')
  })

  test('plain http does not change cookies that were set over HTTPS, unlike in tough-cookie', () => {
    const { store } = setUp()
    const jar = new CookieJar()
    const plain = 'http://evil.example.test/'
    store.set('a=1; Secure; Path=/; Domain=example.test', APP)
    jar.setCookieSync('a=1; Secure; Path=/; Domain=example.test', APP)
    jar.setCookieSync('a=2; Path=/; Domain=example.test', plain)
    expect(store.set('a=2; Path=/; Domain=example.test', plain)).toBe('refused')
    expect(store.set('a=2; Path=/account; Domain=example.test', plain)).toBe('refused')
    expect(store.set('b=2; Path=/; Domain=example.test', plain)).toBe('stored')
    expect(store.header(APP)).toBe('a=1; b=2')
    expect(jar.getCookieStringSync(APP)).toBe('a=2')
  })
})

describe('time', () => {
  test('a cookie set again after it expired is a new one, at the end of the order', () => {
    const { time, store } = setUp()
    for (const line of ['a=1; Max-Age=10', 'b=1']) store.set(line, APP)
    time.now += 10_000
    store.set('a=2', APP)
    expect(store.header(APP)).toBe('b=1; a=2')
  })

  test('no cookie is kept for more than 400 days', () => {
    const { time, store } = setUp()
    store.set(`a=1; Max-Age=${500 * 86_400}`, APP)
    store.set('b=1; Expires=Fri, 31 Dec 2100 00:00:00 GMT', APP)
    store.set('c=1', APP)
    time.now += 400 * 86_400_000 - 1
    expect(store.header(APP)).toBe('a=1; b=1; c=1')
    time.now += 1
    expect(store.header(APP)).toBe('c=1')
  })

  test('Max-Age wins over Expires, in any order', () => {
    const { store } = setUp()
    const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'
    expect(store.set(`a=1; Max-Age=9; ${past}`, APP)).toBe('stored')
    expect(store.set(`b=1; ${past}; Max-Age=9`, APP)).toBe('stored')
    expect(store.set(`a=; Max-Age=0; Expires=Fri, 31 Dec 2100 00:00:00 GMT`, APP)).toBe('deleted')
    expect(namesIn(store)).toEqual(['b'])
  })
})

describe('order', () => {
  test('a cookie that is set again keeps its position, one that is deleted and set again goes to the end', () => {
    const { store } = setUp()
    for (const line of ['a=1', 'b=1', 'a=2']) store.set(line, APP)
    expect(store.header(APP)).toBe('a=2; b=1')
    for (const line of ['a=; Max-Age=0', 'a=3', 'c=1; Path=/x']) store.set(line, APP)
    expect(store.header(`${APP}x`)).toBe('c=1; b=1; a=3')
  })
})

describe('scopes', () => {
  test('a subdomain can set cookies for its siblings, but none whose name begins with __Host-', () => {
    const { store } = setUp()
    store.set('__Host-sid=1; Secure; Path=/', APP)
    store.set('sid=1; Secure; Path=/; Domain=example.test', APP)
    for (const name of ['__Host-sid', '__HOST-sid']) {
      const line = `${name}=evil; Secure; Path=/; Domain=example.test`
      expect(store.set(line, SIBLING)).toBe('refused')
    }
    expect(store.set('sid=evil; Path=/; Domain=example.test', SIBLING)).toBe('stored')
    expect(store.set('sid=twin; Path=/account; Domain=example.test', SIBLING)).toBe('stored')
    expect(store.header(`${APP}account`)).toBe('sid=twin; __Host-sid=1; sid=evil')
  })

  test('a browser without prefix rules accepts them all', () => {
    const { store } = setUp({ prefixes: false })
    store.set('__Host-sid=1; Secure; Path=/', APP)
    store.set('__Host-sid=evil; Secure; Path=/; Domain=example.test', SIBLING)
    expect(store.header(APP)).toBe('__Host-sid=1; __Host-sid=evil')
  })

  test('a script neither sets nor replaces an HttpOnly cookie', () => {
    const { store } = setUp()
    store.set('a=1; HttpOnly', APP)
    expect(store.set('a=2', APP, 'script')).toBe('refused')
    expect(store.set('b=2; HttpOnly', APP, 'script')).toBe('refused')
    expect(store.set('b=2', APP, 'script')).toBe('stored')
    expect(store.header(APP)).toBe('a=1; b=2')
  })
})

describe('eviction', () => {
  test('insecure cookies go first, then the least recently used, of the same site only', () => {
    const { store } = setUp({ most: 3 })
    store.set('other=1', 'https://elsewhere.test/')
    store.set('old=1; Secure; Path=/x', APP)
    store.set('new=1; Secure; Path=/y', APP)
    store.set('plain=1; Path=/z', APP)
    store.set('a=1; Secure; Domain=example.test', SIBLING)
    expect(namesIn(store)).toEqual(['other', 'old', 'new', 'a'])
    store.header(`${APP}x`)
    store.header(`${APP}y`, 'peek')
    store.set('b=1; Secure; Domain=example.test', SIBLING)
    expect(namesIn(store)).toEqual(['other', 'old', 'a', 'b'])
  })

  test('a cookie can be removed by name', () => {
    const { store } = setUp()
    store.set('a=1', APP)
    store.set('b=1', APP)
    for (const cookie of store.cookies()) if (cookie.name === 'a') store.evict(cookie)
    expect(store.header(APP)).toBe('b=1')
  })
})
