// A proxy on this machine that holds the response of one path, so that it arrives after others.

import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HoldingProxy {
  readonly url: string
  /** Resolves when the response of the path is here. */
  readonly arrival: Promise<void>
  /** Sends it. */
  release(): void
  stop(): Promise<void>
}

/** Starts a proxy in front of a server. It holds the first response of `path`. */
export async function startHoldingProxy(origin: string, path: string): Promise<HoldingProxy> {
  let [arrive, release] = [() => {}, () => {}]
  const arrival = new Promise<void>((resolve) => (arrive = resolve))
  const released = new Promise<void>((resolve) => (release = resolve))

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url = '/', headers } = incoming
    const answer = async (response: IncomingMessage) => {
      if (url === path) {
        arrive()
        await released
      }
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders)
      response.pipe(outgoing)
    }
    incoming.pipe(
      request(new URL(url, origin), { method, headers, agent: false })
        .once('response', (response) => void answer(response))
        .once('error', () => outgoing.destroy()),
    )
  }

  const server = createServer(forward).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    arrival,
    release,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
