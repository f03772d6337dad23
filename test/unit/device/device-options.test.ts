import { createSessions } from 'sealed-session'
import type { CookieOptions, Session } from 'sealed-session'
import { deviceBound, registrationOf } from 'sealed-session/device'
import type { DeviceBoundOptions } from 'sealed-session/device'
import { describe, expect, test } from 'vitest'
import { SECRET, untyped } from '../../support/mint.ts'
import { configError } from '../../support/errors.ts'

describe('deviceBound', () => {
  test('has defaults, and names itself', () => {
    expect(deviceBound()).toEqual({ path: '/.well-known/session-device', interval: 600 })
    expect(deviceBound({ path: '/d', interval: 300 })).toEqual({ path: '/d', interval: 300 })
    expect(Object.isFrozen(deviceBound())).toBe(true)
  })

  test.each<[string, unknown]>([
    ['device', '/device'],
    ['device', []],
    ['device.url', { url: '/device' }],
    ['device.path', { path: 'device' }],
    ['device.path', { path: '' }],
    ['device.path', { path: '/' }],
    ['device.path', { path: '/a b' }],
    ['device.path', { path: '/a;b' }],
    ['device.path', { path: '/a?b' }],
    ['device.path', { path: '/a#b' }],
    ['device.path', { path: '/a/../b' }],
    ['device.path', { path: '/ä' }],
    ['device.path', { path: '//host/path' }],
    ['device.path', { path: `/${'a'.repeat(256)}` }],
    ['device.path', { path: 7 }],
    ['device.interval', { interval: 0 }],
    ['device.interval', { interval: 86_401 }],
    ['device.interval', { interval: 1.5 }],
    ['device.interval', { interval: '600' }],
    ['device.site', { site: 'example.com' }],
    ['device.origin', { origin: 'example.com' }],
    ['device.origin', { origin: 'https://example.com/' }],
    ['device.origin', { origin: 7 }],
  ])('names %s in its refusal of %j', (option, given) => {
    expect(() => deviceBound(untyped<DeviceBoundOptions>(given))).toThrow(configError(option))
  })
})

describe('the option device', () => {
  const createBound = (device: unknown, cookie: CookieOptions = {}) =>
    createSessions({ secrets: SECRET, device: untyped(device), cookie })

  test.each([[{}], [{ path: '/d', interval: 1 }], ['/d'], [true], [null], [7], [deviceBound]])(
    'throws for %j, which deviceBound has not returned',
    (device) => {
      expect(() => createBound(device)).toThrow(configError('device'))
    },
  )

  test('accepts one value for several sessions', () => {
    const device = deviceBound()
    expect(() => [createBound(device), createBound(device)]).not.toThrow()
  })

  test.each<[string, DeviceBoundOptions, CookieOptions]>([
    ['device.path', {}, { name: 's', path: '/app' }],
    ['device.path', { path: '/application' }, { name: 's', path: '/app' }],
    ['device.path', { path: '/app' }, { name: 's', path: '/app' }],
    ['device', {}, { partitioned: true }],
    ['device.site', {}, { name: 's', domain: 'example.com' }],
  ])('%s is refused beside cookies that it does not fit', (option, device, cookie) => {
    expect(() => createBound(deviceBound(device), cookie)).toThrow(configError(option))
  })

  test.each<[DeviceBoundOptions, CookieOptions]>([
    [{ path: '/app/device' }, { name: 's', path: '/app' }],
    [{ path: '/app/device' }, { name: 's', path: '/app/' }],
    [{ site: true }, { name: 's', domain: 'example.com' }],
    [{ site: false }, { name: 's', domain: 'example.com' }],
    [{}, { sameSite: 'none' }],
  ])('%j is taken beside %j', (device, cookie) => {
    expect(() => createBound(deviceBound(device), cookie)).not.toThrow()
  })

  test('needs room for the ticket of a bound session, which is longer than others', () => {
    const cookie = { name: 'n'.repeat(40) }
    const leastOf = (device: unknown) => {
      for (let least = 100; least < 1000; least++) {
        try {
          createSessions({
            secrets: SECRET,
            cookie,
            limits: { cookie: least },
            device: untyped(device),
          })
          return least
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
        }
      }
      return 0
    }
    const [without, withDevice] = [leastOf(undefined), leastOf(deviceBound())]
    expect(without).toBeGreaterThan(100)
    expect(withDevice - without).toBe('.d.abcdefgh'.length - '.15'.length + 3)
  })
})

describe('bindToDevice', () => {
  test('is an error without the option, which it names', async () => {
    const session = await createSessions({ secrets: SECRET }).open(null)
    expect(() => session.bindToDevice()).toThrow(configError('device'))
    expect(session.device).toBe('none')
  })

  test('takes no argument', async () => {
    const session = await createSessions({ secrets: SECRET, device: deviceBound() }).open(null)
    const bind: (...given: readonly unknown[]) => void = session.bindToDevice.bind(session)
    expect(() => bind({ interval: 5 })).toThrow(configError('bindToDevice'))
  })
})

test('registrationOf accepts only a session', () => {
  expect(() => registrationOf(untyped<Session>({}))).toThrow(configError('session'))
  expect(() => registrationOf(untyped<Session>(undefined))).toThrow(configError('session'))
})
