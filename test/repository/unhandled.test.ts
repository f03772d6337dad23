// The configuration of the tests: an unhandled rejection fails the run.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const vitest = new URL('../../node_modules/.bin/vitest', import.meta.url).pathname
const config = 'test/support/fixtures/unhandled/vitest.config.ts'

test('a run whose only test passes fails if it leaves an unhandled rejection behind', () => {
  const { status, stdout, stderr } = spawnSync(vitest, ['run', '--config', config], {
    cwd: new URL('../..', import.meta.url).pathname,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  expect(stdout).toMatch(/Tests +1 passed/)
  expect(stdout + stderr).toContain('left behind')
  expect(status).toBe(1)
})
