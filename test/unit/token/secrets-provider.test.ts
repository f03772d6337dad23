// A `secrets` function: when it is called, which secrets requests use meanwhile, and what its
// result changes. Most tests use sessions, with a clock that they move.

import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SecretsOption, SessionEvent, Sessions } from 'sealed-session'
import { createProvidedKeyRing } from '../../../src/token/secrets-provider.ts'
import { deferred } from '../../support/deferred.ts'
import { DAY, START, mint, secretId } from '../../support/mint.ts'
import { configError, catchAsyncError } from '../../support/errors.ts'
import { cookieOf } from '../../support/set-up.ts'

const A = 'ooIzSAslLlbFoye3VUS1MCnnt_FSyh-zlzeW-v15KFw'
const B = 'Jkx78IzoSFiwdZpfFHj1PL5BTZc5qhAo1kpLcQFyfD8'
const REFRESH = 60
const GRACE = 3600

/** Seconds that a request waits for the function, and between two calls for unknown ids. */
const PATIENCE = 10

interface Data {
  readonly user: string
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Creates sessions whose secrets come from `provide`. */
function setUp(provide: () => unknown, refresh = REFRESH, grace = GRACE) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const called = vi.fn(provide)
  const sessions = createSessions<Data>({
    secrets: called as SecretsOption,
    secretsRefresh: refresh,
    secretsGrace: grace,
    clock: () => time.now * 1000,
    observe: (event) => void events.push(event),
  })
  const observed = () => events.filter(({ type }) => type === 'secrets')
  return { time, sessions, called, events, observed }
}

/** Returns these results in their order, and then always the last one. */
function inTurn(...results: (() => unknown)[]): () => unknown {
  let at = 0
  return () => results[Math.min(at++, results.length - 1)]?.()
}

/** Returns the id of the secret that seals. */
async function sealingId({ sessions }: ReturnType<typeof setUp>): Promise<string> {
  const [, id = ''] = /=([^.]+)\./.exec(await cookieOf(sessions)) ?? []
  return id
}

async function userIn(sessions: Sessions<Data>, cookie: string): Promise<string | undefined> {
  return (await sessions.open(cookie)).get('user')
}

/** Returns how many keys of a day have been derived since the last call. */
function countDerivations(): () => number {
  const bits = vi.spyOn(crypto.subtle, 'deriveBits')
  return () => bits.mock.calls.filter(([, , length]) => length === 256).length
}

const never = () => new Promise(() => {})
const fail = () => {
  throw Object.assign(new Error('the vault is closed'), { code: 'E_CLOSED' })
}
/** The error for a function that fails as `fail` does. */
const failure = () =>
  expect.objectContaining({
    code: 'ERR_SESSION_CONFIG',
    option: 'secrets',
    cause: expect.objectContaining({ name: 'Error', code: 'E_CLOSED' }),
  })

