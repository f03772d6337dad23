import { defineConfig } from 'vitest/config'

const source = new URL('../../src', import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      { find: /^sealed-session$/, replacement: `${source}/index.ts` },
      { find: /^sealed-session\/(node|lambda)$/, replacement: `${source}/$1.ts` },
    ],
  },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 30_000,
    // The load is measured with the machine to itself, and its memory after collections.
    fileParallelism: false,
    execArgv: ['--expose-gc'],
  },
})
