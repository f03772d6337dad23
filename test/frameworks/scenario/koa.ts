import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import Koa from 'koa'
import { koaSession } from 'sealed-session/koa'
import { listen } from '../application.ts'
import * as shop from './shop.ts'
import type { RunningShop } from './shop.ts'

export async function startKoa(upstream: string): Promise<RunningShop> {
  const app = new Koa()
  app.silent = true
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (!shop.isTooLarge(error)) throw error
      ctx.status = shop.TOO_LARGE.status
      ctx.body = shop.TOO_LARGE.text
    }
  })
  app.use(koaSession(shop.createShopSessions())).use(async (ctx) => {
    const { session, method, path } = ctx
    const query = ctx.URL.searchParams
    switch (`${method === 'HEAD' ? 'GET' : method} ${path}`) {
      case 'GET /ping':
        ctx.body = 'pong'
        return
      case 'GET /read':
        ctx.body = shop.read(session)
        return
      case 'GET /home':
        ctx.body = shop.home(session)
        return
      case 'GET /visit':
        ctx.body = `${shop.visit(session)}`
        return
      case 'POST /login':
        shop.login(session, query.get('user'))
        ctx.redirect('/home')
        ctx.status = 303
        return
      case 'POST /store':
        ctx.body = shop.store(session, Number(query.get('bytes')))
        return
      case 'POST /fail':
        shop.spoil(session)
        throw new Error('the handler failed')
      case 'POST /forbidden':
        shop.spoil(session)
        ctx.throw(403, 'forbidden')
        return
      case 'GET /stream':
        shop.visit(session)
        ctx.body = Readable.from(shop.CHUNKS)
        return
      case 'GET /theme':
        shop.visit(session)
        ctx.cookies.secure = true
        ctx.cookies.set('theme', 'dark', { secure: true })
        ctx.body = 'dark'
        return
      case 'GET /upstream':
        shop.visit(session)
        ctx.body = await fetch(upstream)
        return
      case 'GET /constant':
        shop.visit(session)
        ctx.status = 204
        return
      case 'POST /logout':
        ctx.body = shop.logout(session)
    }
  })
  const server = createServer(app.callback())
  return { origin: await listen(server), stop: async () => server.close().closeAllConnections() }
}
