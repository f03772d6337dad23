// Without `@types/express-session`: the application declares its sessions once.

import express from 'express'
import { createSessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import type { ExpressSession, WithExpressSession } from 'sealed-session/express'

interface Data {
  user: string
  cart: { sku: string }[]
}

declare global {
  namespace Express {
    interface Request extends WithExpressSession<Data> {}
  }
}

const sessions = createSessions<Data>({ secrets: process.env['SECRET'] })

export const app = express()
app.use(expressSession(sessions))
app.get('/', (request, response, next) => {
  const user: string | undefined = request.session.user
  request.session.cart = [{ sku: 'a' }]
  // @ts-expect-error the data has its types
  request.session.user = 1
  // @ts-expect-error the members are no keys
  request.session.save = 'now'
  // @ts-expect-error the id is given
  request.sessionID = 'mine'
  request.session = null
  request.session = { user: 'ada' }
  // @ts-expect-error an object of the data, or nothing
  request.session = 'ada'
  const done: Promise<void> = request.session.regenerate()
  void done.then(() => next())
  const same: ExpressSession<Data> = request.session.touch(() => {})
  same.save((error) => (error === undefined ? response.send(user) : next(error)))
  request.session.cookie.maxAge = 1000
  const left: number | null = request.session.cookie.maxAge
  sessionOf(request, sessions).set('user', `${left}`)
  // @ts-expect-error as it has here
  sessionOf(request, sessions).set('user', 1)
  const untyped: unknown = sessionOf(request).get('anything')
  response.json(untyped)
})
