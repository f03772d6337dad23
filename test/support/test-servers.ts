// Real servers of Node's `http` and `http2`, on a free port of this machine, and clients that
// record the received bytes: every Set-Cookie line, and whether the response was complete.

import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { untyped } from './mint.ts'

export type Listener = (request: IncomingMessage, response: ServerResponse) => void

export interface SentRequest {
  readonly method?: string
  readonly path?: string
  readonly cookie?: string | undefined
  /** Aborts the request as soon as it settles. */
  readonly until?: Promise<unknown>
}

export interface ReceivedResponse {
  readonly status: number
  readonly cookies: readonly string[]
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Thrown when a connection ends before the response does. */
export class ConnectionCut extends Error {}

export interface TestServer {
  ask(asked?: SentRequest): Promise<ReceivedResponse>
  close(): Promise<void>
}

/** Starts a server of either kind, with a client for it. */
export const testServers = {
  http: async (listener: Listener): Promise<TestServer> => {
    const server = http.createServer((request, response) => listener(request, response))
    const { port } = await listen(server)
    return { ask: (asked = {}) => askHttp(port, asked), close: () => closed(server) }
  },
  http2: async (listener: Listener): Promise<TestServer> => {
    const server = http2.createServer()
    // Its compatibility API is part of that of `http`.
    server.on('request', untyped<Parameters<typeof server.on>[1]>(listener))
    const { port } = await listen(server)
    return { ask: (asked = {}) => askHttp2(port, asked), close: () => closed(server) }
  },
}

async function listen(server: Server): Promise<AddressInfo> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  if (typeof address === 'object' && address !== null) return address
  throw new Error('the server has no port')
}

function closed(server: Server): Promise<void> {
  if (server instanceof http.Server) server.closeAllConnections()
  return new Promise((done) => server.close(() => done()))
}

function askHttp(port: number, asked: SentRequest): Promise<ReceivedResponse> {
  const { method = 'GET', path = '/', cookie, until } = asked
  return new Promise((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie }
    const request = http.request({ port, host: '127.0.0.1', method, path, headers, agent: false })
    const cut = () => reject(new ConnectionCut())
    void until?.then(() => request.destroy())
    request.on('error', cut).on('close', cut)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', cut).on('aborted', cut)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        const body = Buffer.concat(chunks).toString()
        resolve({ status, cookies: headers['set-cookie'] ?? [], headers, body })
      })
    })
    request.end()
  })
}

function askHttp2(port: number, asked: SentRequest): Promise<ReceivedResponse> {
  const { method = 'GET', path = '/', cookie, until } = asked
  const client = http2.connect(`http://127.0.0.1:${port}`)
  const answer = new Promise<ReceivedResponse>((resolve, reject) => {
    const headers = cookie === undefined ? {} : { cookie }
    const stream = client.request({ ':method': method, ':path': path, ...headers })
    const cut = () => reject(new ConnectionCut())
    client.on('error', cut)
    void until?.then(() => stream.close(http2.constants.NGHTTP2_CANCEL))
    let head: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
    const chunks: Buffer[] = []
    stream.on('response', (headers) => void (head = headers))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', cut).on('aborted', cut)
    stream.on('close', () => {
      const status = head[':status']
      if (status === undefined || stream.rstCode !== 0) return cut()
      const body = Buffer.concat(chunks).toString()
      return resolve({ status, cookies: head['set-cookie'] ?? [], headers: head, body })
    })
    stream.end()
  })
  return answer.finally(() => client.destroy())
}
