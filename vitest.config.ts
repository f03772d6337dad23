import { defineConfig } from 'vitest/config'

const source = new URL('src', import.meta.url).pathname

export default defineConfig({
  // Tests import the package by the name its users import it by; here that name is the source.
  resolve: {
    alias: [
      { find: /^sealed-session$/, replacement: `${source}/index.ts` },
      { find: /^sealed-session\/(node|lambda)$/, replacement: `${source}/$1.ts` },
    ],
  },
  test: { include: ['test/*.test.ts', 'test/browser/*.test.ts'] },
})