describe('the function that returns the secrets', () => {
  test('is called at the first use of a key, and not before', async () => {
    const { sessions, called } = setUp(() => A)
    await sessions.open(null)
    await sessions.open('other=1')
    expect(called).toHaveBeenCalledTimes(0)
    await cookieOf(sessions)
    expect(called).toHaveBeenCalledTimes(1)
  })

  test('is called again at the first use after secretsRefresh, to the second', async () => {
    const { sessions, called, time } = setUp(async () => A)
    const cookie = await cookieOf(sessions)
    time.now += REFRESH - 1
    await sessions.open(cookie)
    expect(called).toHaveBeenCalledTimes(1)
    time.now += 1
    await sessions.open(cookie)
    expect(called).toHaveBeenCalledTimes(2)
    await turn()
    time.now += REFRESH - 1
    await sessions.open(cookie)
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('is called again although the clock was put back by a day', async () => {
    const { sessions, called, time } = setUp(() => A)
    await cookieOf(sessions)
    time.now -= DAY
    await cookieOf(sessions)
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('is called once for a hundred requests before its first result', async () => {
    const result = deferred<string>()
    const { sessions, called } = setUp(() => result.promise)
    const cookies = Array.from({ length: 100 }, () => cookieOf(sessions))
    await turn()
    expect(called).toHaveBeenCalledTimes(1)
    result.resolve(A)
    expect((await Promise.all(cookies)).every((cookie) => cookie.includes('='))).toBe(true)
    expect(called).toHaveBeenCalledTimes(1)
  })

  test.each<[string, unknown]>([
    ['a string', `${A},${B}`],
    ['an array', [{ secret: A, id: 'now' }, B]],
    ['a JWK Set', { keys: [{ kty: 'oct', k: A }] }],
    ['a JWK Set in JSON', JSON.stringify({ keys: [{ kty: 'oct', k: A }] })],
  ])('may return %s, or a promise of it', async (_, secrets) => {
    for (const provide of [() => secrets, async () => secrets]) {
      const { sessions } = setUp(provide)
      expect(await userIn(sessions, await cookieOf(sessions))).toBe('ada')
    }
  })
})

describe('while the secrets are fresh, or were refreshed not long ago', () => {
  test('a derived key is returned, and not a promise', async () => {
    const time = { now: START }
    const ring = createProvidedKeyRing(() => [{ secret: A, id: 'a' }], {
      name: 'sid',
      lifetime: DAY,
      makeKey: (keyId) => ({ ...keyId, seal: String, open: String }),
      refresh: REFRESH,
      grace: GRACE,
      now: () => time.now,
      observe: () => {},
    })
    const key = await ring.sealing('cookie', 1, START)
    expect(key).toMatchObject({ id: 'a', day: 1 })
    for (const seconds of [0, REFRESH - 1, 1]) {
      time.now += seconds
      expect(ring.sealing('cookie', 1, START)).toBe(key)
      expect(ring.opening('cookie', 'a', 1)).toBe(key)
      expect([ring.has('a'), ring.has('b')]).toEqual([true, false])
    }
    expect(await ring.opening('cookie', 'b', 1)).toBeUndefined()
  })

  test('the request that causes a call uses the old ring, the next one the new ring', async () => {
    const context = setUp(
      inTurn(
        () => A,
        () => `${B},${A}`,
      ),
    )
    const { sessions, time, observed } = context
    const cookie = await cookieOf(sessions)
    time.now += REFRESH
    expect(await sealingId(context)).toBe(secretId(A))
    await turn()
    expect(await sealingId(context)).toBe(secretId(B))
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('no request waits for a result that never comes, and only the first calls', async () => {
    const { sessions, called, time } = setUp(inTurn(() => A, never))
    const cookie = await cookieOf(sessions)
    time.now += REFRESH
    for (let second = 0; second < 2 * PATIENCE; second++) {
      expect(await userIn(sessions, cookie)).toBe('ada')
      await cookieOf(sessions)
      time.now += 1
    }
    expect(called).toHaveBeenCalledTimes(2)
  })

  test.each<[string, () => unknown]>([
    ['returned', () => A],
    ['failed', fail],
  ])('a call that has %s is followed by another at the usual time', async (_, second) => {
    const { sessions, called, time } = setUp(inTurn(() => A, second))
    for (const times of [1, 2, 3]) {
      await cookieOf(sessions)
      await turn()
      expect(called).toHaveBeenCalledTimes(times)
      time.now += REFRESH
    }
  })

  test('a call that never settles is repeated after the time limit', async () => {
    const context = setUp(
      inTurn(
        () => A,
        never,
        () => B,
      ),
    )
    const { sessions, called, time, observed } = context
    await cookieOf(sessions)
    time.now += REFRESH
    await cookieOf(sessions)
    time.now += 2 * PATIENCE - 1
    await cookieOf(sessions)
    expect(called).toHaveBeenCalledTimes(2)
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    expect(called).toHaveBeenCalledTimes(3)
    expect(await sealingId(context)).toBe(secretId(B))
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('a result that arrives after that of a later call is not used', async () => {
    const slow = deferred<string>()
    const context = setUp(
      inTurn(
        () => A,
        () => slow.promise,
        () => B,
      ),
    )
    const { sessions, time, observed } = context
    await cookieOf(sessions)
    for (const seconds of [REFRESH, REFRESH]) {
      time.now += seconds
      await cookieOf(sessions)
    }
    await turn()
    expect(await sealingId(context)).toBe(secretId(B))
    slow.resolve(`${A},${B}`)
    await turn()
    expect(await sealingId(context)).toBe(secretId(B))
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test.each<[string, () => unknown, unknown]>([
    ['throws', fail, failure()],
    ['rejects', async () => fail(), failure()],
    ['returns nothing', () => undefined, configError('secrets')],
    ['returns a weak secret', () => [B, 'short'], configError('secrets[1]')],
    [
      'returns none that is active',
      () => [{ secret: B, activeFrom: START * 2 }],
      configError('secrets'),
    ],
  ])('the last good secrets stay in use if the function %s', async (_, bad, error) => {
    const context = setUp(
      inTurn(
        () => A,
        bad,
        () => A,
      ),
    )
    const { sessions, called, time, observed } = context
    const cookie = await cookieOf(sessions)
    time.now += REFRESH
    await sessions.open(cookie)
    await turn()
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'failed', error }])
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(await sealingId(context)).toBe(secretId(A))

    expect(called).toHaveBeenCalledTimes(2)
    time.now += REFRESH
    await sessions.open(cookie)
    await turn()
    expect(called).toHaveBeenCalledTimes(3)
    expect(observed()).toHaveLength(1)
  })

  test('an observer that throws for changed secrets causes no event of a failure', async () => {
    const time = { now: START }
    const outcomes: unknown[] = []
    const secrets = inTurn(
      () => A,
      () => B,
    ) as SecretsOption
    const sessions = createSessions<Data>({
      secrets,
      secretsRefresh: REFRESH,
      clock: () => time.now * 1000,
      observe: (event) => {
        if (event.type !== 'secrets') return
        outcomes.push(event.outcome)
        throw new Error('the log is full')
      },
    })
    await cookieOf(sessions)
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    expect(outcomes).toEqual(['changed'])
  })
})

describe('S2: secrets that were removed while an instance was idle', () => {
  const removed = () =>
    inTurn(
      () => [B, A],
      () => [B],
    )

  test.each([
    ['twice secretsRefresh', 2 * REFRESH],
    ['20 days', 20 * DAY],
  ])('open nothing after %s: the function is waited for', async (_, seconds) => {
    const { sessions, time, called, observed } = setUp(removed())
    await cookieOf(sessions)
    time.now += seconds
    const forged = mint(undefined, { secret: A })
    const sealedNow = mint(undefined, { secret: A, day: Math.floor(time.now / DAY) })
    for (const value of [sealedNow, forged]) {
      const session = await sessions.open(`__Host-session=${value}`)
      expect(session.get('user')).toBeUndefined()
    }
    expect((await sessions.open(`__Host-session=${sealedNow}`)).rejection).toEqual({
      reason: 'unknown-key',
    })
    expect(called).toHaveBeenCalledTimes(2)
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('are still in use one second earlier', async () => {
    const { sessions, time, called } = setUp(removed())
    await cookieOf(sessions)
    time.now += 2 * REFRESH - 1
    expect(await userIn(sessions, `__Host-session=${mint(undefined, { secret: A })}`)).toBe('ada')
    await turn()
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('seal nothing', async () => {
    const context = setUp(
      inTurn(
        () => A,
        async () => B,
      ),
    )
    expect(await sealingId(context)).toBe(secretId(A))
    context.time.now += 2 * REFRESH
    expect(await sealingId(context)).toBe(secretId(B))
  })

  test('cause one call for a hundred waiting requests', async () => {
    const { sessions, time, called } = setUp(
      inTurn(
        () => A,
        async () => [B, A],
      ),
    )
    const cookie = await cookieOf(sessions)
    time.now += 20 * REFRESH
    const users = await Promise.all(Array.from({ length: 100 }, () => userIn(sessions, cookie)))
    expect(new Set(users)).toEqual(new Set(['ada']))
    expect(called).toHaveBeenCalledTimes(2)
  })
})

describe('S2: an unknown key id', () => {
  const rotated = () =>
    inTurn(
      () => A,
      () => [B, A],
    )
  const ofB = `__Host-session=${mint(undefined, { secret: B })}`
  const unknown = (id: string) => `__Host-session=${mint(undefined, { secret: B, id })}`

  test('causes a call before the session is rejected', async () => {
    const { sessions, time, called, observed } = setUp(rotated())
    await cookieOf(sessions)
    time.now += PATIENCE
    expect(await userIn(sessions, ofB)).toBe('ada')
    expect(called).toHaveBeenCalledTimes(2)
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('causes no call within ten seconds of the last one', async () => {
    const { sessions, time, called } = setUp(rotated())
    await cookieOf(sessions)
    time.now += PATIENCE - 1
    expect((await sessions.open(ofB)).rejection).toEqual({ reason: 'unknown-key' })
    expect(called).toHaveBeenCalledTimes(1)
  })

  test('causes one call in ten seconds, whatever ids clients send', async () => {
    const { sessions, time, called } = setUp(() => A)
    await cookieOf(sessions)
    for (let second = 0; second < 3 * PATIENCE; second++) {
      time.now += 1
      const opened = ['x', 'y', 'z'].map((id) => sessions.open(unknown(`${id}${second}`)))
      for (const session of await Promise.all(opened)) {
        expect(session.rejection).toEqual({ reason: 'unknown-key' })
      }
    }
    expect(called).toHaveBeenCalledTimes(4)
  })

  test('waits for a pending call', async () => {
    const result = deferred<unknown>()
    const { sessions, time, called } = setUp(
      inTurn(
        () => A,
        () => result.promise,
      ),
    )
    const cookie = await cookieOf(sessions)
    time.now += REFRESH
    await sessions.open(cookie)
    const users = [userIn(sessions, ofB), userIn(sessions, ofB)]
    await turn()
    result.resolve([B, A])
    expect(await Promise.all(users)).toEqual(['ada', 'ada'])
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('is rejected if the call fails, and the last good secrets stay in use', async () => {
    const { sessions, time, observed } = setUp(inTurn(() => A, fail))
    const cookie = await cookieOf(sessions)
    time.now += PATIENCE
    expect((await sessions.open(ofB)).rejection).toEqual({ reason: 'unknown-key' })
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(observed()).toEqual([{ type: 'secrets', outcome: 'failed', error: failure() }])
  })

  test('is rejected after ten seconds if the call returns nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, time } = setUp(inTurn(() => A, never))
    await cookieOf(sessions)
    time.now += PATIENCE
    const opening = sessions.open(ofB)
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000)
    expect((await opening).rejection).toEqual({ reason: 'unknown-key' })
  })
})

describe('secretsGrace', () => {
  test('is how long the last good secrets stay in use while the function fails, to the second', async () => {
    const { sessions, time, observed } = setUp(inTurn(() => A, fail))
    const cookie = await cookieOf(sessions)
    for (const second of [REFRESH, 2 * REFRESH, GRACE / 2, GRACE - 1]) {
      time.now = START + second
      expect(await userIn(sessions, cookie)).toBe('ada')
      await turn()
    }
    time.now = START + GRACE
    expect(await catchAsyncError(sessions.open(cookie))).toEqual(failure())
    expect(await catchAsyncError(cookieOf(sessions))).toEqual(failure())
    for (const event of observed()) expect(event).toMatchObject({ outcome: 'failed' })
  })

  test('ends with the first good result', async () => {
    const results = [() => A, fail, fail, () => A]
    const { sessions, time, called } = setUp(inTurn(...results))
    const cookie = await cookieOf(sessions)
    time.now += GRACE
    expect(await catchAsyncError(sessions.open(cookie))).toEqual(failure())
    expect(await catchAsyncError(sessions.open(cookie))).toEqual(failure())
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(called).toHaveBeenCalledTimes(4)
    time.now += REFRESH - 1
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(called).toHaveBeenCalledTimes(4)
  })

  test('makes requests fail after ten seconds where the function returns nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, time } = setUp(inTurn(() => A, never))
    const cookie = await cookieOf(sessions)
    time.now += GRACE
    const opening = catchAsyncError(sessions.open(cookie))
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000)
    expect(await opening).toEqual(configError('secrets'))
  })

  test('of 0 allows only secrets that were confirmed within secretsRefresh', async () => {
    const { sessions, time } = setUp(
      inTurn(() => A, fail),
      REFRESH,
      0,
    )
    const cookie = await cookieOf(sessions)
    time.now += REFRESH - 1
    expect(await userIn(sessions, cookie)).toBe('ada')
    time.now += 1
    expect(await catchAsyncError(sessions.open(cookie))).toEqual(failure())
  })

  test('lets an idle instance use its secrets while the function fails, after one call', async () => {
    const { sessions, time, called } = setUp(inTurn(() => A, fail))
    const cookie = await cookieOf(sessions)
    time.now += 3 * REFRESH
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(await userIn(sessions, cookie)).toBe('ada')
    expect(called).toHaveBeenCalledTimes(2)
  })
})

describe('a first call', () => {
  test.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', async () => fail()],
  ])(
    'that %s is a SessionConfigError with its cause, and the next use calls again',
    async (_, bad) => {
      const { sessions, called, observed } = setUp(inTurn(bad, () => A))
      expect(await catchAsyncError(cookieOf(sessions))).toEqual(failure())
      expect(observed()).toEqual([])
      expect(await userIn(sessions, await cookieOf(sessions))).toBe('ada')
      expect(called).toHaveBeenCalledTimes(2)
    },
  )

  test('S13: that fails to parse its JSON is an error without the beginning of the secret', async () => {
    const { sessions } = setUp(() => JSON.parse(A))
    const error = await catchAsyncError(cookieOf(sessions))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', cause: { name: 'SyntaxError' } })
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(A.slice(0, 4))
  })

  test('S13: that fails later passes no more to observe', async () => {
    const { sessions, time, observed } = setUp(
      inTurn(
        () => A,
        () => JSON.parse(B),
      ),
    )
    await cookieOf(sessions)
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    expect(observed()).toHaveLength(1)
    expect(inspect(observed(), { depth: Infinity, showHidden: true })).not.toContain(B.slice(0, 4))
  })

  test('that returns no secrets is a SessionConfigError with the path', async () => {
    expect(await catchAsyncError(cookieOf(setUp(() => [A, 'short']).sessions))).toEqual(
      configError('secrets[1]'),
    )
    expect(await catchAsyncError(cookieOf(setUp(() => undefined).sessions))).toEqual(
      configError('secrets'),
    )
  })

  test('that returns nothing is a SessionConfigError after ten seconds, and the next use calls again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, called } = setUp(inTurn(never, () => A))
    const settled = vi.fn()
    const waiting = catchAsyncError(cookieOf(sessions))
    waiting.then(settled, settled)
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000 - 1)
    expect(settled).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(await waiting).toEqual(configError('secrets'))
    expect(await cookieOf(sessions)).toContain('=')
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('that is lost with its request does not make other requests wait for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // As on workerd, where a call and its timer end with the request.
    vi.spyOn(globalThis, 'setTimeout').mockImplementationOnce((() => 0) as never)
    const { sessions, called } = setUp(inTurn(never, () => A))
    const waiting = catchAsyncError(cookieOf(sessions))
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    const late = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await waiting).toEqual(configError('secrets'))
    expect(called).toHaveBeenCalledTimes(1)
    expect(await cookieOf(sessions)).toContain('=')
    expect(called).toHaveBeenCalledTimes(2)
    // Uses the secrets of another request, although its own call was lost.
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await late).toContain('=')
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('that never settles is repeated after the time limit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, called, time } = setUp(inTurn(never, () => A))
    for (const seconds of [0, 2 * PATIENCE - 1]) {
      time.now += seconds
      cookieOf(sessions).catch(() => {})
      await turn()
      expect(called).toHaveBeenCalledTimes(1)
    }
    time.now += 1
    expect(await cookieOf(sessions)).toContain('=')
    expect(called).toHaveBeenCalledTimes(2)
  })

  test('that times out does not affect a later one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const slow = deferred<string>()
    const { sessions, called, time } = setUp(inTurn(never, () => slow.promise))
    const first = catchAsyncError(cookieOf(sessions))
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    time.now += 2 * PATIENCE
    const second = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await first).toEqual(configError('secrets'))
    const third = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(1)
    expect(called).toHaveBeenCalledTimes(2)
    slow.resolve(A)
    expect(await Promise.all([second, third])).toHaveLength(2)
  })

  test('that timed out and returns later saves the next request a call', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // The timer of the call is lost; that of the request is not.
    vi.spyOn(globalThis, 'setTimeout').mockImplementationOnce((() => 0) as never)
    const slow = deferred<string>()
    const { sessions, called } = setUp(() => slow.promise)
    const first = catchAsyncError(cookieOf(sessions))
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000)
    expect(await first).toEqual(configError('secrets'))
    slow.resolve(A)
    await vi.advanceTimersByTimeAsync(1)
    expect(await cookieOf(sessions)).toContain('=')
    expect(called).toHaveBeenCalledTimes(1)
  })
})

test('clears its timer when it settles, so that the process can end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await cookieOf(setUp(async () => A).sessions)
  expect(await catchAsyncError(cookieOf(setUp(fail).sessions))).toEqual(failure())
  expect(vi.getTimerCount()).toBe(0)
})

describe('derived keys', () => {
  test('are kept if the result is the same', async () => {
    const staged = () => [
      { secret: B, activeFrom: START + 9999 },
      { secret: A, id: 'a' },
    ]
    const { sessions, called, time, observed } = setUp(staged)
    const cookie = await cookieOf(sessions)
    const derivations = countDerivations()
    for (let round = 0; round < 3; round++) {
      time.now += REFRESH
      await sessions.open(cookie)
      await turn()
    }
    expect(called).toHaveBeenCalledTimes(4)
    expect(derivations()).toBe(0)
    expect(observed()).toEqual([])
  })

  test.each<[string, unknown]>([
    ['another secret in front', [B, A]],
    ['another id', [{ secret: A, id: 'a' }]],
    ['another beginning', [{ secret: A, activeFrom: 1 }]],
  ])('are dropped for a result with %s', async (_, second) => {
    const { sessions, time, observed } = setUp(
      inTurn(
        () => [A],
        () => second,
      ),
    )
    await cookieOf(sessions)
    const derivations = countDerivations()
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    expect(derivations()).toBe(0)
    await cookieOf(sessions)
    expect(derivations()).toBe(1)
    expect(observed()).toHaveLength(1)
  })
})
