// The attributes of the cookies, as the browser has stored them.

import { describe, expect, test } from 'vitest'
import type { Variant } from './application.ts'
import { CHROMIUM_PRODUCT } from './browser.ts'
import type { Kept } from './browser.ts'
import { DAY, STAMP, call } from './scene.ts'
import type { Scene } from './scene.ts'
import { note } from './table.ts'

const LAX = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: 'app.localhost' }

/** The cookies last to the session's absolute end. */
const WEEK = 7 * DAY

const EXPECTED: [Variant, Partial<Kept>, lifetime: number | undefined][] = [
  ['host', { ...LAX, name: '__Host-session' }, WEEK],
  ['strict', { ...LAX, name: '__Host-strict', sameSite: 'Strict' }, WEEK],
  ['framed', { ...LAX, name: '__Host-framed', sameSite: 'None' }, WEEK],
  ['wide', { ...LAX, name: 'wide', domain: '.app.localhost' }, WEEK],
  ['folder', { ...LAX, name: '__Secure-folder', path: '/folder' }, WEEK],
  ['open', { ...LAX, name: 'open', secure: false }, WEEK],
  ['brief', { ...LAX, name: '__Host-brief' }, undefined],
  ['high', { ...LAX, name: '__Host-high' }, WEEK],
  ['long', { ...LAX, name: '__Host-long' }, 400 * DAY],
]

/** Expects the end of a cookie that was set since a moment, in seconds. Browsers round it. */
function expectEnd(kept: Kept | undefined, lifetime: number | undefined, since: number): void {
  if (lifetime === undefined) return expect(kept?.expires).toBeUndefined()
  expect(kept?.expires).toBeGreaterThan(since + lifetime - 2)
  return expect(kept?.expires).toBeLessThan(Date.now() / 1000 + lifetime + 2)
}

export function attributes(scene: Scene): void {
  const { product, arrive, secure, open } = scene

  describe('attributes', () => {
    test('every cookie is stored as configured, on HTTPS', async (context) => {
      note(context, 'version', scene.version())
      const tab = await arrive(secure('app.localhost'))
      for (const [variant, expected, lifetime] of EXPECTED) {
        const before = Date.now() / 1000
        await tab.go(`${secure('app.localhost')}/${variant}/set`)
        const kept = (await tab.cookies()).find(({ name }) => name === expected.name)

        expect(kept).toMatchObject(expected)
        expectEnd(kept, lifetime, before)
        expect(await call(tab, `/${variant}/read`)).toMatchObject({ user: 'ada', rejection: null })
      }
    })

    test.runIf(product === CHROMIUM_PRODUCT)('Priority and Partitioned are kept', async () => {
      const tab = await arrive()
      for (const variant of ['host', 'high', 'framed']) await call(tab, `/${variant}/set`)
      const kept = await tab.cookies()
      expect(kept).toHaveLength(3)
      for (const [name, priority, partition] of [
        ['__Host-session', 'Medium', undefined],
        ['__Host-high', 'High', undefined],
        ['__Host-framed', 'Medium', 'https://localhost'],
      ] as const) {
        expect(kept).toContainEqual(expect.objectContaining({ name, priority, partition }))
      }
    })

    test('a ticket is kept with the attributes and the lifetime of its session', async () => {
      const tab = await arrive(secure('app.localhost'))
      for (const [variant, expected, lifetime] of EXPECTED) {
        const before = Date.now() / 1000
        await tab.go(`${secure('app.localhost')}/${variant}/set`)
        await call(tab, `/${variant}/touch`)
        const name = `${expected.name}.t`
        const kept = (await tab.cookies()).find((cookie) => cookie.name === name)

        expect(kept).toMatchObject({ ...expected, name })
        expectEnd(kept, lifetime, before)
        expect(await call(tab, `/${variant}/read`)).toMatchObject({ user: 'ada', rejection: null })
      }
    })

    test('a logout leaves only its stamp, for all attributes', async () => {
      const tab = await arrive(secure('app.localhost'))
      for (const [variant, { name = '', ...expected }] of EXPECTED) {
        await tab.go(`${secure('app.localhost')}/${variant}/set`)
        await call(tab, `/${variant}/touch`)
        await call(tab, `/${variant}/logout`)
        const kept = (await tab.cookies()).filter((cookie) => cookie.name.startsWith(name))
        expect(kept).toHaveLength(1)
        expect(kept[0]).toMatchObject({ ...expected, name: `${name}.x` })
        expect(kept[0]?.value).toMatch(STAMP)
      }
    })

    test('no script can read or replace a session, a ticket or a logout stamp', async () => {
      const tab = await arrive(secure('app.localhost'))
      for (const variant of ['host', 'wide', 'open']) await call(tab, `/${variant}/set`)
      await call(tab, '/large/set?length=6000')
      await call(tab, '/wide/touch')
      await call(tab, '/host/logout')
      expect(await tab.cookies()).toHaveLength(7)

      await tab.run(`document.cookie = 'seen=1; path=/'`)
      expect(await tab.run('document.cookie')).toBe('seen=1')
      await tab.run(`document.cookie = 'open=1; path=/'`)
      await tab.run(`document.cookie = 'open=; path=/; max-age=0'`)
      expect(await call(tab, '/open/read')).toMatchObject({ user: 'ada', rejection: null })
    })
  })

  describe('http://localhost', () => {
    test('a session without Secure is stored', async () => {
      const tab = await arrive(open())
      await call(tab, '/open/set')
      expect(await call(tab, '/open/read')).toMatchObject({ user: 'ada', rejection: null })
      expect(await tab.cookies()).toMatchObject([{ name: 'open', secure: false, httpOnly: true }])
    })

    test('the default session is stored, or dropped as a whole', async (context) => {
      const tab = await arrive(open())
      await call(tab, '/host/set')
      const { user, names, rejection } = await call(tab, '/host/read')
      const isKept = user === 'ada'
      expect(rejection).toBeNull()
      expect(names).toEqual(isKept ? ['__Host-session'] : [])
      if (!product.lacks.includes('Secure on http://localhost')) expect(isKept).toBe(true)
      note(context, 'default session on http://localhost', isKept ? 'kept' : 'dropped')
    })
  })
}
