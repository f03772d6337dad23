import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 120_000,
    // Nitro is built first.
    hookTimeout: 300_000,
    // One after the other, because each has processes of its own.
    fileParallelism: false,
  },
})
