// The Next.js example, built for production, driven by the scenario and in Chromium.

import { expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { NAME, readMessages, useChromium } from './in-chromium.ts'
import { describeExample } from './scenario.ts'
import type { Stage } from './scenario.ts'

describeInChromium('the example with a browser', () => {
  let running: Stage | undefined

  describeExample(
    {
      folder: 'nextjs',
      page: 'nextjs',
      framework: 'Next.js',
      package: 'next',
      runtime: 'Node.js',
      actions: {
        // A client component takes them.
        messages: async (visitor) => (running === undefined ? [] : readMessages(running, visitor)),
      },
    },
    (stage) => {
      running = stage
      const scene = useChromium(stage)

      test('a page that only reads sets no cookie', async () => {
        const response = await scene.page.reload()
        expect(await response?.headerValue('set-cookie')).toBeNull()
        expect(await scene.cookies()).toEqual([])
      })

      test('the proxy sends strangers away, and keeps the static page behind it out of caches', async () => {
        const { page, cookies, login } = scene
        const account = `${stage.application.origin}/account`
        await page.goto(account)
        expect(new URL(page.url()).pathname).toBe('/')
        await login('ada')
        const response = await page.goto(account)
        expect(await page.textContent('main')).toBe('Your account')
        expect(await response?.headerValue('set-cookie')).toContain(`${NAME}.t=`)
        expect(await response?.headerValue('cache-control')).toMatch(/private|no-store/)
        expect(await response?.headerValue('cache-control')).not.toMatch(/s-maxage|public/)
        expect(await cookies()).toEqual([NAME, `${NAME}.t`])
      })
    },
  )
})
