// The shared parts of open and commit: the keys, and the option `revoked`.

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session, SessionOptions } from 'sealed-session'
import { createPipeline, supportDevice } from '../../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { pairsOf } from '../../support/cookie-jar.ts'
import {
  DAY,
  NAME,
  SECRET,
  START,
  WEEK,
  mint,
  payload,
  secretId,
  untyped,
} from '../../support/mint.ts'
import { configError, catchAsyncError } from '../../support/errors.ts'
import { setUp, setUser } from '../../support/set-up.ts'
import type { Data } from '../../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('createPipeline', () => {
  test('derives nothing, and calls no WebCrypto', () => {
    const spies = [vi.spyOn(crypto.subtle, 'importKey'), vi.spyOn(crypto.subtle, 'deriveBits')]
    createPipeline({ secrets: SECRET })
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  })

  test('rejects no session without the option revoked', () => {
    expect(createPipeline({ secrets: SECRET }).askRevoked).toBeUndefined()
    expect(createPipeline({ secrets: SECRET, revoked: () => false }).askRevoked).toBeDefined()
  })

  test('does not read revoked from a polluted Object.prototype', () => {
    try {
      Object.assign(Object.prototype, { revoked: () => true })
      expect(createPipeline({ secrets: SECRET }).askRevoked).toBeUndefined()
    } finally {
      Reflect.deleteProperty(Object.prototype, 'revoked')
    }
  })

  test('has the implementation of the option device, which only that option brings', () => {
    const support = untyped<Pipeline['device']>({})
    const device = { path: '/device', interval: 60 }
    const given: Pipeline[] = []
    supportDevice(device, (pipeline) => (given.push(pipeline), untyped(support)))
    const bound = createPipeline({ secrets: SECRET, device })
    expect(bound.device).toBe(support)
    expect(bound.runtime.isBindable).toBe(true)
    expect(given).toEqual([{ ...bound, device: undefined }])
    const plain = createPipeline({ secrets: SECRET })
    expect([plain.device, plain.runtime.isBindable]).toEqual([undefined, false])
  })

  test('refuses a device that deviceBound has not returned', () => {
    const device = { path: '/device', interval: 60 }
    expect(() => createPipeline({ secrets: SECRET, device })).toThrow(
      expect.objectContaining({
        option: 'device',
        message: expect.stringContaining('deviceBound()'),
      }),
    )
  })

  test('checks values in set only without a serializer', () => {
    expect(createPipeline({ secrets: SECRET }).runtime.assertStorable).toBeDefined()
    const { runtime } = createPipeline({ secrets: SECRET, serializer: JSON })
    expect(runtime.assertStorable).toBeUndefined()
  })

  test('keeps the keys of as many days as the longest lifetime has', async () => {
    const clock = () => (START + 30 * DAY) * 1000
    const options: SessionOptions = { secrets: SECRET, clock, idleTimeout: false }
    const lifetimes = { remembered: { maxAge: 31 * DAY } }
    for (const [more, reason] of [
      [{}, 'expired'],
      [{ lifetimes }, undefined],
    ] as const) {
      const value = mint(payload({ life: 31 * DAY, more: { l: 'remembered' } }))
      const { sessions } = setUp({ ...options, ...more })
      expect((await sessions.open(`${NAME}=${value}`)).rejection?.reason).toBe(reason)
    }
  })

  test('does not call a secrets function before the first use', async () => {
    const provide = vi.fn(() => SECRET)
    const { sessions, cookieOf } = setUp({ secrets: provide })
    expect(provide).not.toHaveBeenCalled()
    expect((await sessions.open(await cookieOf(setUser))).get('user')).toBe('ada')
    expect(provide).toHaveBeenCalledTimes(1)
  })

  test('passes secretsRefresh and secretsGrace on to the provider’s ring', async () => {
    const provide = vi.fn<() => string | Promise<string>>(() => SECRET)
    const options = { secrets: provide, secretsRefresh: 60, secretsGrace: 600 }
    const { sessions, time, cookieOf } = setUp(options)
    const cookie = await cookieOf(setUser)
    provide.mockImplementation(() => Promise.reject(new Error('down')))
    time.now += 300
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    time.now += 700
    expect(await catchAsyncError(sessions.open(cookie))).toEqual(configError('secrets'))
  })
})

