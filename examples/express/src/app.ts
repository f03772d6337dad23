// src/app.ts
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express, { type ErrorRequestHandler } from 'express'
import { SessionTooLargeError } from 'sealed-session'
import { nodeSessions, type WithSession } from 'sealed-session/node'
import { renderHome, report } from './pages.js'
import { sessions, type Data } from './session.js'

declare global {
  namespace Express {
    interface Request extends WithSession<Data> {}
  }
}

export const app = express()
app.use(nodeSessions(sessions).middleware)
app.use(express.urlencoded({ extended: false }))

app.get('/', ({ session }, response) => {
  response.send(renderHome({ user: session.get('user'), messages: session.flash('notice') }))
})

app.post('/login', ({ session, body }, response) => {
  if (typeof body?.user !== 'string') return void response.status(400).send('no user')
  session.regenerate()
  session.set('user', body.user)
  session.flash('notice', 'Welcome')
  response.redirect(303, '/')
})

app.post('/logout', ({ session }, response) => {
  session.destroy()
  response.redirect(303, '/')
})

app.get('/me', ({ session }, response) => {
  response.json({ user: session.get('user'), notes: session.get('notes', '').length })
})

app.post('/notes', ({ session, body }, response) => {
  session.set('notes', String(body?.text ?? ''))
  response.redirect(303, '/')
})

app.post('/fail', ({ session }) => {
  session.set('notes', 'never kept')
  throw new Error('the database is gone')
})

app.get('/stream', async ({ session }, response) => {
  // Before the body, because cookies are sent before it.
  session.set('visits', session.get('visits', 0) + 1)
  response.type('text')
  await pipeline(Readable.from(report(session.get('visits', 0))), response)
})

app.get('/upstream', async ({ session }, response) => {
  session.set('visits', session.get('visits', 0) + 1)
  const { headers, body } = await fetch(process.env.UPSTREAM ?? '')
  for (const name of ['content-type', 'cache-control', 'cdn-cache-control']) {
    const value = headers.get(name)
    if (value !== null) response.setHeader(name, value)
  }
  await pipeline(body ?? [], response)
})

app.get('/health', (_, response) => {
  response.type('text').send('ok')
})

const onError: ErrorRequestHandler = (error, { session }, response, next) => {
  if (response.headersSent) return next(error)
  session?.discard() // what the handler that failed has changed, if the session could be opened
  const tooLarge = error instanceof SessionTooLargeError
  response.status(tooLarge ? 413 : 500).send(tooLarge ? 'too large' : 'failed')
}
app.use(onError)
