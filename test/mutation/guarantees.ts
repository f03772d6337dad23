// `npm run mutate:guarantees`: breaks each guarantee of SECURITY.md on purpose, one at a time, and fails
// unless the test that is named for it fails. The list is BREAKAGES; test/security/guarantees.test.ts
// keeps it complete.

import { spawnSync } from 'node:child_process'
import { BREAKAGES } from './breakages.ts'
import type { Breakage } from './breakages.ts'

const root = new URL('../../', import.meta.url).pathname
const config = 'test/mutation/guarantees.config.ts'

const unnoticed = BREAKAGES.filter((breakage, index) => !isNoticed(breakage, index))
console.log(
  `${BREAKAGES.length - unnoticed.length} of ${BREAKAGES.length} broken guarantees noticed`,
)
process.exit(unnoticed.length > 0 ? 1 : 0)

/** Runs the suite of a breakage. Returns whether the named test is among those that failed. */
function isNoticed({ guarantee, fault, suite, test }: Breakage, index: number): boolean {
  const args = ['vitest', 'run', '--config', config, '--reporter', 'json', `${suite}.test.ts`]
  const { stdout } = spawnSync('npx', args, {
    cwd: root,
    env: { ...process.env, BREAKAGE: String(index) },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const failed = failedTests(stdout)
  const noticed = failed.some((title) => title.includes(test))
  console.log(`${noticed ? 'noticed' : 'NOT NOTICED'}: guarantee ${guarantee}, ${fault}`)
  if (!noticed)
    console.log(failed.length === 0 ? stdout.slice(0, 2000) : failed.slice(0, 20).join('\n'))
  return noticed
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/**
 * Returns the titles of the tests that failed. A suite that could not be loaded has noticed
 * nothing.
 */
function failedTests(stdout: string): string[] {
  const start = stdout.indexOf('{')
  if (start === -1) return []
  const { testResults }: Report = JSON.parse(stdout.slice(start))
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  )
}
