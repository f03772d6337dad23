import { describe, expect, test } from 'vitest'
import { assertKey, assertNoArguments, assertNoMore } from '../../../src/session/arguments.ts'
import { catchError, configError } from '../../support/errors.ts'

describe('assertKey', () => {
  test('accepts every string', () => {
    for (const key of ['', 'cart', '__proto__', '\ud800']) {
      expect(catchError(() => assertKey(key))).toBeUndefined()
    }
  })

  test.each([undefined, null, 42, true, 1n, Symbol('s'), {}, ['cart'], Object('cart'), () => {}])(
    'throws for %o',
    (key) => {
      expect(() => assertKey(key)).toThrow(configError('key'))
    },
  )
})

describe('assertNoArguments', () => {
  test('accepts none, and any number that are undefined', () => {
    for (const given of [[], [undefined], [undefined, undefined]]) {
      expect(catchError(() => assertNoArguments('touch', given))).toBeUndefined()
    }
  })

  test.each([null, false, 0, '', {}, () => {}])('throws for %o in any position', (value) => {
    for (const given of [[value], [undefined, value]]) {
      expect(() => assertNoArguments('touch', given)).toThrow(configError('touch'))
    }
  })

  test('says that no callback is needed, because the method is synchronous', () => {
    const message = (given: unknown) =>
      String(catchError(() => assertNoArguments('touch', [given])))
    expect(message(() => {})).toContain('a function: write touch()')
    expect(message(60)).toContain('given 60: write touch()')
  })
})

describe('assertNoMore', () => {
  test('accepts nothing, and what is undefined', () => {
    for (const unexpected of [[], [undefined]]) {
      expect(catchError(() => assertNoMore('set(key, value)', unexpected))).toBeUndefined()
    }
  })

  test('throws for anything else, with how the method is called', () => {
    const error = catchError(() => assertNoMore('set(key, value)', [undefined, { maxAge: 60 }]))
    expect(error).toEqual(configError('set'))
    expect(String(error)).toMatch(/set was given an object besides: write set\(key, value\)$/)
  })
})
