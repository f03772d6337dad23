// src/app.ts
import { Readable } from 'node:stream'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import { SessionTooLargeError } from 'sealed-session'
import { koaSession, type KoaSessionContext } from 'sealed-session/koa'
import { renderHome, report } from './pages.js'
import { sessions, type Data } from './session.js'

const router = new Router<Koa.DefaultState, KoaSessionContext<Data>>()

router.get('/', (ctx) => {
  const { session } = ctx
  ctx.body = renderHome({ user: session.get('user'), messages: session.flash('notice') })
})

router.post('/login', (ctx) => {
  ctx.session.regenerate()
  ctx.session.set('user', fieldOf(ctx, 'user'))
  ctx.session.flash('notice', 'Welcome')
  ctx.status = 303
  ctx.redirect('/')
})

router.post('/logout', (ctx) => {
  ctx.session.destroy()
  ctx.status = 303
  ctx.redirect('/')
})

router.get('/me', (ctx) => {
  ctx.body = { user: ctx.session.get('user'), notes: ctx.session.get('notes', '').length }
})

router.post('/notes', (ctx) => {
  ctx.session.set('notes', fieldOf(ctx, 'text'))
  ctx.status = 303
  ctx.redirect('/')
})

router.post('/fail', (ctx) => {
  ctx.session.set('notes', 'never kept')
  throw new Error('the database is gone')
})

router.get('/stream', (ctx) => {
  // Before the body, because cookies are sent before it.
  ctx.session.set('visits', ctx.session.get('visits', 0) + 1)
  ctx.type = 'text'
  ctx.body = Readable.from(report(ctx.session.get('visits', 0)))
})

router.get('/upstream', async (ctx) => {
  ctx.session.set('visits', ctx.session.get('visits', 0) + 1)
  ctx.body = await fetch(process.env.UPSTREAM ?? '')
})

router.get('/health', (ctx) => {
  ctx.body = 'ok'
})

export const app = new Koa()
app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    if (!(error instanceof SessionTooLargeError)) throw error
    ctx.status = 413
    ctx.body = 'too large'
  }
})
app.use(koaSession(sessions))
app.use(bodyParser({ formLimit: '1mb' }))
app.use(router.routes())

function fieldOf(ctx: Koa.ParameterizedContext, name: string): string {
  const value: unknown = Object(ctx.request.body)[name]
  if (typeof value !== 'string') return ctx.throw(400, `no ${name}`)
  return value
}
