// A change that is too late for its response, or from a second writer, is an error or an event,
// never lost silently. Rows L8 and L10 of threats.md.

import { describe, expect, test } from 'vitest'
import type { Session } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'
import { setUpAttack } from '../support/attacks.ts'
import { toCookieHeader } from '../support/cookie-jar.ts'
import { untyped } from '../support/mint.ts'
import { catchError } from '../support/errors.ts'
import { requestWith } from '../support/requests.ts'
import type { Data } from '../support/set-up.ts'

const TOO_LATE = expect.objectContaining({ code: 'ERR_SESSION_COMMITTED' })

/** Every way to change a session. */
const CHANGES: readonly (readonly [string, (session: Session<Data>) => unknown])[] = [
  ['set', (session) => session.set('a', 1)],
  ['delete', (session) => session.delete('user')],
  ['clear', (session) => session.clear()],
  ['flash', (session) => session.flash('notice', 'late')],
  ['scope', (session) => session.scope('cart').set('a', 1)],
  ['clear of a scope', (session) => session.scope('cart').clear()],
  ['csrfToken', (session) => session.csrfToken()],
  ['setTestCookie', (session) => session.setTestCookie()],
  ['regenerate', (session) => session.regenerate()],
  ['renewId', (session) => session.renewId()],
  ['destroy', (session) => session.destroy()],
  ['discard', (session) => session.discard()],
  ['touch', (session) => session.touch()],
]

/** A response that calls `act` when its body is read, after its head was sent. */
function streaming(act: () => unknown): Response {
  const start = (controller: ReadableStreamDefaultController) => {
    act()
    controller.close()
  }
  return new Response(new ReadableStream({ pull: start }, { highWaterMark: 0 }))
}

describe.each(CHANGES)('%s', (_, change) => {
  test.each([
    ['not accessed', () => undefined],
    ['read', (session: Session<Data>) => session.get('user')],
    ['written', (session: Session<Data>) => session.set('visits', 1)],
  ] as const)(
    'L8: in a stream after the head is SessionCommittedError, if the handler has %s the session',
    async (_, before) => {
      const { sessions, cookieWith } = setUpAttack()
      for (const cookie of ['', await cookieWith({ user: 'ada' })]) {
        let late: unknown
        const handler = sessions.wrap((_, session) => {
          before(session)
          return streaming(() => (late = catchError(() => change(session))))
        })
        const response = await handler(requestWith(cookie))
        expect(late).toBeUndefined()
        await response.text()
        expect(late).toEqual(TOO_LATE)
      }
    },
  )

  test('L8: after commit, setCookies or a Lambda handler has returned is SessionCommittedError', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const committed = await sessions.open(requestWith(cookie))
    await sessions.commit(committed, new Response())
    const written = await sessions.open(cookie)
    await sessions.setCookies(written)
    const kept: Session<Data>[] = []
    const handler = wrapLambda(sessions, (_, session) => {
      kept.push(session)
      return { statusCode: 200 }
    })
    await handler({ version: '2.0', headers: {}, cookies: [cookie] })
    for (const session of [committed, written, ...kept]) {
      expect(catchError(() => change(session))).toEqual(TOO_LATE)
    }
  })

  test('L8: after save is written by the next save, because a store can be written again', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const session = await sessions.open(await cookieWith({ user: 'ada' }))
    session.set('visits', 1)
    await sessions.save(session, () => {})
    change(session)
    const names: string[] = []
    await sessions.save(session, (name) => names.push(name))
    expect(names.length > 0 || session.toJSON()['user'] === 'ada').toBe(true)
  })
})

test('L8: a change inside a value after the commit is an error at the next commit', async () => {
  const { sessions, cookieWith } = setUpAttack()
  const session = await sessions.open(await cookieWith({ cart: ['tea'] }))
  const cart = untyped<string[]>(session.get('cart'))
  await sessions.setCookies(session)
  cart.push('late')
  await expect(sessions.setCookies(session)).rejects.toEqual(TOO_LATE)
  await expect(sessions.commit(session, new Response())).rejects.toEqual(TOO_LATE)
})

test('L8: a handler that fails leaves its session open for the page of its error', async () => {
  const { sessions, cookieWith } = setUpAttack()
  const request = requestWith(await cookieWith({ user: 'ada' }))
  const failing = sessions.wrap((_, session) => {
    session.set('half', 'done')
    throw new Error('boom')
  })
  await expect(failing(request)).rejects.toThrow('boom')
  const page = sessions.wrap((_, session) => {
    session.discard()
    session.flash('error', 'Something went wrong')
    return new Response('500')
  })
  const lines = (await page(request)).headers.getSetCookie()
  const next = await sessions.open(toCookieHeader(lines))
  expect([next.toJSON(), next.flash('error')]).toEqual([{ user: 'ada' }, ['Something went wrong']])
})

