// A browser for an application on this machine: it stores cookies, follows redirects to other
// servers and back, and finds the tokens of forms.

import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createJar } from '../support/cookie-jar.ts'
import type { Browser } from '../support/cookie-jar.ts'

export interface Visitor extends Browser {
  /**
   * Sends a request with the cookies of this browser, and stores those of the response. Follows no
   * redirect.
   */
  visit(path: string, init?: RequestInit): Promise<Response>
  /** Follows redirects. Sends no cookies to other servers. */
  follow(path: string, init?: RequestInit): Promise<Response>
  /** Sends a form. */
  post(path: string, fields?: Record<string, string>): Promise<Response>
}

/** Most redirects in a row, so that a loop ends. */
const MOST_REDIRECTS = 10

export function createVisitor(origin: string): Visitor {
  const jar = createJar()

  async function visit(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, origin)
    const isOwn = url.origin === origin
    const headers = new Headers(init.headers)
    if (isOwn) headers.set('cookie', jar.header(url.pathname))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    if (isOwn) jar.store(response)
    return response
  }

  async function follow(path: string, init?: RequestInit): Promise<Response> {
    let response = await visit(path, init)
    for (let count = 0; count < MOST_REDIRECTS; count++) {
      const location = response.headers.get('location')
      if (location === null) return response
      response = await visit(location)
    }
    throw new Error(`${path} redirects for ever`)
  }

  const post = (path: string, fields: Record<string, string> = {}) =>
    visit(path, { method: 'POST', body: new URLSearchParams(fields) })

  return { ...jar, visit, follow, post }
}

export interface RunningServer {
  readonly origin: string
  readonly server: Server
  close(): void
}

/** Starts a server on a free port of this machine. */
export async function listen(given: RequestListener | Server): Promise<RunningServer> {
  const server = typeof given === 'function' ? createServer(given) : given
  // Never closes an idle connection that a client may be about to reuse.
  server.keepAliveTimeout = 0
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    server,
    close: () => server.close().closeAllConnections(),
  }
}
