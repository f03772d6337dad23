import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import {
  MAX_LOGOUTS,
  cookieHeader,
  deleteCookie,
  markName,
} from '../../../src/cookies/request-cookies.ts'
import {
  markValue,
  partName,
  parseRequestCookies,
  writeCookie,
} from '../../../src/cookies/request-cookies.ts'
import type { CookieSource } from '../../../src/cookies/request-cookies.ts'

const NAME = '__Host-session'

const partsOf = (header: string, name = NAME) => parseRequestCookies(header, name).parts

afterEach(() => {
  vi.restoreAllMocks()
})

describe('readCookies', () => {
  test('finds nothing in nothing', () => {
    expect(parseRequestCookies('', NAME)).toEqual({ parts: [], logouts: 0, otherBytes: 0 })
  })

  test('finds the parts in any order, by their numbers', () => {
    const header = `${NAME}.2=c; ${NAME}.1=b; ${NAME}=3.a`
    expect(partsOf(header)).toEqual([['3.a'], ['b'], ['c']])
  })

  test('leaves a gap for a part that is missing, and for a first one that is', () => {
    expect(partsOf(`${NAME}.3=d; ${NAME}=4.a`)).toEqual([['4.a'], [], [], ['d']])
    expect(partsOf(`${NAME}.1=b`)).toEqual([[], ['b']])
  })

  test('knows the parts 1 to 15, and no other spelling of them', () => {
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
    const jar = parseRequestCookies(`${name}=v`, NAME)
    expect(jar.parts).toEqual([])
    expect(jar.otherBytes).toBeGreaterThan(0)
  })

  test('compares names byte for byte, and knows no object members', () => {
    expect(partsOf('__proto__=v; __proto__.1=w', '__proto__')).toEqual([['v'], ['w']])
    expect(partsOf('constructor=v', '__proto__')).toEqual([])
    expect(partsOf('a.b=v; axb=w', 'a.b')).toEqual([['v']])
    expect(partsOf('a*=v', 'a*')).toEqual([['v']])
    expect(partsOf('aa=v', 'a*')).toEqual([])
  })

  test('is not confused by $Version, nameless cookies, or pairs without a value', () => {
    const header = `$Version=1; =${NAME}=v; ${NAME}; ${NAME}.1; ; ;=; ${NAME}=right; $Path=/`
    expect(partsOf(header)).toEqual([['right']])
  })

  test('takes a value as it is: with equals signs, quotes, escapes and blanks inside', () => {
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

  test('finds nothing behind a comma in a foreign value, where anybody could have put it', () => {
    expect(partsOf(`a=1, ${NAME}=v`)).toEqual([])
    expect(partsOf(`${NAME}=v, a=1, ${NAME}=w`)).toEqual([['v']])
  })

  test('counts what is foreign behind a comma', () => {
    expect(parseRequestCookies(`${NAME}=v, a=1`, NAME).otherBytes).toBe(' a=1; '.length)
    expect(parseRequestCookies(`a=1, ${NAME}=v`, NAME).otherBytes).toBe(`a=1, ${NAME}=v; `.length)
  })

  test('cuts spaces and tabs around a pair, and nothing that Unicode calls blank', () => {
    expect(partsOf(`a=1;\t ${NAME}=v \t;b=2`)).toEqual([['v']])
    expect(partsOf(`a=1;${NAME}=v`)).toEqual([['v']])
    expect(partsOf(`${NAME}=v\u00a0`)).toEqual([['v\u00a0']])
    expect(partsOf(`${NAME}= v`)).toEqual([[' v']])
  })

  test('keeps the same name from several scopes, in order, four at most', () => {
    const header = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => `${NAME}=${value}`).join('; ')
    expect(partsOf(header)).toEqual([['a', 'b', 'c', 'd']])
  })

  test.each([';', '=', ' ', '; ', '=;', `${NAME};`, `${NAME}.`, `${NAME}=`, ';;=', '\t', '%', 'é'])(
    'gives what stands behind 64 kB of %j',
    (noise) => {
      const header = noise.repeat(Math.ceil(65_536 / noise.length))
      expect(partsOf(`${header}; ${NAME}.3=found`)[3]).toEqual(['found'])
      expect(partsOf(`${NAME}.3=found; ${header}`)[3]).toEqual(['found'])
    },
  )

  test.each([';', '=', `${NAME};`, `${NAME}.;`, `${NAME}.1;`, `${NAME}=;`, 'a=;', 's'])(
    'searches twice as far in twice as much of %j, not four times',
    (noise) => {
      const once = searched(noise.repeat(500))
      const twice = searched(noise.repeat(1000))
      expect(once).toBeGreaterThan(0)
      expect(twice).toBeLessThanOrEqual(once * 2.1)
    },
  )
})

describe('the mark of a logout', () => {
  test.each([
    ['1', 1],
    ['42', 42],
    ['999999999', MAX_LOGOUTS],
  ])('counts %s', (value, logouts) => {
    expect(parseRequestCookies(`${NAME}.x=${value}`, NAME)).toEqual({
      parts: [],
      logouts,
      otherBytes: 0,
    })
    expect(markValue(logouts)).toBe(value)
  })

  test.each(['', '0', '01', '-1', '+1', '1.5', '1e3', '1000000000', 'x', ' 1', '"1"', '١', '1a'])(
    'is none with the value %j',
    (value) => {
      expect(parseRequestCookies(`${NAME}.x=${value}`, NAME).logouts).toBe(0)
    },
  )

  test('is the highest of several', () => {
    const header = `${NAME}.x=3; ${NAME}.x=12; ${NAME}.x=5; ${NAME}.x=junk`
    expect(parseRequestCookies(header, NAME).logouts).toBe(12)
  })

  test('is called as no part is', () => {
    expect(markName(NAME)).toBe('__Host-session.x')
    expect([0, 1, 15].map((index) => partName(NAME, index))).toEqual([
      '__Host-session',
      '__Host-session.1',
      '__Host-session.15',
    ])
  })
})

describe('otherBytes', () => {
  test('counts every other cookie as it travels, with a separator after each', () => {
    expect(parseRequestCookies('a=1; bb=22', NAME).otherBytes).toBe(3 + 2 + (5 + 2))
    expect(parseRequestCookies(`a=1;  ;${NAME}=v;${NAME}.1=w;${NAME}.x=1`, NAME).otherBytes).toBe(5)
  })

  test('counts bytes, whether the text is one character a byte or decoded', () => {
    expect(parseRequestCookies('a=\u00c3\u00bc', NAME).otherBytes).toBe(4 + 2)
    expect(parseRequestCookies('a=→', NAME).otherBytes).toBe(5 + 2)
    expect(parseRequestCookies('a=👋', NAME).otherBytes).toBe(6 + 2)
  })

  test('agrees with another way of counting what remains, for any header', () => {
    const name = fc.constantFrom('a', 's', 's.1', 's.x', 's.16', 's2', 'S', '', ' s', 'ü', '→')
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
        expect(parseRequestCookies(header, 's').otherBytes).toBe(remaining(header, /^s(\.1|\.x)?=/))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('cookieHeader', () => {
  const header = `${NAME}=v; a=1`

  test.each<[string, CookieSource]>([
    ['a Request', new Request('https://example.com/', { headers: { cookie: header } })],
    ['Headers', new Headers({ Cookie: header })],
    ['a text', header],
    ['a Node request', { headers: { cookie: header } }],
    ['HTTP/2 headers', { headers: { ':path': '/', ':method': 'GET', cookie: header } }],
    ['HTTP/2 headers that are not joined', { headers: { cookie: [`${NAME}=v`, 'a=1'] } }],
    ['a Lambda event 1.0', { headers: { Cookie: header, Host: 'example.com' } }],
    [
      'a Lambda event 1.0 with both kinds of headers',
      { headers: { Cookie: header }, multiValueHeaders: { Cookie: [header] } },
    ],
    ['a Lambda event 2.0', { headers: {}, cookies: [`${NAME}=v`, 'a=1'] }],
    ['a Lambda event 2.0 without headers', { cookies: [`${NAME}=v`, 'a=1'] }],
    ['a load balancer event', { headers: { cookie: header, host: 'example.com' } }],
    [
      'a load balancer event with multi-value headers',
      { multiValueHeaders: { cookie: [`${NAME}=v`, 'a=1'], host: ['example.com'] } },
    ],
    ['an object with Headers', { headers: new Headers({ cookie: header }) }],
    ['a header record in capitals', { headers: { COOKIE: header } }],
    ['a request with parsed cookies beside', { headers: { cookie: header }, cookies: null }],
  ])('finds the cookies of %s', (_, source) => {
    expect(cookieHeader(source)).toBe(header)
  })

  test.each<[string, CookieSource]>([
    ['null', null],
    ['undefined', undefined],
    ['an empty text', ''],
    ['a Request without cookies', new Request('https://example.com/')],
    ['Headers without cookies', new Headers()],
    ['a Node request without cookies', { headers: {} }],
    ['a header that is undefined', { headers: { cookie: undefined } }],
    ['a Lambda event 2.0 without cookies', { headers: {}, cookies: [] }],
    ['a Lambda event with empty multi-value headers', { multiValueHeaders: {} }],
    ['another header that a client can set', { headers: { 'x-cookie': header, cookies: header } }],
  ])('finds none in %s', (_, source) => {
    expect(cookieHeader(source)).toBe('')
  })

  test('finds none in an event whose headers are both null', () => {
    const event: unknown = { headers: null, multiValueHeaders: null }
    expect(cookieHeader(event as CookieSource)).toBe('')
  })

  test('is not led astray by a header whose name is get', async () => {
    expect(cookieHeader(await receive({ get: ['x'], cookie: [header] }))).toBe(header)
    expect(cookieHeader({ headers: { get: 'x', cookie: header } })).toBe(header)
  })

  test('finds the cookies of a request that Node has received', async () => {
    const received = await receive({ cookie: [`${NAME}=v`, 'a=1'] })
    expect(cookieHeader(received)).toBe(header)
    expect(cookieHeader(await receive({}))).toBe('')
  })

  test.each([
    [5],
    [true],
    [false],
    [{}],
    [[]],
    [() => header],
    [5n],
    [Symbol('s')],
    [{ headers: 5 }],
  ])('refuses what no cookie can be found in', (source: unknown) => {
    expect(() => cookieHeader(source as CookieSource)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', option: 'source' }),
    )
  })
})

describe('the lines', () => {
  const named = resolveCookieOptions({
    name: 's',
    domain: 'example.com',
    path: '/a',
    priority: 'high',
  })

  test('have every attribute once, and a lifetime', () => {
    expect(writeCookie(named, 's.1', 'v', 60).split('; ').toSorted()).toEqual(
      ['s.1=v', 'Max-Age=60', 'Domain=example.com', 'Path=/a', 'Priority=High']
        .concat(['HttpOnly', 'SameSite=Lax', 'Secure'])
        .toSorted(),
    )
  })

  test('have no lifetime for a cookie that ends with the browser', () => {
    const line = writeCookie(resolveCookieOptions({ persistent: false }), NAME, 'v', 60)
    expect(line.split('; ').toSorted()).toEqual(
      [`${NAME}=v`, 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'].toSorted(),
    )
  })

  test('say the lifetime in seconds and at the epoch when they delete', () => {
    const line = deleteCookie(resolveCookieOptions({ persistent: false, partitioned: true }), NAME)
    expect(line.split('; ').toSorted()).toEqual(
      [`${NAME}=`, 'Max-Age=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Path=/']
        .concat(['HttpOnly', 'Secure', 'Partitioned', 'SameSite=Lax'])
        .toSorted(),
    )
  })

  test('do not encode a value: a count and a token are what they are', () => {
    expect(writeCookie(named, 's', '2.eyJ-_..A.B.C', 60)).toMatch(/^s=2\.eyJ-_\.\.A\.B\.C; /)
  })
})

/** How many characters all searches through a header have passed. */
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

/** What `otherBytes` should be, by splitting. */
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

/** A request with these headers as Node's server hands it over. */
function receive(headers: Record<string, string[]>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const server = createServer((incoming, response) => {
      response.end(() => {
        server.close()
        resolve(incoming)
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      httpRequest({ host: '127.0.0.1', port, headers, agent: false }, (response) => {
        response.resume()
      })
        .on('error', reject)
        .end()
    })
  })
}
