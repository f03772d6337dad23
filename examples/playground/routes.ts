// What a visitor can do, one route each. `wrap` writes what a route changes in the session into its
// response.

import { setTimeout } from 'node:timers/promises'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Session } from 'sealed-session'
import type { Configuration, Data } from './configuration.ts'
import { tamper } from './cookies.ts'
import { page } from './page.ts'
import { MUCH, TOO_MUCH } from './sample.ts'
import { valueOf } from './value.ts'
import { secretIdOf, viewOf } from './view.ts'
import type { Visit } from './view.ts'

interface Env {
  Bindings: Visit
}

const MOST_DELAY = 5000

export function createRoutes(configuration: Configuration): Hono<Env> {
  const app = new Hono<Env>()

  // Hono would answer an error itself, and the changes until then would be written.
  app.onError((error) => {
    throw error
  })

  app.get('/', async (c) => {
    const { session, sessions } = c.env
    const { headers } = c.req.raw
    const message = takeMessages(session)
    const view = await viewOf({ headers, session, sessions, configuration })
    return c.html(page({ ...view, message }))
  })

  app.get('/session.json', (c) => {
    const { session } = c.env
    const { id, isNew, startedAt, expiresAt, rejection } = session
    const secretId = secretIdOf(session, configuration)
    const message = takeMessages(session)
    const data = session.toJSON()
    return c.json({ data, message, id, isNew, startedAt, expiresAt, secretId, rejection })
  })

  app.get('/slow', async (c) => {
    const { session } = c.env
    const delay = Math.min(Math.max(Number(c.req.query('ms')) || 0, 0), MOST_DELAY)
    const user = session.get('user')
    await setTimeout(delay)
    session.set('slow', `took ${delay} ms`)
    return c.json({ user, delay })
  })

  app.post('/set', async (c) => {
    const { key, value } = await fieldsOf(c)
    c.env.session.set(key ?? '', valueOf(value ?? ''))
    return c.redirect('/', 303)
  })

  app.post('/delete', async (c) => {
    const { key } = await fieldsOf(c)
    c.env.session.delete(key ?? '')
    return c.redirect('/', 303)
  })

  app.post('/clear', (c) => {
    c.env.session.clear()
    return home(c, 'Cleared. A session with nothing in it takes no cookie.')
  })

  app.post('/login', async (c) => {
    const { session } = c.env
    const { name, remember } = await fieldsOf(c)
    const user = name?.trim()
    if (!user) return home(c, 'To log in, give a name.')
    session.regenerate({
      keep: ['cart'],
      lifetime: remember === undefined ? undefined : 'remembered',
    })
    session.set('user', user)
    return home(c, `Logged in as ${user}: a new session, which keeps the cart and nothing else.`)
  })

  app.post('/logout', (c) => {
    const { session } = c.env
    const user = session.get('user', 'stranger')
    session.destroy()
    return home(
      c,
      `Goodbye, ${user}. That session has ended in this browser, in requests that are still running too.`,
    )
  })

  app.post('/touch', (c) => {
    c.env.session.touch()
    return c.redirect('/', 303)
  })

  app.post('/fill', (c) => {
    for (const [key, value] of Object.entries(MUCH)) c.env.session.set(key, value)
    return home(c, 'Filled with about 9 kB of data.')
  })

  app.post('/overfill', (c) => {
    for (const [key, value] of Object.entries(TOO_MUCH)) c.env.session.set(key, value)
    return c.redirect('/', 303)
  })

  app.post('/shrink', (c) => {
    for (const key of Object.keys(MUCH)) c.env.session.delete(key)
    return home(c, 'Shrunk. The cookies that it no longer needs are deleted.')
  })

  app.post('/tamper', async (c) => {
    const header = tamper(c.req.header('Cookie') ?? '')
    if (header === undefined) return home(c, 'There is no cookie to tamper with.')
    const { rejection } = await c.env.sessions.open(header)
    return home(
      c,
      `A copy of your cookie with one character changed opens as an empty session, with the reason "${rejection?.reason}". Your own cookie is as it was.`,
    )
  })

  // These two change the server's options, not the visitor's session.
  app.post('/configure', async (c) => {
    const { limits, timeouts } = await fieldsOf(c)
    configuration.choose(limits, timeouts)
    return c.redirect('/#configuration', 303)
  })

  app.post('/rotate', (c) => {
    configuration.rotate()
    return c.redirect('/#configuration', 303)
  })

  return app
}

/** Redirects to the page, with a message for it in the session. */
function home(c: Context<Env>, message: string): Response {
  c.env.session.flash('message', message)
  return c.redirect('/', 303)
}

function takeMessages(session: Session<Data>): string | undefined {
  const messages = session.flash('message')
  return messages.length === 0 ? undefined : messages.join(' ')
}

async function fieldsOf(c: Context): Promise<Partial<Record<string, string>>> {
  const body = await c.req.parseBody()
  return Object.fromEntries(
    Object.entries(body).filter((field): field is [string, string] => typeof field[1] === 'string'),
  )
}
