// Node 22.18 or later: `SESSION_SECRETS=… node node.ts`.

import { createServer } from 'node:http'
import { createSessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'

const secrets = process.env.SESSION_SECRETS
const sessions = createSessions<{ visits: number }>({ secrets, limits: 'node' })
const { open } = nodeSessions(sessions)

const server = createServer(async (request, response) => {
  // The response carries the session's cookies, whichever call ends it.
  const session = await open(request, response)
  switch (`${request.method} ${request.url}`) {
    case 'GET /':
      session.set('visits', session.get('visits', 0) + 1)
      response.end(`Visit ${session.get('visits')}`)
      break
    // By POST alone, because any page of another site can make a browser follow a link.
    case 'POST /logout':
      session.destroy()
      response.writeHead(303, { Location: '/goodbye' }).end()
      break
    case 'GET /goodbye':
      response.end('Goodbye')
      break
    default:
      response.writeHead(404).end('Not found')
  }
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('Listening on', server.address())
})
