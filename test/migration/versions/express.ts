import express from 'express'
import { createSessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import { moveOver } from '../moving.ts'
import { old } from '../old/express-session.ts'

const sessions = createSessions({ secrets: process.env['SESSION_SECRETS'] })

export const app = express()
app.use(expressSession(sessions))
app.use(async (request, response, next) => {
  const session = sessionOf(request, sessions)
  const lines = await moveOver(sessions, session, request.headers.cookie ?? '', old)
  lines.forEach((line) => response.append('Set-Cookie', line))
  next()
})
