// The examples, unchanged, each on its runtime, visited by a browser.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { askWith, createClient } from './client.ts'
import type { BuildOptions } from 'esbuild'
import { bundle } from './packed.ts'
import type { Workspace } from './packed.ts'
import {
  bun,
  deno,
  edge,
  node20,
  node22,
  node24,
  node26,
  run,
  serve,
  workerd,
  wrangler,
} from './programs.ts'
import type { Runtime, Server } from './programs.ts'
import { tally } from './report.ts'
import type { Row, Try } from './report.ts'
import { serveWorker } from './workers.ts'

type Job = () => Promise<Row>

/** The answers to a browser that visits twice: status, body, number of `Set-Cookie` lines. */
const CONVERSATION = [
  [200, 'Visit 1', 1],
  [200, 'Visit 2', 1],
]

export function exampleJobs(workspace: Workspace): Job[] {
  const { folder20, folder, secret } = workspace
  const env = { SESSION_SECRETS: secret, PORT: '0' }
  return [
    // Node 20 reads no types, so the example runs there without them.
    served('node.ts', node20, () => serve(node20.path, ['node.mjs'], { cwd: folder20, env })),
    ...[node22, node24, node26].map((node) =>
      served('node.ts', node, () => serve(node.path, ['node.ts'], { cwd: folder, env })),
    ),
    served('bun.ts', bun, () => serve(bun.path, ['run', 'bun.ts'], { cwd: folder, env })),
    served('deno.ts', deno, () => {
      const values = ['serve', '--allow-env', '--host=127.0.0.1', '--port=0', 'deno.ts']
      return serve(deno.path, values, { cwd: folder, env })
    }),
    served('workers.ts', workerd, async () => {
      const script = await deployable(folder)
      return serveWorker(script, 'no_nodejs_compat', { SESSION_SECRETS: secret })
    }),
    () =>
      printed(
        'vercel.ts',
        edge,
        async () => {
          const outfile = join(folder, 'vercel.bundle.js')
          const format = {
            format: 'iife',
            globalName: 'route',
            conditions: ['edge-light'],
          } satisfies BuildOptions
          await bundle(join(folder, 'vercel.ts'), outfile, format)
          const runner = new URL('runners/vercel.mjs', import.meta.url).pathname
          return run(node20.path, [runner, outfile], { cwd: folder, env })
        },
        [...CONVERSATION, [303, '', 2], [200, 'Visit 1', 1]],
      ),
    ...[node20, node22, node24, node26].map(
      (node) => () =>
        printed(
          'lambda.ts',
          node,
          () => {
            const cwd = node === node20 ? folder20 : folder
            const file = join(cwd, node === node20 ? 'lambda.mjs' : 'lambda.ts')
            return run(node.path, [new URL('runners/lambda.mjs', import.meta.url).pathname, file], {
              cwd,
              env,
            })
          },
          [...CONVERSATION, [404, 'Not found', 0], [303, '', 2], [200, 'Visit 1', 1]],
        ),
    ),
  ]
}

/** Builds the Worker as `wrangler deploy` does, without deploying it. */
export async function deployable(folder: string): Promise<string> {
  const configuration = { name: 'visits', main: 'workers.ts', compatibility_date: '2026-08-01' }
  await writeFile(join(folder, 'wrangler.json'), JSON.stringify(configuration))
  const values = [wrangler.path, 'deploy', '--dry-run', '--outdir', 'deployable']
  await run(node24.path, values, { cwd: folder })
  return join(folder, 'deployable/workers.js')
}

function served(example: string, runtime: Runtime, start: () => Promise<Server>): Job {
  const head = { part: `examples/${example}`, runtime: runtime.name, version: runtime.version }
  return () =>
    tally(head, async (attempt) => {
      const server = await start()
      try {
        await converse(server.port, attempt)
      } finally {
        await server.stop()
      }
    })
}

async function converse(port: number, attempt: Try): Promise<void> {
  const browser = createClient(port)
  await attempt('visits are counted', async () => {
    for (const expected of CONVERSATION) {
      const { status, body, setCookie } = await browser.ask('/')
      assert.deepEqual([status, body, setCookie.length], expected)
    }
  })
  await attempt('what is written is kept from caches', async () => {
    const { headers } = await browser.ask('/')
    assert.deepEqual([headers['vary'], headers['cache-control']], ['Cookie', 'private, no-store'])
  })
  await attempt('a link to the logout ends nothing', async () => {
    const { status, setCookie } = await browser.ask('/logout')
    assert.deepEqual([status, setCookie], [404, []])
    assert.equal((await browser.ask('/')).body, 'Visit 4')
  })
  await attempt('a POST to the logout is a redirect that ends the session', async () => {
    const { status, headers } = await browser.ask('/logout', { method: 'POST' })
    assert.equal(status, 303)
    assert.match(String(headers['location']), /\/goodbye$/)
    assert.deepEqual(browser.names(), ['__Host-session.x'])
    assert.equal((await browser.ask('/goodbye')).body, 'Goodbye')
    assert.equal((await browser.ask('/')).body, 'Visit 1')
  })
  await attempt('a header full of other cookies ends one request at most', async () => {
    await askWith(port, '/', `other=${'x'.repeat(15_300)}`)
    assert.equal((await browser.ask('/')).body, 'Visit 2')
  })
}

function printed(
  example: string,
  { name, version }: Runtime,
  converseThere: () => Promise<string>,
  expected: unknown,
): Promise<Row> {
  return tally({ part: `examples/${example}`, runtime: name, version }, async (attempt) => {
    await attempt('two visits, a logout and a visit are answered', async () => {
      assert.deepEqual(JSON.parse(await converseThere()), expected)
    })
  })
}
