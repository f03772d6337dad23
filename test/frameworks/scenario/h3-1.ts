// h3 1, as Nitro 2 and Nuxt use it: with Node's responses, and with the mocks that replace them
// without Node.

import { createServer } from 'node:http'
import { createApp, toNodeListener } from 'h3-1'
import type { App } from 'h3-1'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { listen } from '../application.ts'
import { answerTooLarge, createShopRouter } from './h3-1-routes.ts'
import { serveFetch } from './serve.ts'
import type { RunningShop } from './shop.ts'

function createApplication(upstream: string): App {
  return createApp({ onError: answerTooLarge }).use(createShopRouter(upstream))
}

export async function startH3One(upstream: string): Promise<RunningShop> {
  const server = createServer(toNodeListener(createApplication(upstream)))
  return { origin: await listen(server), stop: async () => server.close().closeAllConnections() }
}

/** Serves the same application through the mocks that Nitro 2 uses. */
export async function startH3OneOnMocks(upstream: string): Promise<RunningShop> {
  const listener = toNodeListener(createApplication(upstream))
  return serveFetch((request) => {
    const { pathname, search } = new URL(request.url)
    // The mock's types are those of Node, which have more members than it uses.
    return fetchNodeRequestHandler(listener as never, pathname + search, {
      method: request.method,
      headers: request.headers,
    })
  })
}
