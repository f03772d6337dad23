// The source of the functions that the buttons run, from their files.

import { readFileSync } from 'node:fs'

const SOURCES = ['actions.ts', 'experiments.ts', 'configuration.ts'].map((name) =>
  readFileSync(new URL(name, import.meta.url), 'utf8'),
)

/** Returns the source of a function of `actions.ts`, `experiments.ts` or `configuration.ts`. */
export function codeOf(name: string): string {
  for (const source of SOURCES) {
    const exported = new RegExp(`^export ((?:async )?function ${name}\\([\\s\\S]*?^})`, 'm').exec(
      source,
    )
    if (exported !== null) return exported[1] ?? ''
  }
  throw new Error(`there is no function ${name}`)
}
