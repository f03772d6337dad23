import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { createRequestProperty } from '../../../src/adapters/request-property.ts'
import { configError } from '../../support/errors.ts'

const SESSION = { data: 'secret' }
const define = createRequestProperty('session')

test('the value is read from the request, from objects that inherit from it, and through a proxy', () => {
  const request = {}
  define(request, SESSION)
  for (const reader of [request, Object.create(request), new Proxy(request, {})]) {
    expect(Reflect.get(reader, 'session')).toBe(SESSION)
  }
})

test('each request and each property has its own value', () => {
  const [one, other] = [{}, {}]
  const cart = {}
  define(one, SESSION)
  define(other, cart)
  createRequestProperty('cart')(one, cart)
  expect([Reflect.get(one, 'session'), Reflect.get(one, 'cart')]).toEqual([SESSION, cart])
  expect(Reflect.get(other, 'session')).toBe(cart)
})

test('the value may be replaced, and is not printed or copied', () => {
  const request = { url: '/' }
  define(request, {})
  define(request, SESSION)
  expect(Reflect.get(request, 'session')).toBe(SESSION)
  expect(inspect(request)).not.toContain('secret')
  expect({ ...request }).toEqual({ url: '/' })
})

test('other code may redefine or delete the property', () => {
  const request = {}
  define(request, SESSION)
  Object.defineProperty(request, 'session', { value: 1, configurable: true })
  expect(Reflect.get(request, 'session')).toBe(1)
  expect(Reflect.deleteProperty(request, 'session')).toBe(true)
})

test('an assignment throws a TypeError that says what to write', () => {
  const request = {}
  createRequestProperty('cart')(request, SESSION)
  expect(() => Object.assign(request, { cart: null })).toThrow(
    new TypeError(
      'request.cart cannot be assigned: write request.cart.destroy() to end the session, and ' +
        'request.cart.set(key, value) to change it',
    ),
  )
})

test.each([Object.freeze, Object.seal, Object.preventExtensions])(
  'a request that accepts no property is an error (%o)',
  (fix) => {
    expect(() => define(fix({}), SESSION)).toThrow(configError('request'))
  },
)

test('a request whose property is not configurable is an error', () => {
  const request = Object.defineProperty({}, 'session', { value: 1 })
  expect(() => define(request, SESSION)).toThrow(configError('request'))
})
