// A server of `node:http` behind `expressSession`, as Express and Connect would run it, and a
// browser for it.

import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Sessions } from 'sealed-session'
import { expressSession } from 'sealed-session/express'
import type { WithExpressSession } from 'sealed-session/express'
import { createJar } from './cookie-jar.ts'
import type { Browser } from './cookie-jar.ts'
import { codeOf } from './errors.ts'

export type ExpressRequest<Data extends object> = IncomingMessage & WithExpressSession<Data>

export type ExpressHandler<Data extends object> = (
  request: ExpressRequest<Data>,
  response: ServerResponse,
) => unknown

export interface ExpressVisitor<Data extends object> extends Browser {
  /** Sends a request with the cookies of this browser, and stores those of the response. */
  visit(handler: ExpressHandler<Data>): Promise<Response>
  /** Returns the result of a handler, as JSON. */
  ask(handler: ExpressHandler<Data>): Promise<unknown>
  /** The errors that `next` received. */
  readonly errors: unknown[]
  readonly server: Server
}

/** Starts a server on a free port. Each visit brings its own handler. */
export async function startVisitor<Data extends object>(
  sessions: Sessions<Data>,
): Promise<ExpressVisitor<Data>> {
  const middleware = expressSession(sessions)
  const jar = createJar()
  const errors: unknown[] = []
  let current: ExpressHandler<Data> = () => {}

  const server = createServer((request, response) => {
    middleware(request, response, async (error) => {
      if (error === undefined) {
        await current(request as ExpressRequest<Data>, response)
        return
      }
      errors.push(error)
      if (!response.headersSent) response.writeHead(500).end(String(codeOf(error)))
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  async function visit(handler: ExpressHandler<Data>): Promise<Response> {
    current = handler
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: jar.header() } })
    jar.store(response)
    return response
  }

  async function ask(handler: ExpressHandler<Data>): Promise<unknown> {
    const response = await visit(async (request, reply) => {
      const value: unknown = await handler(request, reply)
      reply.end(JSON.stringify(value ?? null))
    })
    const text = await response.text()
    return response.ok ? JSON.parse(text) : text
  }

  return { ...jar, visit, ask, errors, server }
}
