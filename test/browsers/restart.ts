// A browser that is closed and opened again, and a server that is restarted meanwhile.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, openOn } from './scene.ts'
import type { Scene } from './scene.ts'
import { note } from './table.ts'

export function restart({ product, secure, application, begin }: Scene): void {
  const { launchFrom } = product
  if (launchFrom === undefined) return

  test('after a restart persistent and remembered sessions are kept, others gone, and a logout holds', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'visitor-'))
    try {
      const before = await launchFrom(folder)
      const tab = await openOn(secure(), before)
      for (const variant of ['host', 'brief', 'large', 'mixed']) {
        await call(tab, `/${variant}/set?user=ada`)
      }
      expect(await call(tab, '/brief/read')).toMatchObject({ user: 'ada', rejection: null })
      await call(tab, '/mixed/remember')
      const answer = await begin(tab, '/large/set?user=ada&length=9000')
      await call(tab, '/large/logout')
      await answer()
      await before.leave()
      await application().restart()

      const after = await launchFrom(folder)
      const again = await openOn(secure(), after)
      expect(await call(again, '/host/read')).toMatchObject({ user: 'ada', rejection: null })
      expect(await call(again, '/brief/read')).toMatchObject({ user: '', rejection: null })
      expect(await call(again, '/mixed/read')).toMatchObject({ user: 'ada', rejection: null })
      const { user, rejection, names } = await call(again, '/large/read')
      expect(names).toContain('__Host-large.x')
      expect([user, rejection]).toEqual(['', 'destroyed'])
      expect(names).not.toContain('__Host-brief')
      await after.leave()
      note(context, 'persistent: false after a restart', 'gone')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}
