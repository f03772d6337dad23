// Reading the cookies of every kind of source, and the values that are no source.

import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { isRequest, readCookies } from '../../../src/cookies/source.ts'
import type { CookieSource } from '../../../src/cookies/source.ts'
import { NAME, untyped } from '../../support/mint.ts'
import { catchError, configError } from '../../support/errors.ts'

const header = `${NAME}=v; a=1`
const stored = [
  { name: NAME, value: 'v' },
  { name: 'a', value: '1' },
]
const pairs = [
  [NAME, 'v'],
  ['a', '1'],
]

describe('readCookies', () => {
  test.each<[string, CookieSource]>([
    ['a Request', new Request('https://example.com/', { headers: { cookie: header } })],
    ['Headers', new Headers({ Cookie: header })],
    ['a string', header],
    ['a Node request', { headers: { cookie: header } }],
    [
      'a request of node-mocks-http, whose headers have methods too',
      { headers: { cookie: header, get: () => header, has: () => true, getAll: () => [header] } },
    ],
    ['HTTP/2 headers', { headers: { ':path': '/', ':method': 'GET', cookie: header } }],
    ['HTTP/2 headers that are not joined', { headers: { cookie: [`${NAME}=v`, 'a=1'] } }],
    ['a Lambda event 1.0', { headers: { Cookie: header, Host: 'example.com' } }],
    [
      'a Lambda event 1.0 with both kinds of headers',
      { headers: { Cookie: 'last=1' }, multiValueHeaders: { Cookie: [header] } },
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
    ['headers under no prototype', { headers: { __proto__: null, cookie: header } }],
    [
      'an object under no prototype',
      Object.assign(Object.create(null), { headers: { cookie: header } }),
    ],
  ])('finds the header of %s', (_, source) => {
    expect(readCookies(source)).toBe(header)
  })

  test('finds the header of Headers from another implementation', () => {
    class OtherHeaders {
      get(name: string): string | null {
        return name.toLowerCase() === 'cookie' ? header : null
      }
      has(name: string): boolean {
        return this.get(name) !== null
      }
      append(): void {}
      forEach(): void {}
    }
    expect(readCookies(untyped(new OtherHeaders()))).toBe(header)
    expect(readCookies(untyped({ headers: new OtherHeaders() }))).toBe(header)
  })

  test.each<[string, CookieSource]>([
    ['null', null],
    ['undefined', undefined],
    ['an empty string', ''],
    ['a Request without cookies', new Request('https://example.com/')],
    ['Headers without cookies', new Headers()],
    ['a Node request without cookies', { headers: {} }],
    ['a header that is undefined', { headers: { cookie: undefined } }],
    ['a Lambda event 2.0 without cookies', { headers: {}, cookies: [] }],
    ['a Lambda event with empty multi-value headers', { multiValueHeaders: {} }],
    ['another header that a client can set', { headers: { 'x-cookie': header, cookies: header } }],
    ['an event whose headers are both null', { headers: null, multiValueHeaders: null }],
  ])('finds no cookies in %s', (_, source) => {
    expect(readCookies(source)).toBe('')
  })

  test.each<[string, CookieSource]>([
    ['cookies() and request.cookies of Next.js', { getAll: () => stored }],
    ['cookies of SvelteKit', untyped({ get: () => undefined, getAll: () => stored, set() {} })],
    ['an object with headers too', untyped({ headers: {}, getAll: () => stored })],
  ])('finds the pairs of %s', (_, source) => {
    expect(readCookies(source)).toEqual(pairs)
  })

  test('finds the pairs of cookieStore in browsers, which answers later', async () => {
    expect(await readCookies({ getAll: async () => stored })).toEqual(pairs)
  })

  test('finds the pairs of a store whose thenable returns nothing from `then`', async () => {
    class Later {
      // oxlint-disable-next-line no-thenable -- zone.js and database drivers have their own
      then(resolve: (cookies: typeof stored) => void): void {
        resolve(stored)
      }
    }
    expect(await readCookies({ getAll: () => untyped(new Later()) })).toEqual(pairs)
  })

  test('calls getAll as a method of its store, and without arguments', () => {
    class Store {
      readonly #cookies = stored
      getAll(...given: readonly unknown[]) {
        expect(given).toEqual([])
        return this.#cookies
      }
    }
    expect(readCookies(new Store())).toEqual(pairs)
  })

  test('treats a cookie without a value as an empty one', () => {
    expect(readCookies({ getAll: () => [{ name: 'a' }] })).toEqual([['a', '']])
  })

  test('makes values well-formed, because a client chooses them and a store may decode in any way', () => {
    expect(readCookies({ getAll: () => [{ name: 'a', value: '\ud800!' }] })).toEqual([
      ['a', '\ufffd!'],
    ])
  })

  test('throws for a store that returns no array, synchronously or in a promise', async () => {
    for (const value of [undefined, null, {}, new Map(), 'a=1']) {
      expect(() => readCookies({ getAll: () => untyped(value) })).toThrow(configError('source'))
      const later = readCookies({ getAll: () => untyped(Promise.resolve(value)) })
      await expect(later).rejects.toThrow(configError('source'))
    }
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['numbers', 7],
    ['names', 'a'],
    ['pairs', ['a', '1']],
    ['objects without a name', { value: '1' }],
    ['objects with another name than a string', { name: 7, value: '1' }],
    ['objects with another value than a string', { name: 'a', value: 7 }],
    ['symbols as values', { name: 'a', value: Symbol('1') }],
    ['objects as values', { name: 'a', value: { __proto__: null } }],
  ])('throws for a store that returns %s, synchronously or in a promise', async (_, cookie) => {
    const cookies = untyped<typeof stored>([...stored, cookie])
    expect(() => readCookies({ getAll: () => cookies })).toThrow(configError('source'))
    const later = readCookies({ getAll: async () => cookies })
    await expect(later).rejects.toThrow(configError('source'))
  })

  test('throws for an array with holes', () => {
    const cookies = [...stored]
    cookies.length += 1
    expect(() => readCookies({ getAll: () => cookies })).toThrow(configError('source'))
  })

  test('reads frozen cookies, and each member once', () => {
    let reads = 0
    const cookie = Object.freeze({
      name: 'a',
      get value() {
        reads += 1
        return reads === 1 ? '1' : untyped<string>(reads)
      },
    })
    expect(readCookies({ getAll: () => Object.freeze([cookie]) })).toEqual([['a', '1']])
  })

  test('passes on what a member of a cookie throws', () => {
    const error = new Error('the store is closed')
    const cookie = {
      get name(): string {
        throw error
      },
    }
    expect(() => readCookies({ getAll: () => [cookie] })).toThrow(error)
  })

  test('reads headers with a field named get', async () => {
    expect(readCookies(await receive({ get: ['x'], cookie: [header] }))).toBe(header)
    expect(readCookies({ headers: { get: 'x', cookie: header } })).toBe(header)
  })

  test('finds the cookies of a request of a real Node server', async () => {
    const received = await receive({ cookie: [`${NAME}=v`, 'a=1'] })
    expect(readCookies(received)).toBe(header)
    expect(readCookies(await receive({}))).toBe('')
  })

  test('finds headers that are a getter of a class, but not those of a polluted Object.prototype', () => {
    class Incoming {
      get headers() {
        return { cookie: header }
      }
    }
    expect(readCookies(new Incoming())).toBe(header)
    const polluted = { headers: { cookie: header }, cookies: [header], multiValueHeaders: {} }
    try {
      Object.assign(Object.prototype, polluted)
      expect(() => readCookies(untyped({ httpMethod: 'GET' }))).toThrow(configError('source'))
      expect(readCookies({ headers: null, multiValueHeaders: null })).toBe('')
      expect(readCookies({ headers: { host: 'example.com' } })).toBe('')
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
  })

  const form = new FormData()
  form.set('cookie', header)
  test.each<[string, unknown]>([
    ['a number', 5],
    ['a bigint', 5n],
    ['true', true],
    ['false', false],
    ['a symbol', Symbol('s')],
    ['an empty object', {}],
    ['an array', []],
    ['an array of cookies', stored],
    ['a function', () => header],
    ['headers that are a number', { headers: 5 }],
    ['headers in a Map', { headers: new Map([['cookie', header]]) }],
    ['headers in pairs', { headers: [['cookie', header]] }],
    ['headers with get alone', { headers: { get: () => header } }],
    ['a Map', new Map([['cookie', header]])],
    ['a WeakMap', new WeakMap()],
    ['FormData', form],
    ['URLSearchParams', new URLSearchParams({ cookie: header })],
    ['a URL', new URL('https://example.com/')],
    ['the headers of a Node request', { cookie: header, host: 'example.com' }],
    ['an object with get', { get: () => header }],
    ['an object with get and has', { get: () => header, has: () => true }],
    ['cookies of Astro, which have no getAll', astroCookies()],
    ['a promise', Promise.resolve(header)],
    ['a promise of a cookie store', Promise.resolve({ getAll: () => stored })],
    ['a Response', new Response()],
  ])('refuses %s, with what to give instead', (_, source) => {
    const error = catchError(() => readCookies(untyped(source)))
    expect(error).toEqual(configError('source'))
    expect(String(error)).toContain('must be a Request, Headers, a Cookie header, a cookie store')
  })
})

describe('isRequest', () => {
  test('is true for objects that always belong to one request', async () => {
    expect(isRequest(new Request('https://example.com/'))).toBe(true)
    expect(isRequest(await receive({}))).toBe(true)
    expect(isRequest({ getAll: () => stored })).toBe(true)
    expect(isRequest(untyped({ method: 'GET', headers: {} }))).toBe(true)
  })

  test.each<[string, unknown]>([
    ['Headers', new Headers()],
    ['a string', header],
    ['null', null],
    ['undefined', undefined],
    ['an object with headers', { headers: { cookie: header } }],
    ['a Lambda event', { httpMethod: 'GET', headers: {}, cookies: [] }],
    ['FormData', new FormData()],
    ['URLSearchParams', new URLSearchParams()],
  ])('is false for %s, which may be filled again for another visitor', (_, source) => {
    expect(isRequest(untyped(source))).toBe(false)
  })
})

/**
 * Returns an object like `cookies` of Astro, which has those methods of `Headers` that a reader
 * would call.
 */
function astroCookies(): object {
  return {
    get: () => ({ value: 'v', json: () => ({}) }),
    has: () => true,
    set() {},
    delete() {},
    merge() {},
    headers: () => [],
  }
}

/** Returns a request with these headers, received by a Node server. */
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
