// Overlapping requests: concurrent writers, a reader in flight, and a logout with another request
// in flight.

import { describe, expect, test } from 'vitest'
import type { Tab } from './browser.ts'
import { call, partNames, openOn } from './scene.ts'
import type { Scene } from './scene.ts'

const PLACES = ['the same tab', 'another tab']

export function flight({ arrive, visit, secure, begin }: Scene): void {
  async function twoTabs(place = 'another tab'): Promise<[Tab, Tab]> {
    const visitor = await visit()
    const one = await openOn(secure(), visitor)
    return [one, place === 'another tab' ? await openOn(secure(), visitor) : one]
  }

  describe('concurrent writers', () => {
    test('in two tabs: the last response wins, as a whole', async () => {
      const [one, two] = await twoTabs()
      for (const [first, last] of [
        [100, 11_000],
        [11_000, 100],
        [5000, 5000],
      ] as const) {
        await call(one, '/huge/set?user=nobody&length=8000')
        const answerAda = await begin(one, `/huge/set?user=ada&length=${last}`)
        const answerBob = await begin(two, `/huge/set?user=bob&length=${first}`)
        await answerBob()
        await answerAda()
        const expected = { user: 'ada', length: last, whole: true, rejection: null }
        expect(await call(two, '/huge/read')).toMatchObject(expected)
        expect(await call(one, '/huge/read')).toMatchObject(expected)
      }
    })

    test('by the dozen: the remaining session is one of them, complete', async () => {
      const tab = await arrive()
      for (let round = 0; round < 5; round++) {
        const lengths = Array.from({ length: 24 }, (_, index) => 1 + ((index * 7919) % 12_000))
        const paths = lengths.map((length) => `/huge/set?user=u${length}&length=${length}`)
        await tab.run(`Promise.all(${JSON.stringify(paths)}.map((path) => fetch(path)))`)
        const read = await call(tab, '/huge/read')
        expect(read).toMatchObject({ rejection: null, whole: true, user: `u${read.length}` })
        expect(lengths).toContain(read.length)
      }
    })
  })

  describe('a request that only reads, in flight', () => {
    test('answered after a write, records its use and undoes no write', async () => {
      const [one, two] = await twoTabs()
      await call(one, '/large/set?user=ada&length=9000')
      const answer = await begin(two, '/large/touch')
      await call(one, '/large/set?user=bob&length=100')
      await answer()
      expect(await call(two, '/large/read')).toMatchObject({
        user: 'bob',
        length: 100,
        rejection: null,
        names: ['__Host-large', '__Host-large.t'],
      })
    })

    test('answered after a logout, leaves a ticket that opens no session', async () => {
      const [one, two] = await twoTabs()
      await call(one, '/large/set?user=ada')
      const answer = await begin(two, '/large/touch')
      await call(one, '/large/logout')
      await answer()
      const names = ['__Host-large.t', '__Host-large.x']
      expect(await call(one, '/large/read')).toMatchObject({ user: '', rejection: null, names })
      // The next session ignores the ticket of another one.
      await call(one, '/large/set?user=bob')
      expect(await call(two, '/large/read')).toMatchObject({ user: 'bob', rejection: null })
    })
  })

  describe('logout with a request in flight', () => {
    test.each(PLACES)('answered after it, in %s: the session stays ended', async (place) => {
      const [tab, other] = await twoTabs(place)
      await call(tab, '/large/set?user=ada&length=3500')
      const answer = await begin(other, '/large/set?user=ada&length=9000')
      await call(tab, '/large/logout')
      await answer()

      const late = await call(tab, '/large/read')
      expect(late.names).toEqual([...partNames('__Host-large', 4), '__Host-large.x'])
      expect(late).toMatchObject({ user: '', rejection: 'destroyed' })
      const clean = { user: '', rejection: null, names: ['__Host-large.x'] }
      expect(await call(other, '/large/read')).toMatchObject(clean)
      // The next login holds.
      await call(tab, '/large/set?user=bob')
      expect(await call(other, '/large/read')).toMatchObject({ user: 'bob', rejection: null })
    })

    test.each(PLACES)('answered before it, in %s: the session is ended', async (place) => {
      const [tab, other] = await twoTabs(place)
      await call(tab, '/large/set?user=ada')
      const answerLogout = await begin(other, '/large/logout')
      await call(tab, '/large/set?user=ada&length=9000')
      await answerLogout()

      // The logout has deleted the cookie of its request. The next write replaces the three others.
      const rest = [...partNames('__Host-large', 4).slice(1), '__Host-large.x']
      const ended = { user: '', rejection: 'incomplete', names: rest }
      expect(await call(tab, '/large/read')).toMatchObject(ended)
      expect(await call(tab, '/large/read')).toMatchObject(ended)
      await call(tab, '/large/set?user=bob')
      expect(await call(tab, '/large/read')).toMatchObject({
        user: 'bob',
        rejection: null,
        names: ['__Host-large', '__Host-large.x'],
      })
    })

    test('answered after the next login: neither the old user nor the new one is in', async () => {
      const tab = await arrive()
      await call(tab, '/large/set?user=ada')
      const answer = await begin(tab, '/large/set?user=ada&length=9000')
      await call(tab, '/large/logout')
      await call(tab, '/large/set?user=bob')
      await answer()
      expect(await call(tab, '/large/read')).toMatchObject({ user: '', rejection: 'destroyed' })
    })

    test('two concurrent logouts, with a write between: ended, and the next login holds', async () => {
      const [one, two] = await twoTabs()
      await call(one, '/large/set?user=ada')
      const answerWrite = await begin(one, '/large/set?user=ada&length=6000')
      const answerLogout = await begin(two, '/large/logout')
      await call(two, '/large/read')
      await answerLogout()
      await answerWrite()
      expect(await call(two, '/large/read')).toMatchObject({ user: '', rejection: 'destroyed' })
      await call(one, '/large/set?user=bob')
      expect(await call(two, '/large/read')).toMatchObject({ user: 'bob', rejection: null })
    })
  })
}
