// Secrets from a function: when it is asked, what goes on while it is, and what becomes of its answer.

import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSessions } from 'sealed-session'
import type { SecretsOption, SessionEvent, Sessions } from 'sealed-session'
import { pairsOf } from '../../support/cookie-jar.ts'
import { START } from '../../support/mint.ts'

const A = 'ooIzSAslLlbFoye3VUS1MCnnt_FSyh-zlzeW-v15KFw'
const B = 'Jkx78IzoSFiwdZpfFHj1PL5BTZc5qhAo1kpLcQFyfD8'
const REFRESH = 60

/** Seconds that a request waits for a first answer. */
const PATIENCE = 10

const refusal = (option = 'secrets') =>
  expect.objectContaining({ name: 'SessionConfigError', code: 'ERR_SESSION_CONFIG', option })

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Sessions whose secrets each test gives, on a clock that it moves. */
function provided(provide: () => unknown, refresh = REFRESH) {
  const time = { now: START }
  const events: SessionEvent[] = []
  const asked = vi.fn(provide)
  const sessions = createSessions<{ user: string }>({
    secrets: asked as SecretsOption,
    secretsRefresh: refresh,
    clock: () => time.now * 1000,
    observe: (event) => void events.push(event),
  })
  const told = () => events.filter(({ type }) => type === 'secrets')
  return { time, sessions, asked, events, told }
}

/** Answers in their order, the last one for ever. */
function answers(...list: (() => unknown)[]): () => unknown {
  let at = 0
  return () => list[Math.min(at++, list.length - 1)]?.()
}

/** A promise that a test settles when it likes. */
function later<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}

async function cookieOf(sessions: Sessions<{ user: string }>): Promise<string> {
  const session = await sessions.open(null)
  session.set('user', 'ada')
  return pairsOf(await sessions.setCookies(session))
}

async function sealingSecret({ sessions, events }: ReturnType<typeof provided>): Promise<string> {
  await cookieOf(sessions)
  const sealed = events.findLast((event) => event.type === 'sealed')
  return sealed?.type === 'sealed' ? sealed.secretId : ''
}

/** How many day keys have been derived since. */
function countDerivations(): () => number {
  const bits = vi.spyOn(crypto.subtle, 'deriveBits')
  const keys = vi.spyOn(crypto.subtle, 'deriveKey')
  return () =>
    bits.mock.calls.filter(([, , length]) => length === 256).length + keys.mock.calls.length
}

const never = () => new Promise(() => {})
const fail = () => {
  throw new Error('the vault is closed')
}

