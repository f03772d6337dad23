// The options of `overflow`. Its behaviour is tested in test/behaviour/ and test/security/.

import { createStorage } from 'unstorage'
import { describe, expect, test } from 'vitest'
import { createSessions } from 'sealed-session'
import { overflow } from 'sealed-session/overflow'
import { createFaultyStore } from '../../support/faulty-store.ts'
import { SECRET, untyped } from '../../support/mint.ts'
import { setUp } from '../../support/set-up.ts'

const storage = createFaultyStore(() => 0)

describe('overflow', () => {
  test('returns a frozen object', () => {
    const keys = ['cart']
    const moving = overflow({ storage, keys })
    expect(Object.isFrozen(moving) && Object.isFrozen(moving.keys)).toBe(true)
    keys.push('user')
    expect(moving.keys).toEqual(['cart'])
  })

  test('accepts an unstorage storage', async () => {
    const { received } = setUp({ overflow: overflow({ storage: createStorage() }) })
    const session = await received((first) => first.set('cart', 'x'.repeat(5000)))
    expect(session.get('cart')).toHaveLength(5000)
  })

  test.each<[unknown, string]>([
    [
      undefined,
      'overflow was given undefined and must be given an object, as in overflow({ storage })',
    ],
    [5, 'overflow was given 5 and must be given an object, as in overflow({ storage })'],
    [{ storage, key: ['cart'] }, 'overflow.key is no option: there are storage, keys, timeout'],
    [{}, 'storage is undefined and must have getItem'],
    [{ storage, keys: 'cart' }, 'overflow.keys is "cart" and must be an array of keys'],
    [{ storage, keys: [] }, 'overflow.keys is an array and must be an array of keys'],
    [{ storage, keys: [5] }, 'overflow.keys is an array and must be an array of keys'],
    [
      { storage, timeout: 0 },
      'overflow.timeout is 0 and must be a whole number from 1 to 60 seconds',
    ],
    [{ storage, timeout: 0.5 }, 'overflow.timeout is 0.5 and must be'],
    [{ storage, timeout: 2000 }, 'overflow.timeout is 2000 and must be'],
    [{ storage, timeout: '2' }, 'overflow.timeout is "2" and must be'],
  ])('refuses %j', (given, message) => {
    expect(() => overflow(untyped(given))).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining(message),
      }),
    )
  })
})

describe('the option overflow', () => {
  test.each<[unknown, string]>([
    [storage, 'an object'],
    [{}, 'an object'],
    [true, 'true'],
    [null, 'null'],
    [overflow, 'a function'],
  ])('refuses what overflow has not returned: %s', (given, shown) => {
    expect(() => createSessions({ secrets: SECRET, overflow: untyped(given) })).toThrow(
      expect.objectContaining({
        option: 'overflow',
        message: `overflow is ${shown} and must be overflow({ storage }) of sealed-session/overflow`,
      }),
    )
  })
})
