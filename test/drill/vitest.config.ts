// Real processes under load, half a minute of it: not part of `npm test`. Needs `npm run build`.
//   npx vitest run --config test/drill/vitest.config.ts

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/drill/*.drill.ts'],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // What was counted is worth reading when it all went well, too.
    disableConsoleIntercept: true,
  },
})
