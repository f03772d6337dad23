// The adapters against the frameworks' own types. No code of this file is run.

import { Elysia } from 'elysia'
import fastify from 'fastify'
import { H3 } from 'h3'
import { createApp, createRouter, defineEventHandler, getQuery } from 'h3-1'
import type { H3Event } from 'h3-1'
import { Hono } from 'hono'
import Koa from 'koa'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { elysiaSession } from 'sealed-session/elysia'
import { fastifySession } from 'sealed-session/fastify'
import { defineSessionHandler, h3Session } from 'sealed-session/h3'
import { honoSession } from 'sealed-session/hono'
import type { HonoSessionEnv } from 'sealed-session/hono'
import { koaSession } from 'sealed-session/koa'

interface Data {
  user: string
}

declare module 'fastify' {
  interface FastifyRequest {
    readonly session: Session<Data>
  }
}

declare module 'h3' {
  interface H3EventContext {
    session: Session<Data>
  }
}

const sessions = createSessions<Data>({ secrets: '' })

/** Accepts only a session of this application. */
function userOf(session: Session<Data>): string | undefined {
  return session.get('user')
}

export const hono = new Hono<HonoSessionEnv<Data>>()
hono.use(honoSession(sessions))
hono.get('/', (c) => c.text(userOf(c.var.session) ?? ''))
hono.use('/x/*', honoSession(sessions))

export const h3 = new H3()
h3.use(h3Session(sessions))
h3.get('/', ({ context }) => userOf(context.session))

export const h3One = createApp()
h3One.use(
  createRouter()
    .get(
      '/',
      defineEventHandler(
        defineSessionHandler(sessions, (event, session) => [getQuery(event), userOf(session)]),
      ),
    )
    .get(
      '/annotated',
      defineSessionHandler(sessions, (event: H3Event, session) => [
        getQuery(event),
        userOf(session),
      ]),
    ),
)

export const koa = new Koa().use(koaSession(sessions)).use((ctx) => {
  ctx.body = userOf(ctx.session)
})

export const fast = fastify()
fast.register(fastifySession, { sessions })
fast.get('/', (request) => userOf(request.session))
// @ts-expect-error The sessions are missing.
fast.register(fastifySession, {})

export const elysia = new Elysia()
  .use(elysiaSession(sessions))
  .get('/', ({ session, query }) => [query['page'] ?? '', userOf(session)])
// @ts-expect-error The query is no number: the plugin leaves the other types as they are.
elysia.get('/', ({ query }) => Math.abs(query))
