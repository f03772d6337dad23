// Real processes under load, for about a minute: not part of `npm test`. Needs `npm run build`.
//   npx vitest run --config test/drill/vitest.config.ts

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/drill/*.drill.ts'],
    // Ten times what a busy machine takes: nothing waits for a time.
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // The counts are printed after a success, too.
    disableConsoleIntercept: true,
  },
})
