import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    // Ten times what a busy machine takes: nothing waits for a time.
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // One after the other, because each has processes of its own.
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
})
