import { Readable } from 'node:stream'
import fastify from 'fastify'
import { fastifySession } from 'sealed-session/fastify'
import type { Session } from 'sealed-session'
import * as shop from './shop.ts'
import type { RunningShop, ShopData } from './shop.ts'

interface Query {
  Querystring: { user?: string; bytes?: string }
}

/** `fastify.test.ts` declares `request.session` for its own application. */
function sessionOf(request: object): Session<ShopData> {
  return Reflect.get(request, 'session')
}

export async function startFastify(upstream: string): Promise<RunningShop> {
  const app = fastify()
  await app.register(fastifySession, { sessions: shop.createShopSessions() })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (shop.isTooLarge(error)) return reply.code(shop.TOO_LARGE.status).send(shop.TOO_LARGE.text)
    return reply.code(error.statusCode ?? 500).send('failed')
  })
  // A nested plugin has the session too.
  await app.register(async (routes) => {
    routes.get('/ping', () => 'pong')
    routes.get('/read', (request) => shop.read(sessionOf(request)))
    routes.get('/home', (request) => shop.home(sessionOf(request)))
    routes.get('/visit', (request) => `${shop.visit(sessionOf(request))}`)
    routes.post<Query>('/login', (request, reply) => {
      shop.login(sessionOf(request), request.query.user)
      return reply.redirect('/home', 303)
    })
    routes.post<Query>('/store', (request) =>
      shop.store(sessionOf(request), Number(request.query.bytes)),
    )
    routes.post('/fail', (request) => {
      shop.spoil(sessionOf(request))
      throw new Error('the handler failed')
    })
    routes.post('/forbidden', (request) => {
      shop.spoil(sessionOf(request))
      throw Object.assign(new Error('forbidden'), { statusCode: 403 })
    })
    routes.get('/stream', (request, reply) => {
      shop.visit(sessionOf(request))
      return reply.type('text/plain').send(Readable.from(shop.CHUNKS))
    })
    routes.get('/theme', (request, reply) => {
      shop.visit(sessionOf(request))
      return reply.header('set-cookie', 'theme=dark; Path=/; Secure').send('dark')
    })
    routes.get('/upstream', async (request, reply) => {
      shop.visit(sessionOf(request))
      return reply.send(await fetch(upstream))
    })
    routes.get('/constant', (request, reply) => {
      shop.visit(sessionOf(request))
      return reply.code(204).send()
    })
    routes.post('/logout', (request) => shop.logout(sessionOf(request)))
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, stop: () => app.close() }
}
