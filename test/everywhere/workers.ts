// Starts workerd with one worker, on a port that the system chooses.

import { writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { serve, workerd } from './programs.ts'
import type { Server } from './programs.ts'

/** Whether a worker has Node's modules: `nodejs_compat` is the default of newer compatibility dates. */
export type Compatibility = 'nodejs_compat' | 'no_nodejs_compat'

const DATE = '2026-08-01'

export async function serveWorker(
  script: string,
  compatibility: Compatibility,
  bindings: Readonly<Record<string, string>>,
): Promise<Server> {
  const cwd = dirname(script)
  const file = `${basename(script)}.capnp`
  const texts = Object.entries(bindings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  await writeFile(
    join(cwd, file),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed ${JSON.stringify(basename(script))})],
    compatibilityDate = "${DATE}",
    compatibilityFlags = ["${compatibility}"],
    bindings = [${texts.join(', ')}]
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`,
  )
  return serve(workerd.path, ['serve', file, '--control-fd=1'], { cwd })
}
