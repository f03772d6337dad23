// The library in real browsers, against a server over HTTPS and http://localhost: not part of
// `npm test`. Browsers that are not installed are skipped, and are an error in CI.
//   npx vitest run --config test/browsers/vitest.config.ts

import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'
import { tableReporter } from './table.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // One for each browser, because they mostly wait.
    maxWorkers: 3,
    reporters: ['default', tableReporter],
  },
})
