import { defineConfig } from 'vitest/config'

const source = new URL('src', import.meta.url).pathname

/** Tests import the package by the name its users import it by; here that name is the source. */
export const alias = [
  { find: /^sealed-session$/, replacement: `${source}/index.ts` },
  { find: /^sealed-session\/(node|lambda)$/, replacement: `${source}/adapters/$1.ts` },
]

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/{unit,behaviour,security,repository,support}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
