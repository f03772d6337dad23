// Runs the suite on this runtime, and detects its engine. Bundled without the library, so that
// every runtime imports the one that is installed there.

import type { DeviceEntry, Library } from '../conformance/check.ts'
import { run } from '../conformance/suite.ts'
import type { Gaps, Result } from '../conformance/suite.ts'
import { engineOf } from './engine.ts'
import type { Engine } from './engine.ts'

export interface Examination {
  readonly engine: Engine
  readonly results: readonly Result[]
}

const COMMA =
  "Headers joins two Cookie headers with a comma, as the Fetch standard says for every name; what is behind it could be a foreign cookie's value and is never taken for ours"

/** The checks that a kind of runtime cannot pass, and why. One that passes is a failure. */
const GAPS: Readonly<Record<string, Gaps>> = {
  none: {},
  // Deno and workerd.
  commas: {
    'of two Cookie headers both are read, ours in the second': COMMA,
    'two Cookie headers of a Request are read as one': COMMA,
  },
}

export async function examine(
  library: Library,
  entry: DeviceEntry,
  gaps: string,
): Promise<Examination> {
  const results: Result[] = []
  const engine = await engineOf(async () => {
    const sessions = library.createSessions({ secrets: crypto.randomUUID() + crypto.randomUUID() })
    const session = await sessions.open(null)
    session.set('user', 'ada')
    await sessions.setCookies(session)
  })
  await run(library, entry, (result) => results.push(result), GAPS[gaps])
  return { engine, results }
}
