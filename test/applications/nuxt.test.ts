// The Nuxt example, built for production on Node 22, driven by the scenario and in Chromium.

import { expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { ON_NODE_22 } from './application.ts'
import { readMessages, useChromium } from './in-chromium.ts'
import { describeExample } from './scenario.ts'
import type { Stage } from './scenario.ts'

describeInChromium('the example with a browser', () => {
  let running: Stage | undefined

  describeExample(
    {
      folder: 'nuxt',
      page: 'nuxt',
      framework: 'Nuxt',
      package: 'nuxt',
      runtime: 'Node.js',
      settings: ON_NODE_22,
      actions: {
        // The page takes them when it runs in the browser.
        messages: async (visitor) => (running === undefined ? [] : readMessages(running, visitor)),
      },
    },
    (stage) => {
      running = stage
      const scene = useChromium(stage)

      test('a page that is rendered with the session is private', async () => {
        await scene.login('ada')
        const response = await scene.page.reload()
        expect(await response?.text()).toContain('ada')
        expect(await response?.headerValue('cache-control')).toBe('private')
      })
    },
  )
})
