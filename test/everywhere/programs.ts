// The runtimes, as programs that npm installs without running a script. Runs them, and starts
// servers on a port that the system chooses. Each server is ended through its own process.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export interface Runtime {
  readonly name: string
  readonly version: string
  readonly path: string
}

/** A server process. */
export interface Server {
  readonly port: number
  stop(): Promise<void>
}

export interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

const installed = new URL('node_modules/', import.meta.url)
/** For a hang: a build or an installation takes minutes on a busy machine. */
const DEADLINE = 600_000
const START_DEADLINE = 120_000

export const node20: Runtime = {
  name: 'Node',
  version: process.versions.node,
  path: process.execPath,
}
export const node22: Runtime = program('Node', 'n22', 'bin/node')
export const node24: Runtime = program('Node', 'n24', 'bin/node')
export const node26: Runtime = program('Node', 'n26', 'bin/node')
export const bun: Runtime = program('Bun', '@oven/bun-linux-x64', 'bin/bun')
export const deno: Runtime = program('Deno', '@deno/linux-x64-glibc', 'deno')
export const workerd: Runtime = program('workerd', '@cloudflare/workerd-linux-64', 'bin/workerd')
export const edge: Runtime = program('edge-runtime', '@edge-runtime/vm', '')
export const wrangler: Runtime = program('wrangler', 'wrangler', 'bin/wrangler.js')
export const vite: Runtime = program('vite', 'vite', 'bin/vite.js')

/** Runs a program, and returns its output. Throws if its exit code is not 0. */
export async function run(
  command: string,
  values: readonly string[],
  surroundings: Surroundings,
): Promise<string> {
  const child = start(command, values, surroundings)
  const printed = collect(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  if (code === 0) return printed().stdout
  const { stdout, stderr } = printed()
  throw new Error(`${command} ${values.join(' ')} ended with ${String(code)}\n${stdout}${stderr}`)
}

/** Starts a server that prints its address. */
export async function serve(
  command: string,
  values: readonly string[],
  surroundings: Surroundings,
): Promise<Server> {
  const child = start(command, values, surroundings)
  const printed = collect(child)
  const closed = once(child, 'close')
  const port = await new Promise<number>((resolve, reject) => {
    const look = () => {
      const { stdout, stderr } = printed()
      // With the character behind, because the number may come in pieces.
      const [, digits] = /(?:127\.0\.0\.1:|port"?: ?)(\d+)\D/.exec(stdout + stderr) ?? []
      if (digits !== undefined) resolve(Number(digits))
    }
    const fail = () => reject(new Error(`${command} did not listen\n${printed().stderr}`))
    const timer = setTimeout(fail, START_DEADLINE)
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('close', fail).on('close', () => clearTimeout(timer))
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    port,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 1000)
      await closed
      clearTimeout(timer)
    },
  }
}

function start(
  command: string,
  values: readonly string[],
  { cwd, env }: Surroundings,
): ChildProcess {
  const quiet = { NO_COLOR: '1', CI: '1', WRANGLER_SEND_METRICS: 'false', DO_NOT_TRACK: '1' }
  const child = spawn(command, values, {
    cwd,
    env: { ...process.env, ...quiet, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return () => ({ stdout, stderr })
}

function program(name: string, folder: string, file: string): Runtime {
  const manifest = readFileSync(new URL(`${folder}/package.json`, installed), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  return { name, version, path: new URL(`${folder}/${file}`, installed).pathname }
}
