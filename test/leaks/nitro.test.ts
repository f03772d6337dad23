// Nitro 3.0.0, unpatched, built for Node and run as a separate process.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build, createNitro, prepare } from 'nitro'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../servers/programs.ts'
import { expectNoLeak, expectSharing } from './visitors.ts'

const source = new URL('../../src/', import.meta.url).pathname

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nitro-'))
  await buildApplication(folder)
})

afterAll(() => rm(folder, { recursive: true }))

describe.each(['wrap', 'adapter'])('with %s', (glue) => {
  let server: ChildProcess | undefined
  let origin = ''

  beforeAll(async () => {
    const port = await freePort()
    server = spawn(process.execPath, [join(folder, 'server/index.mjs')], {
      env: { ...process.env, GLUE: glue, HOST: '127.0.0.1', PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    origin = await listeningAt(server)
  })

  afterAll(async () => {
    if (server === undefined || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill()
    await ended
  })

  test('answers that share their Headers carry nothing to the next visitor', async () => {
    await expectNoLeak(origin)
  })

  test('Nitro shares its Headers: a field that is appended to one answer is on the next', async () => {
    await expectSharing(origin)
  })
})

async function buildApplication(dir: string): Promise<void> {
  const nitro = await createNitro({
    rootDir: new URL('nitro', import.meta.url).pathname,
    preset: 'node_server',
    buildDir: join(dir, 'build'),
    output: { dir, serverDir: join(dir, 'server'), publicDir: join(dir, 'public') },
    alias: {
      'sealed-session/h3': `${source}adapters/h3.ts`,
      'sealed-session': `${source}index.ts`,
    },
    noExternals: true,
    logLevel: 1,
  })
  await prepare(nitro)
  await build(nitro)
  await nitro.close()
}

async function listeningAt({ stdout }: ChildProcess): Promise<string> {
  expect(stdout).not.toBeNull()
  if (stdout !== null) {
    for await (const line of createInterface(stdout)) {
      const [url] = /http:\/\/\S+/.exec(line) ?? []
      if (url !== undefined) return new URL(url).origin
    }
  }
  throw new Error('the server ended before it listened')
}
