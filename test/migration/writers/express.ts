// An Express application behind the middleware of a library, on a free port of this machine.

import express from 'express'
import type { Request, RequestHandler } from 'express'
import type { Server } from 'node:http'
import type { Change, Data, Write } from './writer.ts'

const servers: Server[] = []

/** Ends what was started. */
export function closeServers(): void {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
}

/**
 * Starts the application.
 *
 * @param apply changes the session of a request
 */
export function startExpress(
  middleware: RequestHandler,
  apply: (request: Request, change: Change) => void,
): Write {
  let change: Change = (data: Data) => data
  const app = express()
  app.use(middleware)
  app.use((request, response) => {
    apply(request, change)
    response.end()
  })
  const started = new Promise<number>((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
    servers.push(server)
  })
  return async (header, given) => {
    change = given
    const url = `http://127.0.0.1:${await started}/`
    const response = await fetch(url, { headers: { cookie: header } })
    if (!response.ok) throw new Error(await response.text())
    return response.headers.getSetCookie()
  }
}
