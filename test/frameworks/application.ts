// Shared parts of the frameworks' applications: the data, the sessions, and a server on a free port.

import { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'
import { createSessions } from 'sealed-session'
import type { Sessions } from 'sealed-session'
import { SECRET } from '../support/mint.ts'

export interface Data {
  visits?: number
  message?: string
  cart?: string[]
  big?: string
}

/** More than any limits let through. */
export const TOO_MUCH = 'x'.repeat(20_000)

export function createTestSessions(): Sessions<Data> {
  return createSessions<Data>({ secrets: SECRET })
}

/** The origin of a server that listens on a port the system chose. */
export async function listen(server: Server): Promise<string> {
  // Never closes an idle connection that a client may be about to reuse.
  if (server instanceof HttpServer) server.keepAliveTimeout = 0
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address === 'object' && address !== null) return `http://127.0.0.1:${address.port}`
  throw new Error('the server has no port')
}

/** The names of the cookies a response sets, in order. */
export function names(response: Response): string[] {
  return response.headers.getSetCookie().map((line) => line.split('=', 1).join())
}
