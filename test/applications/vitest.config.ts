import { defineConfig } from 'vitest/config'

/** The slowest to install and build that need no browser: `.ci/run` leaves them to the night. */
const NIGHTLY = ['astro.test.ts', 'react-router.test.ts', 'tanstack-start.test.ts']

/** `day` or `night`. Without it, all examples are driven. */
const lane = process.env['LANE']

export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: lane === 'night' ? NIGHTLY : ['*.test.ts'],
    exclude: lane === 'day' ? NIGHTLY : [],
    // Prints the table of the frameworks.
    globalSetup: './table.ts',
    testTimeout: 300_000,
    // The applications are installed and built first.
    hookTimeout: 1_200_000,
    fileParallelism: false,
  },
})
