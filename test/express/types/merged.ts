// With `@types/express-session`: the application's SessionData is used unchanged.

import type { SessionData } from 'express-session'
import express from 'express'
import { createSessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'

declare module 'express-session' {
  interface SessionData {
    user: string
    cart: { sku: string }[]
  }
}

const sessions = createSessions<Omit<SessionData, 'cookie'>>({ secrets: process.env['SECRET'] })

export const app = express()
app.use(expressSession(sessions))
app.get('/', (request, response, next) => {
  const user: string | undefined = request.session.user
  request.session.cart = [{ sku: 'a' }]
  // @ts-expect-error the data has its types
  request.session.user = 1
  request.session.regenerate((error) => (error ? next(error) : response.send(user)))
  request.session.save()
  request.session.cookie.maxAge = 1000
  const id: string = request.sessionID
  sessionOf(request, sessions).set('user', id)
  // @ts-expect-error as it has here
  sessionOf(request, sessions).set('user', 1)
})
