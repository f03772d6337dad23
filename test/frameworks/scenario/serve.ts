import { serve } from '@hono/node-server'
import type { ServerType } from '@hono/node-server'
import type { RunningShop } from './shop.ts'

/** Serves a fetch handler with Hono's server for Node. */
export async function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<RunningShop> {
  let server: ServerType | undefined
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, (info) => resolve(info.port))
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () => new Promise<void>((closed) => void server?.close(() => closed())),
  }
}
