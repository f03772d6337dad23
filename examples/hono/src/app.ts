// src/app.ts
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'
import { SessionTooLargeError } from 'sealed-session'
import { honoSession, type HonoSessionEnv } from 'sealed-session/hono'
import { renderHome, report } from './pages.js'
import { sessions, type Data } from './session.js'

export const app = new Hono<HonoSessionEnv<Data>>()
app.use(honoSession(sessions))

app.get('/', (c) => {
  const { session } = c.var
  return c.html(renderHome({ user: session.get('user'), messages: session.flash('notice') }))
})

app.post('/login', async (c) => {
  const { user } = await c.req.parseBody()
  if (typeof user !== 'string') return c.text('no user', 400)
  c.var.session.regenerate()
  c.var.session.set('user', user)
  c.var.session.flash('notice', 'Welcome')
  return c.redirect('/', 303)
})

app.post('/logout', (c) => {
  c.var.session.destroy()
  return c.redirect('/', 303)
})

app.get('/me', (c) => {
  const { session } = c.var
  return c.json({ user: session.get('user'), notes: session.get('notes', '').length })
})

app.post('/notes', async (c) => {
  const { text } = await c.req.parseBody()
  if (typeof text !== 'string') return c.text('no text', 400)
  c.var.session.set('notes', text)
  return c.redirect('/', 303)
})

app.post('/fail', (c) => {
  c.var.session.set('notes', 'never kept')
  throw new Error('the database is gone')
})

app.get('/stream', (c) => {
  const visits = c.var.session.get('visits', 0) + 1
  c.var.session.set('visits', visits) // before the body, because cookies are sent before it
  return streamText(c, async (stream) => {
    for await (const line of report(visits)) await stream.write(line)
  })
})

app.get('/upstream', (c) => {
  c.var.session.set('visits', c.var.session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? '')
})

app.get('/health', (c) => c.text('ok'))

app.onError((error, c) => {
  if (error instanceof SessionTooLargeError) return c.text('too large', 413)
  return c.text('failed', 500)
})