describe('the function that gives the secrets', () => {
  test('is asked at the first use of a key, and not before', async () => {
    const { sessions, asked } = provided(() => A)
    await sessions.open(null)
    await sessions.open('other=1')
    expect(asked).toHaveBeenCalledTimes(0)
    await cookieOf(sessions)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  test('is asked again at the first use after secretsRefresh, to the second', async () => {
    const { sessions, asked, time } = provided(async () => A)
    const cookie = await cookieOf(sessions)
    time.now += REFRESH - 1
    await sessions.open(cookie)
    expect(asked).toHaveBeenCalledTimes(1)
    time.now += 1
    await sessions.open(cookie)
    expect(asked).toHaveBeenCalledTimes(2)
    time.now += REFRESH - 1
    await sessions.open(cookie)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  test('is asked again although the clock was put back by a day', async () => {
    const { sessions, asked, time } = provided(() => A)
    await cookieOf(sessions)
    time.now -= 86_400
    await cookieOf(sessions)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  test('is asked once by a hundred requests that come before its first answer', async () => {
    const answer = later<string>()
    const { sessions, asked } = provided(() => answer.promise)
    const cookies = Array.from({ length: 100 }, () => cookieOf(sessions))
    await turn()
    expect(asked).toHaveBeenCalledTimes(1)
    answer.resolve(A)
    expect((await Promise.all(cookies)).every((cookie) => cookie.includes('='))).toBe(true)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  test.each<[string, unknown]>([
    ['a text', `${A},${B}`],
    ['a list', [{ secret: A, id: 'now' }, B]],
    ['a JWK Set', { keys: [{ kty: 'oct', k: A }] }],
    ['the text of a JWK Set', JSON.stringify({ keys: [{ kty: 'oct', k: A }] })],
  ])('may give %s, at once or later', async (_, secrets) => {
    for (const provide of [() => secrets, async () => secrets]) {
      const { sessions } = provided(provide)
      const session = await sessions.open(await cookieOf(sessions))
      expect(session.get('user')).toBe('ada')
    }
  })
})

describe('while there is a ring', () => {
  test('no request waits for an answer that never comes, and none asks beside the first', async () => {
    const { sessions, asked, time } = provided(
      answers(() => A, never),
      1,
    )
    const cookie = await cookieOf(sessions)
    time.now += 1
    for (let second = 0; second < 2 * PATIENCE; second++) {
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
      await cookieOf(sessions)
      time.now += 1
    }
    expect(asked).toHaveBeenCalledTimes(2)
    await sessions.open(cookie)
    expect(asked).toHaveBeenCalledTimes(3)
  }, 2000)

  test.each<[string, () => unknown]>([
    ['given', () => A],
    ['refused', fail],
  ])('an answer that was %s is followed by a question at the usual time', async (_, second) => {
    const { sessions, asked, time } = provided(
      answers(() => A, second),
      5,
    )
    for (const times of [1, 2, 3]) {
      await cookieOf(sessions)
      await turn()
      expect(asked).toHaveBeenCalledTimes(times)
      time.now += 5
    }
  })

  test('a question that is answered late leaves the one that is open alone', async () => {
    const slow = later<string>()
    const { sessions, asked, time } = provided(
      answers(
        () => A,
        () => slow.promise,
        never,
      ),
      1,
    )
    await cookieOf(sessions)
    for (const seconds of [1, 2 * PATIENCE]) {
      time.now += seconds
      await cookieOf(sessions)
    }
    expect(asked).toHaveBeenCalledTimes(3)
    slow.resolve(B)
    await turn()
    time.now += 1
    await cookieOf(sessions)
    expect(asked).toHaveBeenCalledTimes(3)
  })

  test('a question that is lost is asked again, after the time in which any would be settled', async () => {
    const context = provided(
      answers(
        () => A,
        never,
        () => B,
      ),
    )
    const { sessions, asked, time, told } = context
    const before = await sealingSecret(context)
    time.now += REFRESH
    await cookieOf(sessions)
    time.now += 2 * PATIENCE - 1
    await cookieOf(sessions)
    expect(asked).toHaveBeenCalledTimes(2)
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    expect(asked).toHaveBeenCalledTimes(3)
    expect(await sealingSecret(context)).not.toBe(before)
    expect(told()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('an answer that comes after a later question was answered is not taken', async () => {
    const slow = later<string>()
    const context = provided(
      answers(
        () => A,
        () => slow.promise,
        () => B,
      ),
    )
    const { sessions, time, told } = context
    const first = await sealingSecret(context)
    time.now += REFRESH
    await cookieOf(sessions)
    time.now += REFRESH
    await cookieOf(sessions)
    await turn()
    const newest = await sealingSecret(context)
    expect(newest).not.toBe(first)
    slow.resolve(`${A},${B}`)
    await turn()
    expect(await sealingSecret(context)).toBe(newest)
    expect(told()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test('the request that asks is served from the old ring, the next one from the new', async () => {
    const context = provided(
      answers(
        () => A,
        () => `${B},${A}`,
      ),
    )
    const { sessions, time, told } = context
    const first = await sealingSecret(context)
    const cookie = await cookieOf(sessions)
    time.now += REFRESH
    expect(await sealingSecret(context)).toBe(first)
    await turn()
    expect(await sealingSecret(context)).not.toBe(first)
    expect((await sessions.open(cookie)).get('user')).toBe('ada')
    expect(told()).toEqual([{ type: 'secrets', outcome: 'changed' }])
  })

  test.each<[string, () => unknown, unknown]>([
    ['throws', fail, expect.objectContaining({ cause: new Error('the vault is closed') })],
    [
      'rejects',
      () => Promise.reject(new Error('the vault is closed')),
      expect.objectContaining({ cause: new Error('the vault is closed') }),
    ],
    ['gives nothing', () => undefined, refusal()],
    ['gives a weak secret', () => [B, 'short'], refusal('secrets[1]')],
    ['gives none that is active', () => [{ secret: B, activeFrom: START * 2 }], refusal()],
  ])(
    'if the function %s, the last good ring goes on and observe is told',
    async (_, bad, error) => {
      const context = provided(
        answers(
          () => A,
          bad,
          () => A,
        ),
      )
      const { sessions, asked, time, told } = context
      const first = await sealingSecret(context)
      const cookie = await cookieOf(sessions)
      time.now += REFRESH
      await sessions.open(cookie)
      await turn()
      expect(told()).toEqual([{ type: 'secrets', outcome: 'failed', error }])
      expect(told()).toEqual([
        expect.objectContaining({ error: expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }) }),
      ])
      expect((await sessions.open(cookie)).get('user')).toBe('ada')
      expect(await sealingSecret(context)).toBe(first)

      expect(asked).toHaveBeenCalledTimes(2)
      time.now += REFRESH
      await sessions.open(cookie)
      await turn()
      expect(asked).toHaveBeenCalledTimes(3)
      expect(told()).toHaveLength(1)
    },
  )

  test('what observe throws about a changed answer is not told as a failure of the function', async () => {
    const time = { now: START }
    const outcomes: unknown[] = []
    const sessions = createSessions<{ user: string }>({
      secrets: answers(
        () => A,
        () => B,
      ) as SecretsOption,
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

describe('a first answer', () => {
  test.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('the vault is closed'))],
  ])(
    'that %s is a SessionConfigError with its cause, and the next use asks again',
    async (_, bad) => {
      const { sessions, asked, told } = provided(answers(bad, () => A))
      const error: unknown = await cookieOf(sessions).catch((thrown: unknown) => thrown)
      expect(error).toEqual(refusal())
      expect(error).toHaveProperty('cause', new Error('the vault is closed'))
      expect(told()).toEqual([])
      const session = await sessions.open(await cookieOf(sessions))
      expect(session.get('user')).toBe('ada')
      expect(asked).toHaveBeenCalledTimes(2)
    },
  )

  test('that is no secrets is a SessionConfigError that names the place', async () => {
    await expect(cookieOf(provided(() => [A, 'short']).sessions)).rejects.toEqual(
      refusal('secrets[1]'),
    )
    await expect(cookieOf(provided(() => undefined).sessions)).rejects.toEqual(refusal())
  })

  test('that does not come is a SessionConfigError after ten seconds, and the next use asks again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, asked } = provided(answers(never, () => A))
    const settled = vi.fn()
    const waiting = cookieOf(sessions).catch((error: unknown) => error)
    waiting.then(settled, settled)
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000 - 1)
    expect(settled).toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(await waiting).toEqual(refusal())
    expect(await cookieOf(sessions)).toContain('=')
    expect(asked).toHaveBeenCalledTimes(2)
  })

  test('that is lost with the request that asked for it hangs nobody for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // As on workerd: with the request die its question and its timer.
    vi.spyOn(globalThis, 'setTimeout').mockImplementationOnce((() => 0) as never)
    const { sessions, asked } = provided(answers(never, () => A))
    const waiting = cookieOf(sessions).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    const late = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await waiting).toEqual(refusal())
    expect(asked).toHaveBeenCalledTimes(1)
    expect(await cookieOf(sessions)).toContain('=')
    expect(asked).toHaveBeenCalledTimes(2)
    // Served by what another request has learned, although its own wait was in vain.
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await late).toContain('=')
    expect(asked).toHaveBeenCalledTimes(2)
  })
})

describe('a first question that is lost', () => {
  test('is asked again by who comes after the time in which any would be settled', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { sessions, asked, time } = provided(answers(never, () => A))
    for (const seconds of [0, 2 * PATIENCE - 1]) {
      time.now += seconds
      cookieOf(sessions).catch(() => {})
      await turn()
      expect(asked).toHaveBeenCalledTimes(1)
    }
    time.now += 1
    expect(await cookieOf(sessions)).toContain('=')
    expect(asked).toHaveBeenCalledTimes(2)
  })

  test('leaves a later one open when the request that asked it gives up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const slow = later<string>()
    const { sessions, asked, time } = provided(answers(never, () => slow.promise))
    const first = cookieOf(sessions).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    time.now += 2 * PATIENCE
    const second = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(PATIENCE * 500)
    expect(await first).toEqual(refusal())
    const third = cookieOf(sessions)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveBeenCalledTimes(2)
    slow.resolve(A)
    expect(await Promise.all([second, third])).toHaveLength(2)
  })

  test('and answered after all spares who comes next the asking', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // The question's own timer is lost; the request's is not.
    vi.spyOn(globalThis, 'setTimeout').mockImplementationOnce((() => 0) as never)
    const slow = later<string>()
    const { sessions, asked } = provided(() => slow.promise)
    const first = cookieOf(sessions).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(PATIENCE * 1000)
    expect(await first).toEqual(refusal())
    slow.resolve(A)
    await vi.advanceTimersByTimeAsync(1)
    expect(await cookieOf(sessions)).toContain('=')
    expect(asked).toHaveBeenCalledTimes(1)
  })
})

test('no timer outlives the question that it was for, to keep a process alive', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await cookieOf(provided(async () => A).sessions)
  await expect(cookieOf(provided(fail).sessions)).rejects.toEqual(refusal())
  expect(vi.getTimerCount()).toBe(0)
})

describe('what has been derived', () => {
  test('is kept over an answer that says the same', async () => {
    const staged = () => [
      { secret: B, activeFrom: START + 9999 },
      { secret: A, id: 'a' },
    ]
    const { sessions, asked, time, told } = provided(staged)
    const cookie = await cookieOf(sessions)
    const derivations = countDerivations()
    for (let round = 0; round < 3; round++) {
      time.now += REFRESH
      await sessions.open(cookie)
      await turn()
    }
    expect(asked).toHaveBeenCalledTimes(4)
    expect(derivations()).toBe(0)
    expect(told()).toEqual([])
  })

  test.each<[string, unknown]>([
    ['another secret in front', [B, A]],
    ['another id', [{ secret: A, id: 'a' }]],
    ['another beginning', [{ secret: A, activeFrom: 1 }]],
  ])('is dropped for an answer with %s', async (_, second) => {
    const { sessions, time, told } = provided(
      answers(
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
    expect(told()).toHaveLength(1)
  })
})
