// Instances behind a proxy that uses them in turn and keeps running while they are restarted one by
// one.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const SERVER = new URL('server.ts', import.meta.url).pathname

/** The environment variables of an instance: SECRETS or SECRETS_FILE, and what its server needs. */
export type Environment = Readonly<Record<string, string>>

interface Instance {
  readonly process: ChildProcess
  readonly port: number
  inFlight: number
}

export interface Fleet {
  readonly port: number
  /** Restarts one instance after the other: starts a new process, then stops the old one. */
  restart(environment: Environment, between: number): Promise<void>
  stop(): Promise<void>
}

/** @param server the file that each instance runs */
export async function createFleet(
  size: number,
  environment: Environment,
  server: string = SERVER,
): Promise<Fleet> {
  const started: ChildProcess[] = []
  const agent = new Agent({ keepAlive: true })
  let turn = 0

  async function start(env: Environment): Promise<Instance> {
    const child = fork(server, [], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...env },
    })
    started.push(child)
    const [port] = await once(child, 'message')
    return { process: child, port: Number(port), inFlight: 0 }
  }

  async function retire(instance: Instance): Promise<void> {
    while (instance.inFlight > 0) await pause(5)
    await end(instance.process)
  }

  const instances = await Promise.all(Array.from({ length: size }, () => start(environment)))

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const instance = instances[turn++ % instances.length]
    if (instance === undefined) return
    const { method, url: path, headers } = incoming
    instance.inFlight++
    outgoing.once('close', () => instance.inFlight--)
    const onward = request({ host: '127.0.0.1', port: instance.port, method, path, headers, agent })
    onward.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    onward.once('error', () => outgoing.writeHead(502).end())
    incoming.pipe(onward)
  }

  const proxy = createServer(forward).listen(0, '127.0.0.1')
  // Long, so that on a busy machine no connection is closed that a client is about to reuse.
  proxy.keepAliveTimeout = 60_000
  await once(proxy, 'listening')

  return {
    port: (proxy.address() as AddressInfo).port,
    async restart(env, between) {
      for (const [place, old] of instances.entries()) {
        instances[place] = await start(env)
        await Promise.all([retire(old), pause(between)])
      }
    },
    async stop() {
      proxy.close()
      proxy.closeAllConnections()
      agent.destroy()
      await Promise.all(started.map(end))
    },
  }
}

/** Ends a process that this module has started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
