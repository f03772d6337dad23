import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { moveOver } from '../moving.ts'
import { old } from '../old/iron-session.ts'

const sessions = createSessions({ secrets: process.env['SESSION_SECRETS'] })

/** The application. */
function answer(_request: Request, session: Session): Response {
  session.set('visits', Number(session.get('visits', 0)) + 1)
  return Response.json(session)
}

export default {
  fetch: sessions.wrap(async (request, session) => {
    const header = request.headers.get('cookie') ?? ''
    const lines = await moveOver(sessions, session, header, old)
    const response = new Response(answer(request, session).body)
    for (const line of lines) response.headers.append('Set-Cookie', line)
    return response
  }),
}
