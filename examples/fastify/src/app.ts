// src/app.ts
import { Readable } from 'node:stream'
import formbody from '@fastify/formbody'
import fastify, { type FastifyError, type RouteShorthandOptions } from 'fastify'
import { SessionTooLargeError, type Session } from 'sealed-session'
import { fastifySession } from 'sealed-session/fastify'
import { renderHome, report } from './pages.js'
import { sessions, type Data } from './session.js'

declare module 'fastify' {
  interface FastifyRequest {
    readonly session: Session<Data>
  }
}

export const app = fastify()
app.register(fastifySession, { sessions })
app.register(formbody)

app.get('/', ({ session }, reply) => {
  const page = renderHome({ user: session.get('user'), messages: session.flash('notice') })
  return reply.type('text/html; charset=utf-8').send(page)
})

app.post<{ Body: { user: string } }>('/login', formWith('user'), ({ session, body }, reply) => {
  session.regenerate()
  session.set('user', body.user)
  session.flash('notice', 'Welcome')
  return reply.redirect('/', 303)
})

app.post('/logout', ({ session }, reply) => {
  session.destroy()
  return reply.redirect('/', 303)
})

app.get('/me', ({ session }) => ({
  user: session.get('user'),
  notes: session.get('notes', '').length,
}))

app.post<{ Body: { text: string } }>('/notes', formWith('text'), ({ session, body }, reply) => {
  session.set('notes', body.text)
  return reply.redirect('/', 303)
})

app.post('/fail', ({ session }) => {
  session.set('notes', 'never kept')
  throw new Error('the database is gone')
})

app.get('/stream', ({ session }, reply) => {
  // Before the body, because cookies are sent before it.
  session.set('visits', session.get('visits', 0) + 1)
  return reply.type('text/plain').send(Readable.from(report(session.get('visits', 0))))
})

app.get('/upstream', async ({ session }) => {
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? '')
})

app.get('/health', () => 'ok')

app.setErrorHandler<FastifyError>((error, _, reply) => {
  if (error instanceof SessionTooLargeError) return reply.code(413).send('too large')
  return reply.code(error.statusCode ?? 500).send('failed')
})

function formWith(field: string): RouteShorthandOptions {
  const properties = { [field]: { type: 'string' } }
  return { schema: { body: { type: 'object', required: [field], properties } } }
}
