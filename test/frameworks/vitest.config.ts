import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 300_000,
    // The load is measured with the machine to itself, and its memory after collections.
    fileParallelism: false,
    // Nitro is built first.
    hookTimeout: 300_000,
    execArgv: ['--expose-gc'],
  },
})
