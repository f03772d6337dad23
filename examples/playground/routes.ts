// The actions of a visitor, one route each. `wrap` writes the changes of a route into its response.
// Each redirects to the page, which shows the result beside the pressed button.

import { setTimeout } from 'node:timers/promises'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Session } from 'sealed-session'
import {
  bind,
  clear,
  fill,
  login,
  logout,
  overfill,
  remove,
  renewId,
  set,
  shrink,
  touch,
} from './actions.ts'
import type { Configuration, Data } from './configuration.ts'
import { replay, secondBrowser, slowRead } from './experiments.ts'
import { page } from './page.ts'
import { describeOutcome } from './outcomes.ts'
import { secretIdOf, viewOf } from './view.ts'
import type { Visit } from './view.ts'
import { alter, lengthOf } from './wire.ts'

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
    const outcome = describeOutcome(c.req.query('did'), message, c.req.query('at'))
    const view = await viewOf({ headers, session, sessions, configuration })
    return c.html(page({ ...view, outcome }))
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
    if (c.req.query('only') !== 'read') session.set('slow', `took ${delay} ms`)
    return c.json({ user, delay })
  })

  addActions(app)
  addExperiments(app, configuration)
  addDeployments(app, configuration)
  return app
}

/** Actions that change the visitor's own session. */
function addActions(app: Hono<Env>): void {
  app.post('/set', async (c) => {
    const { key = '', value = '' } = await fieldsOf(c)
    set(c.env.session, key, value)
    return home(c, 'set')
  })

  app.post('/delete', async (c) => {
    const { key = '' } = await fieldsOf(c)
    remove(c.env.session, key)
    return home(c, 'delete')
  })

  app.post('/login', async (c) => {
    const { name, remember } = await fieldsOf(c)
    const user = name?.trim()
    if (!user) return home(c, 'login', 'To log in, give a name.')
    login(c.env.session, user, remember !== undefined)
    const how = `Logged in as ${user}: a new session, which keeps the cart and nothing else.`
    return home(c, 'login', remember === undefined ? how : `${how} It lasts 30 days.`)
  })

  app.post('/logout', (c) => {
    const { session } = c.env
    const user = session.get('user', 'stranger')
    logout(session)
    const end = 'That session has ended in this browser, in requests that are still running too.'
    return home(c, 'logout', `Goodbye, ${user}. ${end}`)
  })

  for (const [name, act] of Object.entries({
    bind,
    clear,
    touch,
    fill,
    shrink,
    overfill,
    renewId,
  })) {
    app.post(`/${name}`, (c) => {
      act(c.env.session)
      return home(c, name)
    })
  }
}

/** Actions with copies of the visitor's cookies. */
function addExperiments(app: Hono<Env>, configuration: Configuration): void {
  app.post('/tamper', async (c) => {
    const { at } = await fieldsOf(c)
    const header = c.req.header('Cookie') ?? ''
    const place = Number(at) || Math.floor(lengthOf(header) / 2)
    const altered = alter(header, place)
    if (altered === undefined) return home(c, 'tamper', 'There is no cookie to tamper with.')
    const { rejection } = await replay(c.env.sessions, altered)
    const message = `A copy of your cookie with character ${place} changed opens as an empty session, with the reason "${rejection?.reason}". Your own cookie is as it was.`
    return home(c, 'tamper', message, place)
  })

  app.post('/copy', (c) => {
    configuration.copy = c.req.header('Cookie') ?? ''
    return home(c, 'copy')
  })

  app.post('/replay', async (c) => {
    const { copy } = configuration
    if (copy === '') return home(c, 'replay', 'Keep a copy first.')
    const { sessions } = c.env
    const elsewhere = await replay(sessions, copy)
    const stamp = /playground\.x=[^;]*/.exec(c.req.header('Cookie') ?? '')?.[0] ?? ''
    const here = await replay(sessions, `${copy}; ${stamp}`)
    const tell = ({ rejection, data }: typeof here) =>
      rejection
        ? `refused as "${rejection.reason}"`
        : `accepted, with the data it had: ${JSON.stringify(data)}`
    return home(
      c,
      'replay',
      `On another machine the copy is ${tell(elsewhere)}. In this browser it is ${tell(here)}.`,
    )
  })

  app.post('/second', async (c) => {
    configuration.second = await secondBrowser(c.env.sessions, configuration.second)
    const { data } = await replay(c.env.sessions, configuration.second)
    return home(
      c,
      'second',
      `The second browser has a session of its own: ${JSON.stringify(data)}. Yours is as it was.`,
    )
  })

  app.post('/race', async (c) => {
    const { written, read } = await slowRead(c.env.sessions, c.req.header('Cookie') ?? '')
    const response = home(c, 'race')
    // In the order in which the browser would receive them.
    for (const line of [...written, ...read]) response.headers.append('Set-Cookie', line)
    return response
  })
}

/** Actions that change the server's options, and not the visitor's session. */
function addDeployments(app: Hono<Env>, configuration: Configuration): void {
  app.post('/configure', async (c) => {
    const { limits, timeouts } = await fieldsOf(c)
    configuration.choose(limits, timeouts)
    return home(c, 'configure')
  })

  app.post('/store', async (c) => {
    const { store } = await fieldsOf(c)
    configuration.useStore(store === 'on')
    return home(c, store === 'on' ? 'store' : 'unstore')
  })

  for (const name of ['rotate', 'stage'] as const) {
    app.post(`/${name}`, async (c) => {
      await configuration[name]()
      return home(c, name)
    })
  }
}

/** Redirects to the page. The session has the message; without one, the page has a sentence. */
function home(c: Context<Env>, did: string, message?: string, at?: number): Response {
  if (message !== undefined) c.env.session.flash('message', message)
  const query = new URLSearchParams({ did, ...(at !== undefined && { at: String(at) }) })
  return c.redirect(`/?${query}`, 303)
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
