import express from 'express'
import session from 'express-session'
import { createSessions } from 'sealed-session'
import { moveBack } from '../moving.ts'
import { old, store } from '../old/express-session.ts'

const secret = process.env['OLD_SECRET'] ?? ''
const sessions = createSessions({ secrets: process.env['SESSION_SECRETS'] })

export const app = express()
app.use(session({ secret, store, resave: false, saveUninitialized: false }))
app.use(async (request, response, next) => {
  const { data, lines } = await moveBack(sessions, request.headers.cookie ?? '', old)
  Object.assign(request.session, data)
  lines.forEach((line) => response.append('Set-Cookie', line))
  next()
})
