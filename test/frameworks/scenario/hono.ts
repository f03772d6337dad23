import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { setCookie } from 'hono/cookie'
import { honoSession } from 'sealed-session/hono'
import type { HonoSessionEnv } from 'sealed-session/hono'
import { serveFetch } from './serve.ts'
import * as shop from './shop.ts'
import type { RunningShop, ShopData } from './shop.ts'

const NO_CONTENT = new Response(null, { status: 204 })

export async function startHono(upstream: string): Promise<RunningShop> {
  const app = new Hono<HonoSessionEnv<ShopData>>()
  app.use(honoSession(shop.createShopSessions()))
  app.get('/ping', (c) => c.text('pong'))
  app.get('/read', (c) => c.json(shop.read(c.var.session)))
  app.get('/home', (c) => c.text(shop.home(c.var.session)))
  app.get('/visit', (c) => c.text(`${shop.visit(c.var.session)}`))
  app.post('/login', (c) => {
    shop.login(c.var.session, c.req.query('user'))
    return c.redirect('/home', 303)
  })
  app.post('/store', (c) => c.text(shop.store(c.var.session, Number(c.req.query('bytes')))))
  app.post('/fail', (c) => {
    shop.spoil(c.var.session)
    throw new Error('the handler failed')
  })
  app.post('/forbidden', (c) => {
    shop.spoil(c.var.session)
    throw new HTTPException(403, { message: 'forbidden' })
  })
  app.get('/stream', (c) => {
    shop.visit(c.var.session)
    return c.body(shop.streamOf(shop.CHUNKS))
  })
  app.get('/theme', (c) => {
    shop.visit(c.var.session)
    setCookie(c, 'theme', 'dark', { path: '/', secure: true })
    return c.text('dark')
  })
  app.get('/upstream', (c) => {
    shop.visit(c.var.session)
    return fetch(upstream)
  })
  app.get('/constant', (c) => {
    shop.visit(c.var.session)
    return NO_CONTENT
  })
  app.post('/logout', (c) => c.text(shop.logout(c.var.session)))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (shop.isTooLarge(error)) return c.text(shop.TOO_LARGE.text, shop.TOO_LARGE.status)
    return c.text('failed', 500)
  })
  return serveFetch(app.fetch)
}
