// The differences between browsers: tests record them, and a table is printed at the end.

import type { TestContext } from 'vitest'
import type { Reporter } from 'vitest/node'

declare module 'vitest' {
  interface TaskMeta {
    /** The behaviour of the browser, by headings that all browsers share. */
    found?: Record<string, string>
  }
}

/** Adds a line to the table. */
export function note({ task }: TestContext, heading: string, found: string): void {
  task.meta.found = { ...task.meta.found, [heading]: found }
}

export const tableReporter: Reporter = {
  onTestRunEnd(modules) {
    const rows = new Map<string, Map<string, string>>()
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const [browser = ''] = test.fullName.split(' > ')
        for (const [heading, found] of Object.entries(test.meta().found ?? {})) {
          rows.set(heading, (rows.get(heading) ?? new Map()).set(browser, found))
        }
      }
    }
    if (rows.size > 0) console.log(`\n${format(rows)}\n`)
  },
}

function format(rows: ReadonlyMap<string, ReadonlyMap<string, string>>): string {
  const browsers = new Set<string>()
  for (const row of rows.values()) for (const name of row.keys()) browsers.add(name)
  const columns = [['', ...rows.keys()]]
  for (const name of [...browsers].toSorted()) {
    columns.push([name, ...Array.from(rows.values(), (row) => row.get(name) ?? '-')])
  }
  const widths = columns.map((column) => Math.max(...column.map(({ length }) => length)))
  const [headings = []] = columns
  return headings
    .map((_, line) => columns.map((column, index) => column[line]?.padEnd(widths[index] ?? 0)))
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n')
}
