import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 30_000,
    // Nitro is built first.
    hookTimeout: 120_000,
    // One after the other, so that no two servers are given the same free port.
    fileParallelism: false,
  },
})
