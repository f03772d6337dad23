import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests import the package by the name its users import it by; here that name is the source.
  resolve: { alias: { 'sealed-session': new URL('src/index.ts', import.meta.url).pathname } },
  test: { include: ['test/*.test.ts', 'test/browser/*.test.ts'] },
})
