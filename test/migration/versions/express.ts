import express from 'express'
import { createSessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import { moveOver } from '../moving.ts'
import { old } from '../old/express-session.ts'

const sessions = createSessions({ secrets: process.env['SESSION_SECRETS'] })

export const app = express()
app.use(expressSession(sessions))
app.use((request, response, next) => {
  moveOver(sessions, sessionOf(request, sessions), request.headers.cookie ?? '', old)
    .then((lines) => lines.forEach((line) => response.append('Set-Cookie', line)))
    .then(() => next(), next)
})
