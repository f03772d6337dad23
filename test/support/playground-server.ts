// Starts the playground as a process of its own, as `npm start` does. It imports the built package.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface PlaygroundServer {
  readonly url: string
  /** The lines that it printed until it was ready. */
  readonly printed: readonly string[]
  stop(): Promise<void>
}

export async function startPlayground(
  environment: Readonly<Record<string, string>>,
): Promise<PlaygroundServer> {
  const { SESSION_SECRETS: _, ...inherited } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/playground/server.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const printed: string[] = []
  for await (const line of createInterface(child.stdout)) {
    printed.push(line)
    if (!line.startsWith('http')) continue
    const stop = async () => {
      const exit = once(child, 'exit')
      child.kill()
      await exit
    }
    return { url: line, printed, stop }
  }
  throw new Error(`the playground ended without a URL: ${printed.join(' ')}`)
}
