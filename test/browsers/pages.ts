// A service worker, a frame in another site, and the browser's caches.

import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { View } from './application.ts'
import type { Tab } from './browser.ts'
import { call } from './scene.ts'
import type { Scene } from './scene.ts'
import { note } from './table.ts'

const DEADLINE = 120_000

export function pages(scene: Scene): void {
  const { product, application, arrive, visit, secure, open } = scene

  describe('a service worker', () => {
    test.each([
      ['HTTPS', secure, 'host'],
      ['http://localhost', open, 'open'],
    ])('sends the session and keeps what comes back, on %s', async (_title, origin, variant) => {
      const tab = await arrive(origin())
      await call(tab, `/${variant}/count`)
      await tab.run(`navigator.serviceWorker.register('/worker.js')
        .then(() => navigator.serviceWorker.ready).then(() => {})`)
      expect(await askWorker(tab, `/${variant}/count`)).toMatchObject({ visits: 2 })
      expect(await call(tab, `/${variant}/read`)).toMatchObject({ visits: 2, rejection: null })
      await askWorker(tab, `/${variant}/logout`)
      const after = await call(tab, `/${variant}/read`)
      expect(after).toMatchObject({ visits: 0, rejection: null })
      expect(after.names).toHaveLength(1)
    })
  })

  describe('a frame in another site', () => {
    test('has a session for each embedding site with Partitioned, or none', async (context) => {
      const tab = await (await visit()).tab()
      const visits = async (site: string, path: string) => {
        const of = encodeURIComponent(`${secure('app.localhost')}${path}?page`)
        await tab.go(`${secure(`${site}.localhost`)}/frame?of=${of}`)
        const view = await tab.run<View>('heard')
        expect(view.rejection).toBeNull()
        return view.visits
      }
      // With SameSite=Lax there is none in any browser.
      expect([await visits('one', '/host/count'), await visits('one', '/host/count')]).toEqual([
        1, 1,
      ])

      const one = [await visits('one', '/framed/count'), await visits('one', '/framed/count')]
      const two = [await visits('two', '/framed/count'), await visits('two', '/framed/count')]
      await tab.go(`${secure('app.localhost')}/`)
      expect(await call(tab, '/framed/count')).toMatchObject({ visits: 1 })
      const isKept = one[1] === 2
      if (!product.lacks.includes('sessions in frames')) expect(isKept).toBe(true)
      expect([one, two]).toEqual(
        isKept
          ? [
              [1, 2],
              [1, 2],
            ]
          : [
              [1, 1],
              [1, 1],
            ],
      )
      note(context, 'Partitioned session in a frame', isKept ? 'one for each site' : 'not kept')

      await visits('one', '/framed/logout')
      const afterwards = [await visits('one', '/framed/read'), await visits('two', '/framed/read')]
      if (isKept) expect(afterwards).toEqual([0, 2])
      // The session of the site itself, outside a frame, continues.
      await tab.go(`${secure('app.localhost')}/`)
      expect(await call(tab, '/framed/read')).toMatchObject({ visits: 1 })
      note(context, "framed pages send the site's own session", afterwards[1] === 1 ? 'yes' : 'no')

      const foreign = [await visits('one', '/foreign/count'), await visits('one', '/foreign/count')]
      note(context, 'SameSite=None alone in a frame', foreign[1] === 2 ? 'kept' : 'not kept')
    })
  })

  describe('after a logout', () => {
    /** Logs in, shows a page, logs out and goes back. Returns what is shown then. */
    async function shownByBack(tab: Tab, origin: string, path: string): Promise<string> {
      await call(tab, '/open/set?user=ada')
      await tab.go(origin + path)
      expect(await greetingOf(tab)).toBe('Hello ada')
      await tab.go(`${origin}/open/logout?page`)
      expect(await greetingOf(tab)).toBe('Hello you')
      await tab.back()
      await until(tab, origin + path)
      return greetingOf(tab)
    }

    test.each([
      ['HTTPS', secure],
      ['http://localhost', open],
    ])('the back button shows no page that is no-store, on %s', async (title, origin) => {
      const tab = await arrive(origin())
      const isKept = title !== 'HTTPS' && product.lacks.includes('no-store over HTTP')
      // The first page writes the session, so it is no-store. The other one only reads it.
      for (const path of ['/open/count?page', '/open/read?page&cache=no-store']) {
        const shown = await shownByBack(tab, origin(), path)
        if (!isKept) expect(shown).toBe('Hello you')
      }
    })

    test('the back button may show a page that read the session and may be stored', async (context) => {
      const tab = await arrive()
      const heading = 'Back to a page that read the session'
      for (const [what, cache] of [
        ['', ''],
        [', private', '&cache=private'],
      ]) {
        const shown = await shownByBack(tab, secure(), `/open/read?page${cache}`)
        note(context, heading + what, shown === 'Hello you' ? 'asks again' : 'shown as it was')
      }
    })

    test('a cached page is not shown: it varies by the cookie', async () => {
      // Not over HTTPS, because Chromium does not cache with a certificate that is only excused.
      const tab = await arrive(open())
      for (const action of ['read', 'count']) {
        const path = `/open/${action}?page&cache=private, max-age=600`
        const look = async () => {
          application().requests()
          await tab.go(open() + path)
          const greeting = await greetingOf(tab)
          const isCached = application().requests().length === 0
          await tab.go(`${open()}/`)
          return { greeting, isCached }
        }
        await call(tab, '/open/set?user=ada')
        expect((await look()).greeting).toBe('Hello ada')
        // The page that only read the session is cached, and would be shown again without `Vary`.
        const again = await look()
        expect(again.greeting).toBe('Hello ada')
        if (action === 'read') expect(again.isCached).toBe(true)
        await call(tab, '/open/logout')
        expect(await look()).toEqual({ greeting: 'Hello you', isCached: false })
        await call(tab, '/open/set?user=bob')
        expect(await look()).toEqual({ greeting: 'Hello bob', isCached: false })
      }
    })
  })
}

function askWorker(tab: Tab, path: string): Promise<View> {
  return tab.run(`new Promise((resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
    navigator.serviceWorker.ready.then(({ active }) => active.postMessage(${JSON.stringify(path)}))
  })`)
}

function greetingOf(tab: Tab): Promise<string> {
  return tab.run(`document.querySelector('p').textContent`)
}

/** Waits until the browser is on a page. */
async function until(tab: Tab, url: string, deadline = Date.now() + DEADLINE): Promise<void> {
  const ready = `document.readyState === 'complete' && location.href`
  // The script fails between two pages.
  const now = await tab.run<unknown>(ready).catch(() => undefined)
  if (now === new URL(url).href) return
  if (Date.now() > deadline) throw new Error(`not at ${url} but at ${String(now)}`)
  await pause(30)
  await until(tab, url, deadline)
}
