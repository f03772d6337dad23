// The file system as a store, on Node.js, Bun and Deno: each reads what another one writes.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const program = (path: string) => new URL(`node_modules/${path}`, import.meta.url).pathname

const RUNTIMES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'Node.js': [process.execPath],
  Bun: [program('@oven/bun-linux-x64/bin/bun')],
  Deno: [program('@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--no-lock'],
}

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runtimes-'))
  await build({
    entryPoints: [new URL('files.ts', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    outfile: join(folder, 'files.mjs'),
    logLevel: 'error',
  })
})

afterAll(() => rm(folder, { recursive: true }))

async function run(runtime: string, ...args: readonly string[]): Promise<string> {
  const [command = '', ...options] = RUNTIMES[runtime] ?? []
  const env = { ...process.env, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' }
  const all = [...options, join(folder, 'files.mjs'), ...args]
  const { stdout } = await promisify(execFile)(command, all, { cwd: folder, env })
  return stdout.trim()
}

test.each(Object.keys(RUNTIMES))('%s writes parcels that each of them reads', async (writer) => {
  const files = join(folder, writer)
  const cookie = await run(writer, 'write', files)
  expect(cookie).toMatch(/^__Host-session=[\w.-]{100,500}$/)
  for (const reader of Object.keys(RUNTIMES)) {
    const read: unknown = JSON.parse(await run(reader, 'read', files, cookie))
    expect(read, reader).toEqual({ user: 'ada', cart: 7 * 8000 })
  }
  const elsewhere: unknown = JSON.parse(await run(writer, 'read', join(folder, 'empty'), cookie))
  expect(elsewhere).toEqual({ cart: 0, reason: 'incomplete' })
})
