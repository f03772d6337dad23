// Sessions of 1 to 16 cookies, and a browser that has no room for more cookies of the site.

import { describe, expect, test } from 'vitest'
import type { Tab } from './browser.ts'
import { call, partNames, openOn } from './scene.ts'
import type { Scene } from './scene.ts'
import { note } from './table.ts'

/** Approximate characters of a session's text that fill a cookie. */
const CHARACTERS = 2990

/** How many cookies of one site Chromium and Firefox store. */
const MOST_COOKIES = 180

export function sizes({ product, arrive, visit, secure }: Scene): void {
  describe('sizes', () => {
    test('1 to 16 cookies arrive complete, growing and shrinking, without leftovers', async () => {
      const tab = await arrive()
      const growing = Array.from({ length: 16 }, (_, index) => index + 1)
      for (const count of [...growing, 12, 9, 5, 3, 1, 15, 2]) {
        const length = Math.round((count - 0.55) * CHARACTERS)
        await call(tab, `/huge/set?length=${length}`)
        const read = await call(tab, '/huge/read')
        expect(read).toMatchObject({ user: 'ada', length, whole: true, rejection: null })
        expect(read.names).toEqual(partNames('__Host-huge', count))
      }
    })

    test("the largest session of limits: 'browsers' arrives, and no cookie passes 4 096 bytes", async () => {
      const tab = await arrive()
      const { length } = await call(tab, '/large/fill')
      expect(length).toBeGreaterThan(45_000)
      const expected = { user: 'ada', length, whole: true, rejection: null }
      expect(await call(tab, '/large/read')).toMatchObject(expected)
      const sizes = (await tab.cookies()).map(({ name, value }) => name.length + value.length)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4096)
      expect(Math.max(...sizes)).toBeGreaterThan(3900)
    })

    test('16 full cookies arrive together, or the former session stays', async (context) => {
      const tab = await arrive()
      await call(tab, '/huge/set?user=before&length=9000')
      await tab.run(`fetch('/huge/fill').then(() => {}, () => {})`)
      const read = await call(tab, '/huge/read')
      const isKept = read.user === 'ada'
      expect(read).toMatchObject({ whole: true, rejection: null })
      expect(read.names).toEqual(partNames('__Host-huge', isKept ? 16 : 4))
      if (!isKept) expect([read.user, read.length]).toEqual(['before', 9000])
      if (!product.lacks.includes('large responses')) expect(isKept).toBe(true)
      note(context, '16 full cookies in one response', isKept ? 'kept' : 'refused as a whole')
    })
  })

  describe('a browser with the most cookies of a site that it stores', () => {
    test('leaves a complete session or none, and the next one holds', async (context) => {
      const visitor = await visit()
      // With the 181st cookie of a site, the 31 oldest are removed; this many of them are the
      // session's four.
      for (const [host, lost, older] of [
        ['localhost', 4, 0],
        ['app.localhost', 3, 28],
        ['one.localhost', 2, 29],
        ['two.localhost', 1, 30],
      ] as const) {
        const tab = await openOn(secure(host), visitor)
        await fill(tab, 'older', older)
        await call(tab, '/large/set?length=10000')
        const { names } = await call(tab, '/large/read')
        expect(names.filter(isOurs)).toEqual(partNames('__Host-large', 4))
        await fill(tab, 'newer', MOST_COOKIES + 1 - older - 4)

        const { rejection, user, ...read } = await call(tab, '/large/read')
        const left = read.names.filter(isOurs)
        if (left.length === 4) {
          expect([user, read.length, read.whole, rejection]).toEqual(['ada', 10_000, true, null])
          expect(product.lacks).toContain('eviction')
        } else {
          expect(left).toHaveLength(4 - lost)
          expect([user, rejection]).toEqual(['', left.length > 0 ? 'incomplete' : null])
        }
        note(context, 'cookies of a site', left.length === 4 ? 'more than 180' : '180')

        // The rest stays until the next session is written, which replaces it.
        const after = await call(tab, '/large/set?user=bob&length=7000')
        expect(after.names.filter(isOurs)).toEqual(left)
        const next = await call(tab, '/large/read')
        expect(next).toMatchObject({ user: 'bob', length: 7000, whole: true, rejection: null })
        expect(next.names.filter(isOurs)).toEqual(partNames('__Host-large', 3))
      }
    })
  })
}

/** Sets other cookies on the same host. */
async function fill(tab: Tab, name: string, count: number): Promise<void> {
  // Not all in one URL, because servers limit its length too.
  for (let from = 0; from < count; from += 60) {
    const numbers = Array.from({ length: Math.min(60, count - from) }, (_, index) => from + index)
    const lines = numbers.map(
      (number) => `line=${encodeURIComponent(`${name}${number}=1; Secure`)}`,
    )
    await tab.run(`fetch('/cookies?${lines.join('&')}').then((response) => response.text())`)
  }
}

function isOurs(name: string): boolean {
  return name.startsWith('__Host-large')
}
