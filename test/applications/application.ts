// Installs an example as a user does, with the packed library, builds it for production and starts
// it.

import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { endGroup, freePort } from '../servers/programs.ts'
import { fileOfBlock, findCodeBlocks, isFile } from '../support/documents.ts'
import { SECRET } from '../support/mint.ts'

const START_DEADLINE = 300_000

const root = new URL('../../', import.meta.url).pathname

/** Variables of the environment. */
export type Settings = Readonly<Record<string, string>>

/** Makes npm and the programs that it starts run on Node 22. */
export const ON_NODE_22: Settings = { PATH: pathWith('n22/bin') }

/** Makes npm find Bun. */
export const ON_BUN: Settings = { PATH: pathWith('@oven/bun-linux-x64/bin') }

export interface RunningApplication {
  readonly origin: string
  stop(): Promise<void>
}

/** Expects that an example has the files that its page prints. */
export function expectFilesOfPage(folder: string, page: string): void {
  const blocks = findCodeBlocks(`docs/frameworks/${page}.md`).filter(isFile)
  expect(blocks.length).toBeGreaterThan(0)
  for (const block of blocks) {
    const file = fileOfBlock(block)
    expect(readFileSync(join(folder, file), 'utf8'), file).toBe(block.code)
  }
}

/** Installs an example's own packages from its lock file, and the library from its tarball. */
export function install(example: string): string {
  const folder = join(root, 'examples', example)
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) run('npm', ['ci'], folder)
  const packed = mkdtempSync(join(tmpdir(), 'packed-'))
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], root)
  const [tarball = ''] = readdirSync(packed)
  const library = join(folder, 'node_modules/sealed-session')
  rmSync(library, { recursive: true, force: true })
  mkdirSync(library, { recursive: true })
  run('tar', ['xzf', join(packed, tarball), '-C', library, '--strip-components', '1'], root)
  // Its dependencies, which npm would install beside it.
  for (const name of ['jose', 'cookie']) {
    cpSync(join(root, 'node_modules', name), join(library, 'node_modules', name), {
      recursive: true,
    })
  }
  rmSync(packed, { recursive: true })
  return folder
}

/** Builds an example, without a secret, by a script of its `package.json`. */
export function build(folder: string, settings: Settings = {}, script = 'build'): void {
  const { SESSION_SECRETS: _, ...env } = process.env
  run('npm', ['run', script], folder, { ...env, ...settings })
}

/** Starts the built example, by a script of its `package.json`. */
export async function start(
  folder: string,
  settings: Settings = {},
  script = 'start',
): Promise<RunningApplication> {
  const port = await freePort()
  const child = spawn('npm', ['run', script], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: String(port),
      HOST: '127.0.0.1',
      HOSTNAME: '127.0.0.1',
      SESSION_SECRETS: SECRET,
      ...settings,
    },
    stdio: 'ignore',
    // A process group of its own, because npm starts the server as another process.
    detached: true,
  })
  // Chromium stores `Secure` cookies without TLS only for this host.
  const origin = `http://localhost:${port}`
  const stop = () => endGroup(child, port)
  try {
    await untilAnswered(`http://127.0.0.1:${port}/`, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { origin, stop }
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_DEADLINE
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(url).catch(() => undefined)
    if (response !== undefined && response.status < 500) return
    await pause(100)
  }
  throw new Error(`nothing answers at ${url}`)
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): void {
  execFileSync(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

function pathWith(folder: string): string {
  return `${root}test/applications/node_modules/${folder}:${process.env['PATH'] ?? ''}`
}
