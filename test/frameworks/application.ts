// Shared parts of the frameworks' applications: the data, the sessions, a server on a free port,
// and a browser with `fetch`.

import type { Server } from 'node:net'
import { createSessions } from 'sealed-session'
import type { Sessions } from 'sealed-session'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'
import { SECRET } from '../support/mint.ts'

export interface Data {
  visits?: number
  message?: string
  cart?: string[]
  big?: string
}

/** Bytes beyond all limits. */
export const TOO_MUCH = 'x'.repeat(20_000)

export function make(): Sessions<Data> {
  return createSessions<Data>({ secrets: SECRET })
}

export interface Visitor extends Browser {
  /**
   * Sends a request as this browser, and stores the cookies of the response. Follows no redirect.
   */
  visit(path: string, init?: RequestInit): Promise<Response>
}

export function createVisitor(origin: string): Visitor {
  const jar = createJar()
  return {
    ...jar,
    async visit(path, init = {}) {
      const headers = new Headers(init.headers)
      headers.set('cookie', jar.header())
      const response = await fetch(origin + path, { ...init, headers, redirect: 'manual' })
      jar.store(response)
      return response
    },
  }
}

/** The origin of a server that listens on a port the system chose. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address === 'object' && address !== null) return `http://127.0.0.1:${address.port}`
  throw new Error('the server has no port')
}

/** The names of the cookies a response sets, in order. */
export function names(response: Response): string[] {
  return response.headers.getSetCookie().map((line) => line.split('=', 1).join())
}
