// The suites that run `src/` in one process. A mutant is active only there, so suites that start a
// program or read the built package would never run one. The longest suites are left out, because
// each mutant runs against every test that reaches it, until one notices.

import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { alias } from '../../vitest.config.ts'

/** Suites that start processes, read files, or do not use `src/`. */
const OUTSIDE = [
  'behaviour/{bundles,classics,command,memory,playground,types}*',
  'repository/{api,documents,frameworks,house,names,newcomers,package,prose,size,unhandled,workflows}',
  // Its clock stands still, also for the other tests of the process.
  'unit/overflow/storage',
  'security/{derivation,faults,guarantees,hostile-globals,requirements}',
]

const LONGEST = ['behaviour/histories', 'security/{fuzz,tampering,wycheproof}', 'support/*']

/** Only these, if run.mjs names some. */
const SUITES = process.env['SUITES']?.split(',')

/** The slowest come last: most mutants are noticed before. */
const LATE = [
  'behaviour/size-guard',
  'unit/token/jwe',
  'behaviour/several-cookies',
  'security/faulty-callbacks',
  'behaviour/rotation',
  'behaviour/properties',
  'security/threats',
]

/** A file's own suite comes first, because it notices most. */
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
    // A worker for each file would cost more than its tests.
    isolate: false,
    fileParallelism: false,
    // For the run without a mutant, which records what each test covers; Stryker ends the others.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
