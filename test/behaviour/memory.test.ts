// What a long-lived process keeps of finished requests. Row X60 of faults.md.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const slow = process.env['SLOW'] !== undefined

/**
 * Bytes by which the heap may grow. After 10 000 requests caches and compiled code still settle,
 * measured at 0.23 MB; an entry of a Map for each of 10 000 more would take 0.67 MB. After 20 000
 * requests it is stable (0.02 MB), and the ids alone of 10 000 sessions would take 0.9 MB.
 */
const MOST_GROWTH = 500_000
const [FIRST, LAST] = slow ? [20_000, 100_000] : [10_000, 20_000]

const script = new URL('../support/processes/memory.js', import.meta.url).pathname

test(
  'X60: the heap does not grow with finished requests, whatever they sent',
  { timeout: 1_800_000 },
  async () => {
    const given = ['--expose-gc', script, String(FIRST), String(LAST)]
    const { stdout } = await promisify(execFile)(process.execPath, given)
    const { growth, asked, told } = JSON.parse(stdout)
    expect(asked).toBeGreaterThan(LAST / 100)
    expect(told).toBeGreaterThan(LAST)
    expect(growth).toBeLessThan(MOST_GROWTH)
  },
)
