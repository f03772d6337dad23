import { Elysia } from 'elysia'
import { elysiaSession } from 'sealed-session/elysia'
import * as shop from './shop.ts'

const NO_CONTENT = new Response(null, { status: 204 })

// The return type is Elysia's own, with all routes in it.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function createElysiaShop(upstream: string) {
  return new Elysia()
    .onError(({ error, set }) => {
      if (!shop.isTooLarge(error)) return undefined
      set.status = shop.TOO_LARGE.status
      return shop.TOO_LARGE.text
    })
    .use(elysiaSession(shop.createShopSessions()))
    .get('/ping', 'pong')
    .get('/read', ({ session }) => shop.read(session))
    .get('/home', ({ session }) => shop.home(session))
    .get('/visit', ({ session }) => `${shop.visit(session)}`)
    .post('/login', ({ session, query, set }) => {
      shop.login(session, query['user'])
      // Its own `redirect` to a path needs Bun.
      set.status = 303
      set.headers['location'] = '/home'
    })
    .post('/store', ({ session, query }) => shop.store(session, Number(query['bytes'])))
    .post('/fail', ({ session }) => {
      shop.spoil(session)
      throw new Error('the handler failed')
    })
    .post('/forbidden', ({ session, status }) => {
      shop.spoil(session)
      throw status(403)
    })
    .get('/stream', async function* stream({ session }) {
      shop.visit(session)
      yield* shop.CHUNKS
    })
    .get('/theme', ({ session, cookie }) => {
      shop.visit(session)
      cookie['theme']?.set({ value: 'dark', path: '/', secure: true })
      return 'dark'
    })
    .get('/upstream', ({ session }) => {
      shop.visit(session)
      return fetch(upstream)
    })
    .get('/constant', ({ session }) => {
      shop.visit(session)
      return NO_CONTENT
    })
    .post('/logout', ({ session }) => shop.logout(session))
}