describe('revoked', () => {
  test.each<[string, unknown]>([
    ['true', true],
    ['a promise of true', Promise.resolve(true)],
    ['undefined', undefined],
    ['a promise of undefined', Promise.resolve(undefined)],
    ['0', 0],
    ['the empty string', ''],
    ['null', null],
  ])('that answers %s rejects the session', async (_, answer) => {
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const session = await make({ revoked: () => untyped<boolean>(answer) }).open(cookie)
    expect([session.rejection, session.isEmpty]).toEqual([{ reason: 'revoked' }, true])
  })

  test.each([() => false, () => Promise.resolve(false)])(
    'that returns false accepts the session',
    async (revoked) => {
      const { make, cookieOf } = setUp()
      const session = await make({ revoked }).open(await cookieOf(setUser))
      expect(session.get('user')).toBe('ada')
    },
  )

  test.each<[string, (error: Error) => Promise<boolean>]>([
    [
      'throws',
      (error) => {
        throw error
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ])('when it %s the session is rejected, and observe has the error', async (_, fail) => {
    const { make, events, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const error = new Error('the list is down')
    const session = await make({ revoked: () => fail(error) }).open(cookie)
    expect(session.rejection).toEqual({ reason: 'revoked' })
    expect(events.at(-1)).toMatchObject({
      type: 'rejected',
      reason: 'revoked',
      limit: 'revoked',
      error,
    })
  })

  test('is called on every open, with the received session', async () => {
    const { make } = setUp()
    const writer = make()
    const written = await writer.open(null)
    setUser(written)
    const cookie = pairsOf(await writer.setCookies(written))
    const asked: unknown[] = []
    const sessions = make({
      revoked: (session) => {
        asked.push([session.id, session.startedAt, session.isNew, session.toJSON()])
        return false
      },
    })
    await sessions.open(cookie)
    await sessions.open(cookie)
    const question = [written.id, new Date(START * 1000), false, { user: 'ada' }]
    expect(asked).toEqual([question, question])
  })

  test('is called for bare tokens too', async () => {
    const { make } = setUp()
    const sessions = make({ revoked: (session) => session.get('user') === 'eve' })
    const reasonOf = async (user: string) => {
      const first = await sessions.open(null)
      first.set('user', user)
      return (await sessions.unseal(await sessions.seal(first))).rejection?.reason
    }
    expect([await reasonOf('ada'), await reasonOf('eve')]).toEqual([undefined, 'revoked'])
  })

  test('is not called without a session, nor if it is rejected for another reason', async () => {
    const { make, time, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const revoked = vi.fn(() => false)
    const sessions = make({ revoked })
    await sessions.open(null)
    await sessions.open(`${NAME}=nonsense`)
    await sessions.open(`${cookie}; ${NAME}.x=aaaa`)
    time.now += WEEK + 5
    await sessions.open(cookie)
    expect(revoked).not.toHaveBeenCalled()
  })

  test('does not count as access, and its changes are discarded', async () => {
    const { make, time, cookieOf } = setUp()
    const cookie = await cookieOf((session) => {
      setUser(session)
      session.set('cart', { items: ['tea'] })
      session.scope('shop').set('items', [1])
      session.flash('notice', { text: 'hello' })
    })
    time.now += DAY / 2
    const sessions = make({
      revoked: (session) => {
        session.set('user', 'eve')
        untyped<{ items: string[] }>(session.get('cart')).items.push('milk')
        untyped<number[]>(session.scope('shop').get('items')).push(2)
        for (const message of session.flash<{ text: string }>('notice')) message.text = 'changed'
        session.regenerate()
        return !session.isEmpty
      },
    })
    const response = new Response('hello')
    const request = new Request('https://example.test/', { headers: { cookie } })
    expect(await sessions.wrap(() => response)(request)).toBe(response)
    const session = await sessions.open(request)
    expect([session.get('user'), session.get('cart')]).toEqual(['ada', { items: ['tea'] }])
    expect(session.scope('shop').get('items')).toEqual([1])
    expect(session.peekFlash('notice')).toEqual([{ text: 'hello' }])
  })

  test('cannot commit, seal or keep the copy that it receives', async () => {
    const { make, cookieOf } = setUp()
    const cookie = await cookieOf(setUser)
    const kept: Session<Data>[] = []
    const sessions = make({
      revoked: (session) => {
        kept.push(session)
        return false
      },
    })
    const session = await sessions.open(cookie)
    for (const copy of kept) {
      copy.set('user', 'eve')
      expect(copy).not.toBe(session)
    }
    expect(session.get('user')).toBe('ada')
    expect(await sessions.setCookies(session)).toEqual([])
  })
})

test('the engine seals under the name that the secret has', async () => {
  const { events, cookieOf } = setUp({ secrets: [{ secret: SECRET, id: 'spring' }] })
  await cookieOf(setUser)
  expect(events).toMatchObject([{ type: 'sealed', secretId: 'spring' }])
  expect(secretId(SECRET)).toMatch(/^[\w-]{4}$/)
})