describe('nested wrapped handlers', () => {
  test('L10: of one request share one session, and a write after the inner commit is an error', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const request = requestWith(await cookieWith({ user: 'ada' }))
    const inner = sessions.wrap((_, session) => {
      session.set('inner', 1)
      return new Response('page')
    })
    let late: unknown
    const outer = sessions.wrap(async (request, session) => {
      session.set('outer', 1)
      const response = await inner(request)
      late = catchError(() => session.set('late', 1))
      return response
    })
    const lines = (await outer(request)).headers.getSetCookie()
    expect(late).toEqual(TOO_LATE)
    expect(lines).toHaveLength(1)
    expect((await sessions.open(toCookieHeader(lines))).toJSON()).toEqual({
      user: 'ada',
      outer: 1,
      inner: 1,
    })
  })

  test('L10: leave the session open for the outer one if the inner one ignores it', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const request = requestWith(await cookieWith({ user: 'ada' }))
    const inner = sessions.wrap(() => new Response('page'))
    const outer = sessions.wrap(async (request, session) => {
      const response = await inner(request)
      session.set('outer', 1)
      return response
    })
    const lines = (await outer(request)).headers.getSetCookie()
    expect((await sessions.open(toCookieHeader(lines))).toJSON()).toEqual({ user: 'ada', outer: 1 })
  })

  test.each<readonly [string, (request: Request) => Request]>([
    ['a clone', (request) => request.clone()],
    ['a copy', (request) => new Request(request)],
  ])('L10: around %s of a request set each cookie once, and an event says so', async (_, copy) => {
    const limits = { preset: 'node', cookie: 240 } as const
    const { sessions, cookieWith, events } = setUpAttack({ limits })
    const cookie = await cookieWith({ user: 'ada' })
    const sizes = [1, 300] as const
    for (const [one, two] of [sizes, sizes.toReversed()]) {
      const inner = sessions.wrap((_, session) => {
        session.set('inner', 'x'.repeat(one ?? 0))
        return new Response('page', { headers: { 'Set-Cookie': 'theme=dark' } })
      })
      const outer = sessions.wrap((request, session) => {
        session.set('outer', 'y'.repeat(two ?? 0))
        return inner(copy(request))
      })
      events.length = 0
      const lines = (await outer(requestWith(cookie))).headers.getSetCookie()
      const names = lines.map((line) => line.split('=', 1).join())
      expect(new Set(names).size).toBe(names.length)
      expect(names).toContain('theme')
      const next = await sessions.open(toCookieHeader(lines))
      expect(next.toJSON()).toEqual({ user: 'ada', outer: 'y'.repeat(two ?? 0) })
      expect(events.filter(({ type }) => type === 'warning')).toEqual([
        { type: 'warning', cause: 'overwritten' },
      ])
    }
  })

  test('L10: around a copy of a request report nothing if a ticket is all that is written twice', async () => {
    const { sessions, cookieWith, events, time } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    time.now += 43_200
    for (const outerReads of [true, false]) {
      const inner = sessions.wrap((_, session) => Response.json(session.toJSON()))
      const outer = sessions.wrap((request, session) => {
        if (outerReads) session.get('user')
        else session.set('visits', 1)
        return inner(request.clone())
      })
      const lines = (await outer(requestWith(cookie))).headers.getSetCookie()
      expect(lines).toHaveLength(1)
    }
    expect(events.filter(({ type }) => type === 'warning')).toEqual([])
  })

  test('L10: of two sessions with different names each set their own cookie', async () => {
    const main = setUpAttack()
    const side = setUpAttack({ cookie: { name: '__Host-side' } })
    const inner = side.sessions.wrap((_, session) => {
      session.set('side', 1)
      return new Response('page')
    })
    const outer = main.sessions.wrap((request, session) => {
      session.set('main', 1)
      return inner(request)
    })
    const lines = (await outer(requestWith(''))).headers.getSetCookie()
    expect(lines.map((line) => line.split('=', 1).join())).toEqual([
      '__Host-side',
      '__Host-session',
    ])
    expect(main.events.some(({ type }) => type === 'warning')).toBe(false)
  })
})
