import session from 'express-session'
import { store } from '../old/express-session.ts'
import { startExpress } from './express.ts'
import { SECRET } from './writer.ts'
import type { Write } from './writer.ts'

export const write: Write = startExpress(
  session({ secret: SECRET, resave: false, saveUninitialized: false, store }),
  (request, change) => {
    const { cookie: _cookie, ...before } = { ...request.session }
    const data = change(before)
    if (data !== undefined) Object.assign(request.session, data)
    else {
      request.session.destroy(() => {})
      // It deletes no cookie itself.
      request.res?.clearCookie('connect.sid')
    }
  },
)
