import { describe, expect, test } from 'vitest'
import { resolveRegenerateOptions } from '../../../src/session/regenerate-options.ts'
import { catchError, configError } from '../../support/errors.ts'

const KNOWN = ['remembered', 'brief']

describe('omitted options', () => {
  test('keep nothing, and use the default lifetime', () => {
    const nothing = { keep: [], scopes: [], lifetime: '' }
    expect(resolveRegenerateOptions({}, KNOWN)).toEqual(nothing)
    expect(
      resolveRegenerateOptions({ keep: undefined, scopes: undefined, lifetime: undefined }, KNOWN),
    ).toEqual(nothing)
  })

  test('are not read from a polluted prototype', () => {
    const given = Object.create({ keep: ['user'], lifetime: 'brief' })
    expect(resolveRegenerateOptions(given, KNOWN)).toEqual({ keep: [], scopes: [], lifetime: '' })
  })
})

test('given options are returned as they are', () => {
  const given = { keep: ['cart', ''], scopes: ['shop'], lifetime: 'brief' }
  expect(resolveRegenerateOptions(given, KNOWN)).toEqual(given)
})

describe('a wrong option is rejected with the correct form', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['cart', '"cart"'],
    [() => {}, 'a function'],
    [true, 'true'],
    [5, '5'],
  ])('%j in place of an object', (given, shown) => {
    const error = catchError(() => resolveRegenerateOptions(given, KNOWN))
    expect(error).toEqual(configError('regenerate'))
    expect(String(error)).toContain(`was given ${shown}: write regenerate({ keep: ['cart'] })`)
  })

  test('an array in place of an object', () => {
    expect(() => resolveRegenerateOptions(['cart'], KNOWN)).toThrow(configError('regenerate'))
  })

  test.each(['kep', 'keeps', 'maxAge', 'Lifetime', '__proto__x'])('the member %s', (name) => {
    const error = catchError(() => resolveRegenerateOptions({ [name]: ['cart'] }, KNOWN))
    expect(error).toEqual(configError(`regenerate.${name}`))
    expect(String(error)).toContain('there are keep, scopes, lifetime')
  })

  test.each(['keep', 'scopes'])('%s that is no array of strings', (name) => {
    for (const value of ['userPrefs', null, 5, {}, new Set(['cart']), [1], [['cart']], ['a', null]])
      expect(() => resolveRegenerateOptions({ [name]: value }, KNOWN)).toThrow(
        configError(`regenerate.${name}`),
      )
  })

  test.each(['', 'Brief', 'default', 'constructor', '__proto__', null, 60, ['brief'], {}])(
    'the lifetime %j, with the configured names',
    (lifetime) => {
      const error = catchError(() => resolveRegenerateOptions({ lifetime }, KNOWN))
      expect(error).toEqual(configError('regenerate.lifetime'))
      expect(String(error)).toMatch(/"remembered" or "brief"$/)
    },
  )

  test('any lifetime if none is configured, which the message says', () => {
    const error = catchError(() => resolveRegenerateOptions({ lifetime: 'brief' }, []))
    expect(String(error)).toMatch(/must be one of the lifetimes: none$/)
  })
})
