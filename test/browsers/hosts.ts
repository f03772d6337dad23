// The effects of another host of the same site on a session: none, if the browser enforces
// `__Host-`. Otherwise it can replace the whole session, and never a part.

import { describe, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import type { Variant, View } from './application.ts'
import type { Tab } from './browser.ts'
import { call, partNames, openOn } from './scene.ts'
import type { Scene } from './scene.ts'
import { note } from './table.ts'

export function hosts({ product, visit, secure, open }: Scene): void {
  const app = () => secure('app.localhost')

  /** Returns Ada's tab, and a function by which another host sets cookies for the application. */
  async function openHosts(variant: Variant, length: number): Promise<[Tab, TossCookies]> {
    const visitor = await visit()
    const tab = await openOn(app(), visitor)
    await call(tab, `/${variant}/set?user=ada&length=${length}`)
    return [
      tab,
      async (pairs, path = '/') => {
        const attributes = `; Domain=app.localhost; Path=${path}; Secure`
        const lines = pairs.map((pair) => `line=${encodeURIComponent(pair + attributes)}`)
        await tab.go(`${secure('sub.app.localhost')}/cookies?${lines.join('&')}`)
        await tab.go(`${app()}/`)
      },
    ]
  }

  /** Returns the cookies of a valid session of Mallory's, who can read them in her own browser. */
  async function attackersCookies(variant: Variant, length: number): Promise<string[]> {
    const response = await fetch(`${open()}/${variant}/set?user=mallory&length=${length}`)
    return response.headers.getSetCookie().map((line) => line.split(';', 1).join())
  }

  describe('another host of the site', () => {
    test('can neither replace, nor damage, nor end a __Host- session', async (context) => {
      const [tab, toss] = await openHosts('large', 7001)
      const mine = { user: 'ada', length: 7001, whole: true, rejection: null }

      await toss(['__Host-large=garbage', '__Host-large.1=garbage'])
      await toss(['__Host-large.2=garbage'], '/large')
      const afterGarbage = await call(tab, '/large/read')
      expect(afterGarbage).toMatchObject(mine)

      await toss(await attackersCookies('large', 7000))
      await toss(await attackersCookies('large', 10), '/large')
      const afterHers = await call(tab, '/large/read')
      expectOneWhole(afterHers, 7001, [7000, 10])

      await toss(['__Host-large.x=AAAA'])
      const afterStamp = await call(tab, '/large/read')
      if (product.lacks.includes('__Host-')) {
        noteHostPrefix(context, afterGarbage)
        expect(['ada', 'mallory', '']).toContain(afterStamp.user)
      } else {
        noteHostPrefix(context, afterStamp)
        expect(afterStamp).toMatchObject(mine)
        expect(afterStamp.names).toEqual(partNames('__Host-large', 3))
      }
    })

    test('cannot damage a session with a domain by parts beside its own', async () => {
      const [tab, toss] = await openHosts('wide', 7001)
      const [base = '', second = ''] = await attackersCookies('wide', 7000)
      for (const pairs of [[second], [base], ['wide.1=garbage']]) {
        await toss(pairs, '/wide')
        const { names, ...read } = await call(tab, '/wide/read')
        expect(names.length).toBeGreaterThan(3)
        expect(read).toMatchObject({ user: 'ada', length: 7001, whole: true, rejection: null })
      }
    })

    test('can replace a session with a domain, as a whole, until its next logout', async () => {
      for (const [path, hers, mine] of [
        ['/', 10, 7001],
        ['/wide', 7000, 7001],
        ['/wide', 7000, 10],
      ] as const) {
        const [tab, toss] = await openHosts('wide', mine)
        await toss(await attackersCookies('wide', hers), path)
        const read = await call(tab, '/wide/read')
        // With the same path, each cookie of Mallory's has replaced Ada's of that name.
        expectOneWhole(read, path === '/' ? undefined : mine, [hers])

        await call(tab, '/wide/logout')
        const { user, rejection } = await call(tab, '/wide/read')
        expect([user, [null, 'destroyed'].includes(rejection)]).toEqual(['', true])
      }
    })
  })
}

type TossCookies = (pairs: readonly string[], path?: string) => Promise<void>

function noteHostPrefix(context: TestContext, { names }: View): void {
  const twins = names.length - new Set(names).size
  note(context, "__Host- set by a subdomain's Domain=", twins === 0 ? 'refused' : 'accepted')
}

/** Expects Ada's session or one of Mallory's, complete: no mixture, and no rejection. */
function expectOneWhole(view: View, mine: number | undefined, hers: readonly number[]): void {
  expect(view).toMatchObject({ rejection: null, whole: true })
  const allowed = hers.map((length) => `mallory ${length}`)
  if (mine !== undefined) allowed.push(`ada ${mine}`)
  expect(allowed).toContain(`${view.user} ${view.length}`)
}
