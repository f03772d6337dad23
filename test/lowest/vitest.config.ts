// The library over the oldest `jose` and `cookie` that may be installed with it: tokens, cookies and
// whole sessions, once for each major version of `cookie`. Needs `npm ci` here, and in the root.
//   npm test --prefix test/lowest

import { defineConfig } from 'vitest/config'

const here = new URL('.', import.meta.url).pathname
const root = new URL('../../', import.meta.url).pathname

/** Resolves all imports of `jose` and `cookie` to the packages of this folder. */
function takeFromHere(cookie: string) {
  return {
    name: 'take-from-here',
    enforce: 'pre' as const,
    async resolveId(
      this: { resolve(name: string, from: string): Promise<{ id: string } | null> },
      name: string,
    ) {
      const [, package_, path = ''] = /^(jose|cookie)(\/.*)?$/.exec(name) ?? []
      if (package_ === undefined) return undefined
      const wanted = (package_ === 'cookie' ? cookie : package_) + path
      const resolved = await this.resolve(wanted, `${here}vitest.config.ts`)
      if (resolved?.id.startsWith(`${here}node_modules/`)) return resolved
      throw new Error(`${wanted} is not installed in test/lowest: npm ci --prefix test/lowest`)
    },
  }
}

function project(name: string, cookie: string, suites: readonly string[]) {
  return {
    plugins: [takeFromHere(cookie)],
    resolve: {
      alias: [{ find: /^sealed-session$/, replacement: `${root}src/index.ts` }],
    },
    test: {
      name,
      root,
      include: suites.map((suite) => `test/${suite}.test.ts`),
      testTimeout: 120_000,
    },
  }
}

const cookieSuites = [
  'lowest/versions',
  'repository/cookie-package',
  'unit/cookies/*',
  'unit/create-sessions',
  'behaviour/several-cookies',
]
const joseSuites = [
  'repository/jose-package',
  'unit/token/jwe',
  'unit/token/jwe-engine',
  'behaviour/rotation',
]

export default defineConfig({
  test: {
    projects: [
      project('jose 6, cookie 1', 'cookie', [...cookieSuites, ...joseSuites]),
      project('jose 6, cookie 2', 'cookie-2', cookieSuites),
    ],
  },
})
