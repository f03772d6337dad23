// The session of each request, for the routes.

import { defineMiddleware, toResponse } from 'nitro/h3'
import { CARELESS, act, createApplicationSessions } from '../../application.ts'

const sessions = createApplicationSessions()

export default defineMiddleware((event, next) =>
  sessions.wrap(async (request, session) => {
    act(request.url, session)
    event.context['session'] = session
    const response = await toResponse(await next(), event)
    if (event.url.pathname === '/careless') response.headers.append(CARELESS, 'yes')
    return response
  })(event.req),
)
