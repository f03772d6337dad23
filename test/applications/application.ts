// Installs an example as a user does, with the packed library, builds it for production and starts it.

import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../servers/programs.ts'
import { SECRET } from '../support/mint.ts'

const root = new URL('../../', import.meta.url).pathname

export interface RunningApplication {
  readonly origin: string
  stop(): Promise<void>
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
  // What it depends on, as npm would install it beside it.
  for (const name of ['jose', 'cookie']) {
    cpSync(join(root, 'node_modules', name), join(library, 'node_modules', name), {
      recursive: true,
    })
  }
  rmSync(packed, { recursive: true })
  return folder
}

/** Builds an example, without a secret. */
export function build(folder: string): void {
  const { SESSION_SECRETS: _, ...env } = process.env
  run('npm', ['run', 'build'], folder, env)
}

/** Starts what was built. */
export async function start(folder: string, pathToAsk = '/'): Promise<RunningApplication> {
  const port = await freePort()
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1', SESSION_SECRETS: SECRET },
    stdio: 'ignore',
    detached: true,
  })
  const origin = `http://localhost:${port}`
  await untilAnswered(origin + pathToAsk, child)
  return {
    origin,
    async stop() {
      const ended = once(child, 'exit')
      // npm starts the server as a process of its own.
      if (child.pid !== undefined) process.kill(-child.pid)
      await ended
    },
  }
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok === true) return
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
