// The session of each request, for the routes: by the adapter, or by copying each response. The server
// is started once for each.

import { defineMiddleware, toResponse } from 'nitro/h3'
import type { H3Event } from 'nitro/h3'
import type { Session } from 'sealed-session'
import { h3Session } from 'sealed-session/h3'
import { CARELESS, act, createApplicationSessions } from '../../application.ts'
import type { Data } from '../../application.ts'

const sessions = createApplicationSessions()
const adapter = h3Session(sessions)

const byAdapter = defineMiddleware((event, next) =>
  adapter(event, async () => {
    act(event.req.url, event.context['session'] as Session<Data>)
    const answer = await next()
    return isCareless(event) ? careless(await toResponse(answer, event)) : answer
  }),
)

const byCopying = defineMiddleware((event, next) =>
  sessions.wrap(async (request, session) => {
    act(request.url, session)
    event.context['session'] = session
    const response = await toResponse(await next(), event)
    return isCareless(event) ? careless(response) : response
  })(event.req),
)

function isCareless({ url }: H3Event): boolean {
  return url.pathname === '/careless'
}

function careless(response: Response): Response {
  response.headers.append(CARELESS, 'yes')
  return response
}

export default process.env['GLUE'] === 'wrap' ? byCopying : byAdapter
