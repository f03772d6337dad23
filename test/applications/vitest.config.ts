import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    // Prints the table of the frameworks.
    globalSetup: './table.ts',
    testTimeout: 60_000,
    // The applications are installed and built first.
    hookTimeout: 600_000,
    fileParallelism: false,
  },
})
