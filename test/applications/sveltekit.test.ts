// The SvelteKit example, built for production on Node 22, driven by the scenario and in Chromium.

import { expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { ON_NODE_22 } from './application.ts'
import { useChromium } from './in-chromium.ts'
import { describeExample } from './scenario.ts'

// As a proxy that ends TLS says it.
const headers = { 'x-forwarded-proto': 'http' }

describeInChromium('the example with a browser', () => {
  describeExample(
    {
      folder: 'sveltekit',
      page: 'sveltekit',
      framework: 'SvelteKit',
      package: '@sveltejs/kit',
      runtime: 'Node.js',
      settings: { ...ON_NODE_22, PROTOCOL_HEADER: 'x-forwarded-proto' },
      headers,
    },
    (stage) => {
      const scene = useChromium(stage, headers)

      test('a prerendered page has no session', async () => {
        await scene.login('ada')
        const response = await scene.page.goto(`${stage.application.origin}/about`)
        expect(await scene.page.textContent('main')).toBe('The same for everybody')
        expect(await response?.headerValue('set-cookie')).toBeNull()
        expect(await response?.headerValue('vary')).not.toMatch(/cookie/i)
      })
    },
  )
})
