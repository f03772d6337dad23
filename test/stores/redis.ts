// A Redis for this suite: on 127.0.0.1, in a separate folder, so that it finds its data after a
// restart.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, launch } from '../servers/programs.ts'
import type { Running } from '../servers/programs.ts'

export interface RedisServer {
  readonly port: number
  /** Stops the process and keeps the data. */
  pause(): Promise<void>
  /** Starts it again, on the same port. */
  resume(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const where = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder]
  // Its data survives a restart of the process, which is all that the tests need.
  const how = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
  const start = () => launch('redis-server', where.concat(how), port)
  let running: Running | undefined = await start()
  const pause = async () => {
    await running?.stop()
    running = undefined
  }
  return {
    port,
    pause,
    async resume() {
      running = await start()
    },
    async stop() {
      await pause()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
