// Prepares a user's folder, runs every part in it, two at a time, and prints the results.

import { conformanceJobs } from './conformance.ts'
import { exampleJobs } from './examples.ts'
import { installJobs } from './install.ts'
import { prepare } from './packed.ts'
import { printReport } from './report.ts'
import type { Row } from './report.ts'
import { serverJobs } from './servers.ts'

const workspace = await prepare(process.argv[2])
try {
  const jobs = [
    ...conformanceJobs(workspace),
    ...serverJobs(workspace),
    ...exampleJobs(workspace),
    ...installJobs(workspace),
  ]
  const rows: Row[] = []
  const work = async (first: number) => {
    for (let at = first; at < jobs.length; at += 2) {
      const row = await jobs[at]?.()
      if (row !== undefined) rows[at] = row
      process.stdout.write('.')
    }
  }
  await Promise.all([work(0), work(1)])
  process.exitCode = printReport(rows) ? 0 : 1
} finally {
  await workspace.remove()
}
