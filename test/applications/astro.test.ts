// The Astro example, built for production on Node 22 and driven.

import { expect, test } from 'vitest'
import { ON_NODE_22 } from './application.ts'
import { describeExample } from './scenario.ts'

describeExample(
  {
    folder: 'astro',
    page: 'astro',
    framework: 'Astro',
    package: 'astro',
    runtime: 'Node.js',
    settings: { ...ON_NODE_22, ASTRO_TELEMETRY_DISABLED: '1' },
  },
  (stage) => {
    test('a prerendered page has no session', async () => {
      const response = await stage.createBrowser().visit('/about/')
      expect(await response.text()).toContain('The same for everybody')
      expect(response.headers.get('vary') ?? '').not.toMatch(/cookie/i)
      expect(response.headers.getSetCookie()).toEqual([])
    })
  },
)
