// The suites that run `src/` in one process: a mutant is switched on there, and what starts a program
// of its own or reads the built package would never meet one. Without the longest, too: each mutant is
// run against every test that comes by it, until one notices.

import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { alias } from '../../vitest.config.ts'

/** What starts processes, reads files, or knows nothing of `src/`. */
const OUTSIDE = [
  'behaviour/{bundles,classics,command,memory,playground,types}*',
  'repository/{api,documents,house,names,package,size,unhandled,workflows}',
  // Its clock stands still, and with it the other tests of the process.
  'unit/overflow/storage',
  'security/{derivation,faults,guarantees,hostile-globals,requirements}',
]

const LONGEST = ['behaviour/histories', 'security/{fuzz,tampering,wycheproof}', 'support/*']

/** Those alone, where run.mjs names some. */
const SUITES = process.env['SUITES']?.split(',')

/** What takes longest comes last: most mutants do not live to see it. */
const LATE = [
  'behaviour/size-guard',
  'unit/token/jwe',
  'behaviour/several-cookies',
  'security/faulty-callbacks',
  'behaviour/rotation',
  'behaviour/properties',
  'security/threats',
]

/** A file's own suite is named first, and notices most. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      (SUITES ?? LATE).findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

function pathOf(suite: string): string {
  return `test/${suite}.test.ts`
}

export default defineConfig({
  resolve: { alias },
  test: {
    include:
      SUITES === undefined
        ? ['test/{unit,behaviour,security,repository}/**/*.test.ts']
        : SUITES.map(pathOf),
    exclude: SUITES === undefined ? [...OUTSIDE, ...LONGEST].map(pathOf) : [],
    sequence: { sequencer: QuickFirst },
    // A worker for each file would cost more than the tests in it.
    isolate: false,
    fileParallelism: false,
    // For the run without any mutant, which records what each test covers; Stryker ends the others.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
