// Writing into the cookie stores of frameworks and browsers.

import { describe, expect, test } from 'vitest'
import { resolveCookieOptions } from '../../../src/cookies/cookie-options.ts'
import { assertCookieSink, writeToStore } from '../../../src/cookies/cookie-store.ts'
import type { CookieSink } from '../../../src/cookies/cookie-store.ts'
import { catchError, configError } from '../../support/errors.ts'

const OPTIONS = resolveCookieOptions({ name: 's', path: '/a', domain: 'example.com' })
const WRITES = [
  { name: 's', value: '2.a', maxAge: 60 },
  { name: 's.1', value: 'b', maxAge: 60 },
  { name: 's.2', value: '', maxAge: 0 },
]
const ATTRIBUTES = {
  path: '/a',
  domain: 'example.com',
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
}

/** Returns a store, and the cookies that were set in it. */
function createStore() {
  const calls: unknown[][] = []
  return { calls, set: (...given: unknown[]) => void calls.push(given) }
}

describe('writeToStore', () => {
  test('sets each cookie in its order, with its attributes', async () => {
    const store = createStore()
    await writeToStore(WRITES, store, OPTIONS)
    expect(store.calls).toEqual([
      ['s', '2.a', { ...ATTRIBUTES, maxAge: 60 }],
      ['s.1', 'b', { ...ATTRIBUTES, maxAge: 60 }],
      ['s.2', '', { ...ATTRIBUTES, maxAge: 0, expires: new Date(0) }],
    ])
  })

  test('calls a function with the same arguments', async () => {
    const { calls, set } = createStore()
    await writeToStore(WRITES, set, OPTIONS)
    expect(calls.map(([name]) => name)).toEqual(['s', 's.1', 's.2'])
  })

  test('calls set as a method of its store', async () => {
    class Store {
      readonly #names: string[] = []
      set(name: string): void {
        this.#names.push(name)
      }
      get names(): readonly string[] {
        return this.#names
      }
    }
    const store = new Store()
    await writeToStore(WRITES, store, OPTIONS)
    expect(store.names).toEqual(['s', 's.1', 's.2'])
  })

  test('awaits each call before the next, since cookieStore of browsers is asynchronous', async () => {
    const log: string[] = []
    const set = async (name: string) => {
      log.push(`begin ${name}`)
      await new Promise((done) => setImmediate(done))
      log.push(`end ${name}`)
    }
    await writeToStore(WRITES.slice(0, 2), { set }, OPTIONS)
    expect(log).toEqual(['begin s', 'end s', 'begin s.1', 'end s.1'])
  })

  test.each<[string, CookieSink]>([
    [
      'throws',
      () => {
        throw new RangeError('no')
      },
    ],
    ['rejects', { set: () => Promise.reject(new RangeError('no')) }],
  ])('passes on what a store %s', async (_, store) => {
    await expect(writeToStore(WRITES, store, OPTIONS)).rejects.toThrow(RangeError)
  })

  test('calls nothing if there is nothing to write', async () => {
    const store = createStore()
    await writeToStore([], store, OPTIONS)
    expect(store.calls).toEqual([])
  })
})

describe('assertCookieSink', () => {
  test('accepts a function, and an object with set', () => {
    const inherited = Object.create({ set() {} })
    for (const store of [() => {}, { set() {} }, inherited, { get() {}, getAll() {}, set() {} }]) {
      expect(catchError(() => assertCookieSink(store))).toBeUndefined()
    }
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'cookies'],
    ['an object without set', { get() {} }],
    ['an object whose set is no function', { set: true }],
    ['an array', []],
    ['a Response', new Response()],
    ['the headers of a response, which would get a header of that name', new Headers()],
    ['a Map', new Map()],
    ['a WeakMap', new WeakMap()],
    ['FormData', new FormData()],
    ['URLSearchParams', new URLSearchParams()],
    ['a response of Express, whose set sets a header', { set() {}, append() {}, cookie() {} }],
  ])('refuses %s, with what to give instead', (_, store) => {
    const error = catchError(() => assertCookieSink(store))
    expect(error).toEqual(configError('store'))
    expect(String(error)).toContain('set(name, value, attributes)')
  })
})
