import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/docs/**/*.test.ts'],
    testTimeout: 300_000,
    // Every page is opened first.
    hookTimeout: 600_000,
  },
})
