// Chromium, an application over HTTPS, and keys in software: not part of `npm test`.
//   npx vitest run --config test/device/vitest.config.ts

import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})
