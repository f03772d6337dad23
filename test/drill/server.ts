// One instance of an application, as a separate process, with the built library. It answers who is
// logged in. The secrets come from SECRETS, or from a file that may change meanwhile.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createSessions } from 'sealed-session'

const { SECRETS, SECRETS_FILE } = process.env

const sessions = createSessions<{ user: string; visits: number }>({
  secrets: SECRETS_FILE === undefined ? SECRETS : () => readFile(SECRETS_FILE, 'utf8'),
  secretsRefresh: 1,
})

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1')
  const session = await sessions.open(request)
  if (pathname === '/login') session.set('user', searchParams.get('user') ?? '')
  if (pathname === '/visit' && !session.isEmpty) session.set('visits', session.get('visits', 0) + 1)
  response.setHeader('Set-Cookie', await sessions.setCookies(session))
  const { id, rejection } = session
  response.end(JSON.stringify({ id, user: session.get('user'), reason: rejection?.reason }))
})

// Longer than any pause of the proxy, because a connection that is closed while it is reused causes
// a 502.
server.keepAliveTimeout = 60_000

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(address?.port)
})

process.once('SIGTERM', () => {
  server.close(() => process.exit())
  server.closeIdleConnections()
})
