// The exports of a module of the documentation, as functions that answer a request: fetch handlers,
// default exports with `fetch`, Node servers, Express and Fastify applications.

import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'

export type Handler = (request: Request) => Promise<Response>

/** The members of Fastify's `inject` that are used here. */
interface Injectable {
  inject(path: string): Promise<{ readonly statusCode: number; readonly headers: object }>
}

/** Returns the handlers among the exports of a module. */
export function handlersOf(exported: unknown): Handler[] {
  if (typeof exported !== 'object' || exported === null) return []
  return Object.values(exported).flatMap((member: unknown) => {
    if (isFetcher(member)) return [member.fetch]
    if (isInjectable(member)) return [(request: Request) => inject(member, request)]
    if (isServer(member)) return [() => ask(member)]
    if (isListener(member)) return [() => ask(createServer(member))]
    return isHandler(member) ? [member] : []
  })
}

function isHandler(member: unknown): member is Handler {
  return typeof member === 'function'
}

/** Express applications are functions of a request and a response, with `listen`. */
function isListener(member: unknown): member is RequestListener {
  return typeof member === 'function' && 'listen' in member
}

function isFetcher(member: unknown): member is { readonly fetch: Handler } {
  return typeof member === 'object' && member !== null && 'fetch' in member
}

function isInjectable(member: unknown): member is Injectable {
  return typeof member === 'object' && member !== null && 'inject' in member
}

function isServer(member: unknown): member is Server {
  return typeof member === 'object' && member !== null && 'listen' in member
}

async function ask(server: Server): Promise<Response> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  try {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return await fetch(`http://127.0.0.1:${port}/`)
  } finally {
    server.close()
  }
}

async function inject(application: Injectable, request: Request): Promise<Response> {
  const { statusCode } = await application.inject(new URL(request.url).pathname)
  return new Response(null, { status: statusCode })
}
