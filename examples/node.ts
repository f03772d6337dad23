// Node 22.18 or later: `SESSION_SECRETS=… node node.ts`.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSessions } from 'sealed-session'

const secrets = process.env.SESSION_SECRETS
const sessions = createSessions<{ visits: number }>({ secrets, limits: 'node' })

async function answer(request: IncomingMessage, response: ServerResponse) {
  const session = await sessions.open(request)
  if (request.url === '/') session.set('visits', session.get('visits', 0) + 1)
  if (request.url === '/logout') session.destroy()
  response.setHeader('Set-Cookie', await sessions.setCookies(session))
  response.setHeader('Cache-Control', 'private, no-store').setHeader('Vary', 'Cookie')
  if (request.url === '/') response.end(`Visit ${session.get('visits')}`)
  else if (request.url === '/logout') response.writeHead(303, { Location: '/goodbye' }).end()
  else response.end('Goodbye')
}

const server = createServer((request, response) => {
  // Without this, a session that cannot be written would end the whole process.
  answer(request, response).catch(() => response.writeHead(500).end())
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log('Listening on', server.address())
})
