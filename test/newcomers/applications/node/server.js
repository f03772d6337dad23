import { createServer } from 'node:http'
import { createSessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'

const { middleware, sessionOf } = nodeSessions(
  createSessions({ secrets: process.env.SESSION_SECRETS, limits: 'node' }),
)

createServer((request, response) => {
  middleware(request, response, () => {
    const session = sessionOf(request)
    session.set('visits', session.get('visits', 0) + 1)
    response.end(JSON.stringify({ visits: session.get('visits') }))
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
