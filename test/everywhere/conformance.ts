// Runs the suite on the installed package, on every runtime and with each of its engines.

import { join } from 'node:path'
import type { Engine } from './engine.ts'
import type { Examination } from './examine.ts'
import { bundle } from './packed.ts'
import type { Workspace } from './packed.ts'
import { bun, deno, edge, node20, node22, node24, node26, run, workerd } from './programs.ts'
import type { Runtime } from './programs.ts'
import { tally } from './report.ts'
import type { Row } from './report.ts'
import { serveWorker } from './workers.ts'
import type { Compatibility } from './workers.ts'

type Job = () => Promise<Row>

export function conformanceJobs(workspace: Workspace): Job[] {
  const processes = [node20, node22, node24, node26, bun, deno]
  const engines: readonly Engine[] = ['node:crypto', 'webcrypto']
  return [
    ...processes.flatMap((runtime) =>
      engines.map((engine) => () => onProcess(runtime, engine, workspace)),
    ),
    () => onWorkerd('no_nodejs_compat', 'webcrypto', workspace),
    ...engines.map((engine) => () => onWorkerd('nodejs_compat', engine, workspace)),
    () => onEdge(workspace),
  ]
}

function onProcess(runtime: Runtime, engine: Engine, workspace: Workspace): Promise<Row> {
  const cwd = runtime === node20 ? workspace.folder20 : workspace.folder
  // The library needs no permission of Deno.
  const command = runtime === deno ? ['run', '--no-prompt'] : []
  return examined(runtime, '', engine, async () => {
    const printed = await run(runtime.path, [...command, 'process.mjs', engine], { cwd })
    return parse(printed)
  })
}

function onWorkerd(
  compatibility: Compatibility,
  engine: Engine,
  { folder }: Workspace,
): Promise<Row> {
  return examined(workerd, compatibility, engine, async () => {
    const outfile = join(folder, `worker-${compatibility}-${engine.replace(':', '-')}.js`)
    const without = "Object.defineProperty(process, 'getBuiltinModule', { value: undefined })"
    const banner = engine === 'webcrypto' && compatibility === 'nodejs_compat' ? without : ''
    await bundle(join(folder, 'worker.mjs'), outfile, { banner: { js: banner } })
    const server = await serveWorker(outfile, compatibility, {})
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/`)
      return parse(await response.text())
    } finally {
      await server.stop()
    }
  })
}

function onEdge({ folder }: Workspace): Promise<Row> {
  return examined(edge, '', 'webcrypto', async () => {
    const outfile = join(folder, 'edge.bundle.js')
    const format = { format: 'iife', globalName: 'bundle' } as const
    await bundle(join(folder, 'edge-entry.mjs'), outfile, { ...format, conditions: ['edge-light'] })
    const runner = new URL('runners/edge.mjs', import.meta.url).pathname
    return parse(await run(node20.path, [runner, outfile], { cwd: folder }))
  })
}

/** Returns a row of a runtime's results, and checks that it ran with the intended engine. */
function examined(
  { name, version }: Runtime,
  mode: string,
  engine: Engine,
  examine: () => Promise<Examination>,
): Promise<Row> {
  const runtime = [name, mode].filter(Boolean).join(' ')
  return tally({ part: 'conformance', runtime, version }, async (attempt) => {
    const examination = await examine()
    await attempt(`the engine is ${engine}`, () => {
      if (examination.engine !== engine) throw new Error(`it is ${examination.engine}`)
    })
    for (const { name: check, passed, error } of examination.results) {
      await attempt(check, () => {
        if (!passed) throw new Error(error)
      })
    }
    return examination.engine
  })
}

function parse(printed: string): Examination {
  const line = printed.trim().split('\n').at(-1) ?? ''
  const examination: unknown = JSON.parse(line)
  if (isExamination(examination)) return examination
  throw new Error(`no results in ${line.slice(0, 200)}`)
}

function isExamination(value: unknown): value is Examination {
  return typeof value === 'object' && value !== null && 'engine' in value && 'results' in value
}
