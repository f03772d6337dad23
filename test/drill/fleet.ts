// Instances behind a proxy that uses them in turn and keeps running while they are restarted one by
// one.

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Report } from './instance.ts'

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
  /**
   * Restarts one instance after the other: starts a new process, then stops the old one, and waits
   * for `between`.
   */
  restart(environment: Environment, between: () => Promise<unknown>): Promise<void>
  /** Resolves when every instance has other secrets in force than now. It reads them when it is used. */
  untilSecretsChange(): Promise<void>
  /** Sets the clocks of all instances to a later moment, between two requests. */
  setClock(moment: number): Promise<void>
  stop(): Promise<void>
}

/** @param server the file that each instance runs, with `serve` of instance.ts */
export async function createFleet(
  size: number,
  environment: Environment,
  server: string = SERVER,
): Promise<Fleet> {
  const started: ChildProcess[] = []
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  let ahead = 0
  /** Resolves when requests may go on. */
  let open = Promise.resolve()

  async function start(env: Environment): Promise<Instance> {
    const child = fork(server, [], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...env, CLOCK_AHEAD: String(ahead) },
    })
    started.push(child)
    const port = await untilReport(child, (report) => typeof report === 'number')
    return { process: child, port: Number(port), inFlight: 0 }
  }

  async function untilIdle(instance: Instance): Promise<void> {
    while (instance.inFlight > 0) await pause(5)
  }

  async function retire(instance: Instance): Promise<void> {
    await untilIdle(instance)
    await end(instance.process)
  }

  const instances = await Promise.all(Array.from({ length: size }, () => start(environment)))

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    await open
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

  const proxy = createServer((incoming, outgoing) => void forward(incoming, outgoing))
  // Never closes an idle connection that a client may be about to reuse.
  proxy.keepAliveTimeout = 0
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')

  return {
    port: (proxy.address() as AddressInfo).port,
    async restart(env, between) {
      for (const [place, old] of instances.entries()) {
        instances[place] = await start(env)
        await retire(old)
        await between()
      }
    },
    async untilSecretsChange() {
      await untilReports(instances, (report) => report === 'secrets changed')
    },
    async setClock(moment) {
      let resume = () => {}
      open = new Promise((resolve) => (resume = resolve))
      try {
        await Promise.all(instances.map(untilIdle))
        ahead = moment - Date.now()
        const set = untilReports(instances, (report) => report === 'clock set')
        for (const { process: child } of instances) child.send(ahead)
        await set
      } finally {
        resume()
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

type Expected = (report: Report) => boolean

async function untilReports(instances: readonly Instance[], isExpected: Expected): Promise<void> {
  await Promise.all(instances.map(({ process: child }) => untilReport(child, isExpected)))
}

/** Returns the first report of an instance that is expected. Fails if the instance ends instead. */
function untilReport(child: ChildProcess, isExpected: Expected): Promise<Report> {
  return new Promise((resolve, reject) => {
    const onMessage = (report: Report) => {
      if (isExpected(report)) settle(() => resolve(report))
    }
    const onExit = () => settle(() => reject(new Error('an instance has ended')))
    const settle = (act: () => void) => {
      child.off('message', onMessage).off('exit', onExit)
      act()
    }
    child.on('message', onMessage).once('exit', onExit)
  })
}

/** Ends a process that this module has started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
