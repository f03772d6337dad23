// src/app.ts
import { createContextKey, createRouter, type Middleware } from '@remix-run/fetch-router'
import { SessionTooLargeError, type Session } from 'sealed-session'
import { renderHome, report } from './pages.js'
import { sessions, type Data } from './session.js'

const sessionKey = createContextKey<Session<Data>>()

/** Answers what the handlers and the session throw. */
const errors: Middleware = async (_, next) => {
  try {
    return await next()
  } catch (error) {
    if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
    return new Response('failed', { status: 500 })
  }
}

const session: Middleware<{ key: typeof sessionKey; value: Session<Data> }> = (context, next) =>
  sessions.wrap((_, opened) => {
    context.set(sessionKey, opened)
    return next()
  })(context.request)

export const router = createRouter({ middleware: [errors, session] })

router.get('/', (context) => {
  const opened = context.get(sessionKey)
  const page = renderHome({ user: opened.get('user'), messages: opened.flash('notice') })
  return new Response(page, { headers: { 'content-type': 'text/html; charset=utf-8' } })
})

router.post('/login', async (context) => {
  const user = (await context.request.formData()).get('user')
  if (typeof user !== 'string') return new Response('no user', { status: 400 })
  const opened = context.get(sessionKey)
  opened.regenerate()
  opened.set('user', user)
  opened.flash('notice', 'Welcome')
  return redirectHome()
})

router.post('/logout', (context) => {
  context.get(sessionKey).destroy()
  return redirectHome()
})

router.get('/me', (context) => {
  const opened = context.get(sessionKey)
  return Response.json({ user: opened.get('user'), notes: opened.get('notes', '').length })
})

router.post('/notes', async (context) => {
  const text = (await context.request.formData()).get('text')
  if (typeof text !== 'string') return new Response('no text', { status: 400 })
  context.get(sessionKey).set('notes', text)
  return redirectHome()
})

router.post('/fail', (context) => {
  context.get(sessionKey).set('notes', 'never kept')
  throw new Error('the database is gone')
})

router.get('/stream', (context) => {
  const visits = countVisit(context.get(sessionKey)) // before the body, as cookies are sent before it
  return new Response(report(visits), { headers: { 'content-type': 'text/plain' } })
})

router.get('/upstream', (context) => {
  countVisit(context.get(sessionKey))
  return fetch(process.env.UPSTREAM ?? '')
})

router.get('/health', () => new Response('ok'))

function countVisit(opened: Session<Data>): number {
  const visits = opened.get('visits', 0) + 1
  opened.set('visits', visits)
  return visits
}

function redirectHome(): Response {
  return new Response(null, { status: 303, headers: { location: '/' } })
}
