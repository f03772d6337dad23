// src/app.ts
import { Elysia, t } from 'elysia'
import { SessionTooLargeError } from 'sealed-session'
import { elysiaSession } from 'sealed-session/elysia'
import { renderHome, report } from './pages.js'
import { sessions } from './session.js'

export const app = new Elysia()
  .use(elysiaSession(sessions))
  .onError(({ error, status }) => {
    if (error instanceof SessionTooLargeError) return status(413, 'too large')
    return undefined
  })
  .get('/', ({ session, set }) => {
    set.headers['content-type'] = 'text/html; charset=utf-8'
    return renderHome({ user: session.get('user'), messages: session.flash('notice') })
  })
  .post(
    '/login',
    ({ session, body, redirect }) => {
      session.regenerate()
      session.set('user', body.user)
      session.flash('notice', 'Welcome')
      return redirect('/', 303)
    },
    { body: t.Object({ user: t.String() }) },
  )
  .post('/logout', ({ session, redirect }) => {
    session.destroy()
    return redirect('/', 303)
  })
  .get('/me', ({ session }) => ({
    user: session.get('user'),
    notes: session.get('notes', '').length,
  }))
  .post(
    '/notes',
    ({ session, body, redirect }) => {
      session.set('notes', body.text)
      return redirect('/', 303)
    },
    { body: t.Object({ text: t.String() }) },
  )
  .post('/fail', ({ session }) => {
    session.set('notes', 'never kept')
    throw new Error('the database is gone')
  })
  .get('/stream', async function* stream({ session }) {
    const visits = session.get('visits', 0) + 1
    session.set('visits', visits) // before the first yield, because cookies are sent before it
    yield* report(visits)
  })
  .get('/upstream', ({ session }) => {
    session.set('visits', session.get('visits', 0) + 1)
    return fetch(process.env.UPSTREAM ?? '')
  })
  .get('/health', 'ok')
