// Runs and starts programs on Node 22, as in a terminal that has no secret.

import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { endGroup, freePort } from '../servers/programs.ts'
import { createVisitor } from '../support/visitor.ts'

const here = new URL('.', import.meta.url).pathname

const START_DEADLINE = 300_000

export type Environment = Readonly<Record<string, string>>

interface StartOptions {
  readonly env?: Environment
  /** The path that is asked until it answers. */
  readonly path?: string
  /** A free one by default. */
  readonly port?: number
}

export interface Started {
  readonly origin: string
  stop(): Promise<void>
}

const { SESSION_SECRETS: _, NODE_OPTIONS: __, ...inherited } = process.env

/** Without variables that vitest sets for itself: frameworks take `NODE_ENV=test` for another mode. */
const withoutTest = Object.fromEntries(
  Object.entries(inherited).filter(
    ([name]) => !/^(?:VITEST|NODE_ENV|TEST|DEV|PROD|MODE)/.test(name),
  ),
)

/** The environment of all programs: Node 22, and no reports to the makers of the tools. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...withoutTest,
  CI: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  DO_NOT_TRACK: '1',
}

/** Copies an application of this folder, and returns where it is. Frameworks write into it. */
export function copyApplication(name: string): string {
  const folder = join(here, '.run', name)
  rmSync(folder, { recursive: true, force: true })
  cpSync(join(here, 'applications', name), folder, { recursive: true })
  return folder
}

/** Removes what `copyApplication` made. */
export function removeCopies(): void {
  rmSync(join(here, '.run'), { recursive: true, force: true })
}

export function writeEnv(folder: string, file: string, secret: string): void {
  writeFileSync(join(folder, file), `SESSION_SECRETS=${secret}\n`)
}

/** Runs a command of a shell to its end, and returns what it wrote. */
export async function run(folder: string, command: string): Promise<string> {
  const options = { cwd: folder, env: environmentIn(folder), maxBuffer: 2 ** 26 }
  const running = promisify(execFile)(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', command],
    options,
  )
  running.child.stdin?.end()
  const { stdout, stderr } = await running.catch((error: Error & { stdout?: string }) => {
    throw new Error(`${command}: ${error.message}\n${error.stdout ?? ''}`)
  })
  return stdout + stderr
}

/** Starts a command that serves on `$PORT`, and waits until it answers. */
export async function start(
  folder: string,
  command: string,
  { env = {}, path = '/visits', port: given }: StartOptions = {},
): Promise<Started> {
  const port = given ?? (await freePort())
  const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', command], {
    cwd: folder,
    env: { ...environmentIn(folder), HOST: '127.0.0.1', PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, because tools start servers as other processes.
    detached: true,
  })
  let written = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (written += text))
  }
  const origin = `http://localhost:${port}`
  const stop = () => endGroup(child, port)
  try {
    await untilAnswered(origin + path, child)
  } catch (error) {
    await stop()
    throw new Error(`${command}: ${written}`, { cause: error })
  }
  return { origin, stop }
}

/** Puts the tools that are installed here on the path of the applications that are here. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const tools = folder.startsWith(here) ? `${here}node_modules/.bin:` : ''
  const PATH = `${here}node_modules/n22/bin:${tools}${process.env['PATH'] ?? ''}`
  return { ...ENVIRONMENT, PATH }
}

async function untilAnswered(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_DEADLINE
  while (Date.now() < deadline && child.exitCode === null) {
    if ((await fetch(url).catch(() => undefined)) !== undefined) return
    await pause(100)
  }
  throw new Error(`nothing answers at ${url}`)
}

/** Visits a server twice as one browser. Returns the counts, or the status of what failed. */
export async function countVisits({ origin }: Started): Promise<number[]> {
  const visitor = createVisitor(origin)
  const counts: number[] = []
  for (let visit = 0; visit < 2; visit++) {
    const response = await visitor.visit('/visits')
    const body = await response.text()
    counts.push(response.ok ? (JSON.parse(body) as { visits: number }).visits : response.status)
  }
  return counts
}
