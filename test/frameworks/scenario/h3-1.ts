// h3 1, as Nitro 2 and Nuxt use it: with Node's responses, and with the mocks that stand for them where
// there is no Node.

import { createServer } from 'node:http'
import * as h3 from 'h3-1'
import type { H3Event } from 'h3-1'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { defineSessionHandler } from 'sealed-session/h3'
import type { Session } from 'sealed-session'
import { listen } from '../application.ts'
import { serveFetch } from './hono.ts'
import * as shop from './shop.ts'
import type { RunningShop, ShopData } from './shop.ts'

function createApplication(upstream: string): h3.App {
  const sessions = shop.createShopSessions()
  const handler = <Result>(handle: (event: H3Event, session: Session<ShopData>) => Result) =>
    h3.defineEventHandler(defineSessionHandler(sessions, handle))

  const app = h3.createApp({
    onError(error, event) {
      if (!shop.isTooLarge(error)) return undefined
      h3.setResponseStatus(event, shop.TOO_LARGE.status)
      return h3.send(event, shop.TOO_LARGE.text)
    },
  })
  const router = h3.createRouter()
  router.get(
    '/ping',
    handler(() => 'pong'),
  )
  const read = handler((_, session) => shop.read(session))
  router.get('/read', read).head('/read', read)
  router.get(
    '/home',
    handler((_, session) => shop.home(session)),
  )
  router.get(
    '/visit',
    handler((_, session) => `${shop.visit(session)}`),
  )
  router.post(
    '/login',
    handler((event, session) => {
      shop.login(session, `${h3.getQuery(event)['user']}`)
      return h3.sendRedirect(event, '/home', 303)
    }),
  )
  router.post(
    '/store',
    handler((event, session) => shop.store(session, Number(h3.getQuery(event)['bytes']))),
  )
  router.post(
    '/fail',
    handler((_, session) => {
      shop.spoil(session)
      throw new Error('the handler failed')
    }),
  )
  router.post(
    '/forbidden',
    handler((_, session) => {
      shop.spoil(session)
      throw h3.createError({ statusCode: 403 })
    }),
  )
  router.get(
    '/stream',
    handler((_, session) => {
      shop.visit(session)
      return shop.streamOf(shop.CHUNKS)
    }),
  )
  router.get(
    '/theme',
    handler((event, session) => {
      shop.visit(session)
      h3.setCookie(event, 'theme', 'dark', { path: '/', secure: true })
      return 'dark'
    }),
  )
  router.get(
    '/upstream',
    handler((_, session) => {
      shop.visit(session)
      return fetch(upstream)
    }),
  )
  router.get(
    '/constant',
    handler((_, session) => {
      shop.visit(session)
      return null
    }),
  )
  router.post(
    '/logout',
    handler((_, session) => shop.logout(session)),
  )
  return app.use(router)
}

export async function startH3One(upstream: string): Promise<RunningShop> {
  const server = createServer(h3.toNodeListener(createApplication(upstream)))
  return { origin: await listen(server), stop: async () => server.close().closeAllConnections() }
}

/** Serves the same application through the mocks that Nitro 2 calls it with. */
export async function startH3OneOnMocks(upstream: string): Promise<RunningShop> {
  const listener = h3.toNodeListener(createApplication(upstream))
  return serveFetch((request) => {
    const { pathname, search } = new URL(request.url)
    // The mock's types are those of Node, which have more than it needs.
    return fetchNodeRequestHandler(listener as never, pathname + search, {
      method: request.method,
      headers: request.headers,
    })
  })
}
