// The application of the scenario for h3 1, and for Nitro 2 with its own h3 1.

import * as h3 from 'h3-1'
import type { H3Event } from 'h3-1'
import { defineSessionHandler } from 'sealed-session/h3'
import type { Session } from 'sealed-session'
import * as shop from './shop.ts'
import type { ShopData } from './shop.ts'

function queryOf({ path }: H3Event): URLSearchParams {
  return new URL(path, 'http://localhost').searchParams
}

/** Returns the routes of the application. */
export function createShopRouter(upstream: string): h3.Router {
  const sessions = shop.createShopSessions()
  const handler = (handle: (event: H3Event, session: Session<ShopData>) => unknown) =>
    h3.defineEventHandler(defineSessionHandler(sessions, handle))

  const router = h3.createRouter({ preemptive: true })
  router.post(
    '/.well-known/session-device',
    h3.defineEventHandler((event) => sessions.device(h3.toWebRequest(event))),
  )
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
      shop.login(session, queryOf(event).get('user'))
      return h3.sendRedirect(event, '/home', 303)
    }),
  )
  router.post(
    '/store',
    handler((event, session) => shop.store(session, Number(queryOf(event).get('bytes')))),
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
  return router
}

/** Answers an error if it is that of a session that does not fit. */
export async function answerTooLarge(error: Error, event: H3Event): Promise<void> {
  if (!shop.isTooLarge(error)) return
  h3.setResponseStatus(event, shop.TOO_LARGE.status)
  await h3.send(event, shop.TOO_LARGE.text)
}
