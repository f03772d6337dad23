// The Hono example, built and driven on Node.js, and in workerd as wrangler starts it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ON_NODE_22, build, start } from './application.ts'
import { describeExample } from './scenario.ts'

const hono = { folder: 'hono', page: 'hono', framework: 'Hono', package: 'hono' }

describeExample({ ...hono, runtime: 'Node.js' })

describeExample(
  {
    ...hono,
    runtime: 'workerd',
    // What `wrangler secret` sets elsewhere.
    settings: { ...ON_NODE_22, CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true' },
    launch: (folder, settings) => start(folder, settings, 'start:worker'),
  },
  (stage) => {
    test('wrangler bundles it for Workers, without a secret', () => {
      build(stage.folder, ON_NODE_22, 'build:worker')
      expect(existsSync(join(stage.folder, 'dist/worker/worker.js'))).toBe(true)
    })
  },
)
