import { H3, HTTPError, HTTPResponse, redirect, serve, setCookie } from 'h3'
import type { H3Event } from 'h3'
import { h3Session } from 'sealed-session/h3'
import type { Session } from 'sealed-session'
import * as shop from './shop.ts'
import type { RunningShop, ShopData } from './shop.ts'

const NO_CONTENT = new HTTPResponse('', { status: 204 })

/** The applications of this folder would declare `event.context.session` globally, so none does. */
function sessionOf({ context }: H3Event): Session<ShopData> {
  const session: unknown = context.session
  return session as Session<ShopData>
}

export async function startH3(upstream: string): Promise<RunningShop> {
  const app = new H3({
    silent: true,
    onError: ({ cause }) =>
      shop.isTooLarge(cause)
        ? new Response(shop.TOO_LARGE.text, { status: shop.TOO_LARGE.status })
        : undefined,
  })
  app.use(h3Session(shop.createShopSessions()))
  app.get('/ping', () => 'pong')
  app.get('/read', (event) => shop.read(sessionOf(event)))
  app.get('/home', (event) => shop.home(sessionOf(event)))
  app.get('/visit', (event) => `${shop.visit(sessionOf(event))}`)
  app.post('/login', (event) => {
    shop.login(sessionOf(event), event.url.searchParams.get('user'))
    return redirect('/home', 303)
  })
  app.post('/store', (event) =>
    shop.store(sessionOf(event), Number(event.url.searchParams.get('bytes'))),
  )
  app.post('/fail', (event) => {
    shop.spoil(sessionOf(event))
    throw new Error('the handler failed')
  })
  app.post('/forbidden', (event) => {
    shop.spoil(sessionOf(event))
    return new HTTPError({ status: 403 })
  })
  app.get('/stream', (event) => {
    shop.visit(sessionOf(event))
    return shop.streamOf(shop.CHUNKS)
  })
  app.get('/theme', (event) => {
    shop.visit(sessionOf(event))
    setCookie(event, 'theme', 'dark', { path: '/', secure: true })
    return 'dark'
  })
  app.get('/upstream', (event) => {
    shop.visit(sessionOf(event))
    event.res.headers.set('cache-control', 'public, max-age=60')
    return fetch(upstream)
  })
  app.get('/constant', (event) => {
    shop.visit(sessionOf(event))
    return NO_CONTENT
  })
  app.post('/logout', (event) => shop.logout(sessionOf(event)))
  const server = serve(app, { hostname: '127.0.0.1', port: 0, silent: true })
  await server.ready()
  return { origin: new URL(server.url ?? '').origin, stop: () => server.close(true) }
}
