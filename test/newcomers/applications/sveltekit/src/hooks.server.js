import { sessions } from './lib/server/session'

export const handle = ({ event, resolve }) =>
  sessions.wrap((_, session) => {
    event.locals.session = session
    return resolve(event)
  })(event.request)
