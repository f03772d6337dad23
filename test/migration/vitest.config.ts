import { defineConfig } from 'vitest/config'
import { alias } from '../../vitest.config.ts'

/** Of the old versions, in the form that each of the libraries takes. */
const OLD_SECRET = 'q8Kd0m3ZL5x2yQe7Tn1vBw9rUcJf6HaGsPi4oXlEzRA'

export default defineConfig({
  resolve: {
    alias: [
      ...alias,
      {
        find: '#imports',
        replacement: new URL('nuxt-imports.ts', import.meta.url).pathname,
      },
    ],
  },
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { OLD_SECRET, SESSION_SECRETS: OLD_SECRET, NUXT_SESSION_PASSWORD: OLD_SECRET },
    server: { deps: { inline: ['nuxt-auth-utils'] } },
  },
})
