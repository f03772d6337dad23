import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const root = new URL('.', import.meta.url).pathname

/** Tests import the package by the names that its users import it by; here those names are the source. */
export const alias = Object.entries(readExports()).flatMap(([path, entry]) => {
  if (typeof entry === 'string') return []
  const find = new RegExp(`^sealed-session${path.slice(1)}$`)
  const file = entry.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
  return [{ find, replacement: root + file }]
})

function readExports(): Readonly<Record<string, { readonly default: string } | string>> {
  return JSON.parse(readFileSync(`${root}package.json`, 'utf8')).exports
}

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/{unit,behaviour,security,repository}/**/*.test.ts', 'test/support/*.test.ts'],
    // Vitest leaves a core free, which would be half of a machine with two.
    maxWorkers: '100%',
    // The slowest test takes 5 s by itself, and six times as long beside twenty busy processes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test without an assertion fails.
    expect: { requireAssertions: true },
    // An unhandled rejection fails the run: test/repository/unhandled.test.ts shows that it does.
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
