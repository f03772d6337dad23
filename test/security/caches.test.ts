// What caches may store, and what requests share. Rows F1 to F3 of threats.md.

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Session } from 'sealed-session'
import { ENGINES, setUpAttack, useEngine } from '../support/attacks.ts'
import { pairsOf } from '../support/cookie-jar.ts'
import { NAME } from '../support/mint.ts'
import type { Data } from '../support/set-up.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(ENGINES)('with %s', (engine) => {
  useEngine(engine)

  test('F1: a response that sets or deletes a cookie is stored by no cache', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    const acts: readonly ((session: Session<Data>) => void)[] = [
      (session) => session.set('user', 'eve'),
      (session) => session.clear(),
      (session) => session.destroy(),
      (session) => session.touch(),
    ]
    for (const act of acts) {
      for (const said of ['public, max-age=600', 's-maxage=60', 'no-cache', '']) {
        const session = await sessions.open(cookie)
        act(session)
        const init = { 'cache-control': said, 'cdn-cache-control': 'max-age=600' }
        const { headers } = await sessions.commit(session, new Response('', { headers: init }))
        expect(headers.getSetCookie().length).toBeGreaterThan(0)
        expect(headers.get('cache-control')).toBe('private, no-store')
        expect(headers.get('cdn-cache-control')).toBeNull()
      }
    }
    const ended = await sessions.open(`${cookie}; ${NAME}.x=AAAA`)
    expect(ended.rejection).toEqual({ reason: 'destroyed' })
    const { headers } = await sessions.commit(ended, new Response())
    expect(headers.get('cache-control')).toBe('private, no-store')
  })

  test('F2: a response for which the session was read varies by the cookie', async () => {
    const { sessions, cookieWith } = setUpAttack()
    const cookie = await cookieWith({ user: 'ada' })
    for (const [said, expected] of [
      [undefined, 'Cookie'],
      ['Accept', 'Accept, Cookie'],
      ['accept, COOKIE', 'accept, COOKIE'],
      ['*', '*'],
      ['Set-Cookie', 'Set-Cookie, Cookie'],
    ] as const) {
      for (const header of [cookie, null]) {
        const session = await sessions.open(header)
        session.get('user')
        const init = said === undefined ? {} : { headers: { vary: said } }
        const { headers } = await sessions.commit(session, new Response('', init))
        expect(headers.get('vary')).toBe(expected)
        expect(headers.get('cache-control')).toBe('private')
        expect(headers.getSetCookie()).toEqual([])
      }
    }
  })

  test('F3: a thousand interleaved requests see only their own session', async () => {
    const { sessions } = setUpAttack()
    const handler = sessions.wrap(async (request, session) => {
      const user = new URL(request.url).searchParams.get('user') ?? ''
      for (let pause = user.length + (Number(user) % 7); pause > 0; pause--) await Promise.resolve()
      const before = session.get('user', user)
      session.set('user', user)
      await Promise.resolve()
      return Response.json({ before, data: session.toJSON() })
    })
    const visits = Array.from({ length: 1000 }, async (_, index) => {
      const url = `https://example.test/?user=${index}`
      const first = await handler(new Request(url))
      const cookie = pairsOf(first.headers.getSetCookie())
      const second = await handler(new Request(url, { headers: { cookie } }))
      expect(second.headers.getSetCookie()).toEqual([])
      const user = String(index)
      expect(await second.json()).toEqual({ before: user, data: { user } })
    })
    expect(await Promise.all(visits)).toHaveLength(1000)
  })
})
