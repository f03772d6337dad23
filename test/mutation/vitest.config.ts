// The suites that run `src/` in one process: a mutant is switched on there, and what starts a program
// of its own or reads the built package would never meet one. Without the longest, too: each mutant is
// run against every test that comes by it, until one notices.

import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { alias } from '../../vitest.config.ts'

const OUTSIDE =
  'classics,command,faults,hostile-globals,house,memory,package,playground,readme,requirements,types,workflows'
const LONGEST = 'cookie-store,fuzz,histories,tampering,wycheproof'

/** Those alone, where run.mjs names some. */
const SUITES = process.env['SUITES']?.split(',')

/** What takes longest comes last: most mutants do not live to see it. */
const LATE = ['guard', 'seal', 'jar', 'faulty-callbacks', 'rotation', 'properties', 'security']

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LATE.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    include:
      SUITES === undefined ? ['test/*.test.ts'] : SUITES.map((name) => `test/${name}.test.ts`),
    exclude: SUITES === undefined ? [`test/{${OUTSIDE},${LONGEST}}.test.ts`] : [],
    sequence: { sequencer: QuickFirst },
    // A worker for each file would cost more than the tests in it.
    isolate: false,
    fileParallelism: false,
  },
})
