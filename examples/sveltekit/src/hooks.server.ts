// src/hooks.server.ts
import type { Handle } from '@sveltejs/kit/hooks'
import { sessions } from './lib/server/session'

export const handle: Handle = ({ event, resolve }) =>
  sessions.wrap(async (request, session) => {
    event.locals.session = session
    const response = await resolve(event)
    if (response.status >= 500) session.discard() // a handler that fails leaves the session as it came
    return response
  })(event.request)
