import { readFileSync, readdirSync } from 'node:fs'
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

/** What replaces a built-in or a module for a while, or for good. */
const REPLACES = /useFakeTimers|stubGlobal|spyOn|vi\.(?:do)?mock|globalThis\.\w+ = /

/** Returns the unit tests that do so: they need a process each. */
function findReplacing(): string[] {
  return readdirSync(`${root}test/unit`, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/unit/${name}`)
    .filter((file) => REPLACES.test(readFileSync(root + file, 'utf8')))
}

const separate = findReplacing()

export const options = {
  // Vitest leaves a core free, which would be half of a machine with two.
  maxWorkers: '100%',
  // The slowest test takes 5 s by itself, and six times as long beside twenty busy processes.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A test without an assertion fails.
  expect: { requireAssertions: true },
  // An unhandled rejection fails the run: test/repository/unhandled.test.ts shows that it does.
  dangerouslyIgnoreUnhandledErrors: false,
}

export default defineConfig({
  resolve: { alias },
  test: {
    ...options,
    projects: [
      {
        extends: true,
        // Most of the time of a short test is its process and its imports.
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude: separate,
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'separate',
          include: [
            ...separate,
            'test/{behaviour,security,repository}/**/*.test.ts',
            'test/support/*.test.ts',
          ],
        },
      },
    ],
  },
})
