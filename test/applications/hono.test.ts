// The Hono example, built and driven on Node.js, and in workerd as wrangler starts it.

import { ON_NODE_22, start } from './application.ts'
import { describeExample } from './scenario.ts'

const hono = { folder: 'hono', page: 'hono', framework: 'Hono', package: 'hono' }

describeExample({ ...hono, runtime: 'Node.js' })

describeExample({
  ...hono,
  runtime: 'workerd',
  // What `wrangler secret` sets elsewhere.
  settings: { ...ON_NODE_22, CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true' },
  launch: (folder, settings) => start(folder, settings, 'start:worker'),
})
