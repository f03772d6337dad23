// Finds, starts and stops the programs that these suites run against. Each runs in the foreground, on
// 127.0.0.1, and is ended through its own process.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { Server as HttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The Debian package of each program. */
const PACKAGES = {
  nginx: 'nginx-light',
  apache2: 'apache2',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
}

export type Program = keyof typeof PACKAGES

/** A server that listens. */
export interface Running {
  readonly port: number
  readonly stop: () => Promise<void>
}

const START_DEADLINE = 120_000

/** For a server that waits for its clients. */
const STOP_DEADLINE = 20_000

/**
 * Below the ports that systems give to connections and to servers without a port: one of these could
 * be taken between its choice and its use, and while a server restarts.
 */
const PORTS = { from: 20_000, to: 32_000 }

/**
 * Whether a suite can run. In CI, a missing program is an error; elsewhere, a line says what to
 * install.
 */
export function areInstalled(suite: string, ...programs: readonly Program[]): boolean {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return true
  const packages = missing.map((program) => PACKAGES[program]).join(' ')
  const advice = `needs: apt-get install -y --no-install-recommends ${packages}`
  if (process.env['CI']) throw new Error(`${suite} ${advice}`)
  console.warn(`${suite}: skipped, ${advice}`)
  return false
}

/** Returns the path of a program. */
export function pathOf(program: Program): string {
  const path = find(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}

/** Starts a server of this process on a free port, and returns the port. */
export async function listen(server: Server, given = 0): Promise<number> {
  // Never closes an idle connection that a client may be about to reuse.
  if (server instanceof HttpServer) server.keepAliveTimeout = 0
  server.listen(given, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** Ends a server of this process. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  if (server instanceof HttpServer) server.closeAllConnections()
  await closed
}

/** Returns a port that no process listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  try {
    const port = await listen(server, randomInt(PORTS.from, PORTS.to))
    await close(server)
    return port
  } catch (error) {
    if (isError(error, 'EADDRINUSE')) return freePort()
    throw error
  }
}

/**
 * Ends a process that leads a group, with all that it has started, and waits until nothing listens on
 * their port: npm and shells end before the server that they have started.
 */
export async function endGroup(child: ChildProcess, port: number): Promise<void> {
  signalGroup(child, 'SIGTERM')
  const patience = Date.now() + STOP_DEADLINE
  while (!hasEnded(child) || (await accepts(port))) {
    if (Date.now() > patience) signalGroup(child, 'SIGKILL')
    await pause(20)
  }
}

/** Starts a program that will listen on `port`; fails with what it wrote if it ends instead. */
export async function launch(
  program: Program,
  args: readonly string[],
  port: number,
): Promise<Running> {
  const child = spawn(pathOf(program), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  // A run that is broken off leaves no process behind.
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let written = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (written += text))
  }
  try {
    await untilListening(child, port, Date.now() + START_DEADLINE)
  } catch (error) {
    await end(child)
    throw new Error(`${program} does not listen on ${port}: ${written}`, { cause: error })
  }
  return { port, stop: () => end(child) }
}

/** Returns where a program is. Debian keeps servers in folders that are not on a user's path. */
function find(program: Program): string | undefined {
  const path = process.env['PATH'] ?? ''
  return [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/bin']
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file))
}

async function untilListening(child: ChildProcess, port: number, deadline: number): Promise<void> {
  if (await accepts(port)) return
  if (hasEnded(child)) throw new Error('it has ended')
  if (Date.now() > deadline) throw new Error('it takes too long')
  await pause(20)
  return untilListening(child, port, deadline)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Signals all processes of a group, if any is left. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!isError(error, 'ESRCH')) throw error
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
