// One instance of an application, as a separate process, with the built library. It answers who is
// logged in. The secrets come from SECRETS, or from a file that may change meanwhile.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createSessions } from 'sealed-session'
import { clock, observe, serve } from './instance.ts'

const { SECRETS, SECRETS_FILE } = process.env

const sessions = createSessions<{ user: string; visits: number }>({
  secrets: SECRETS_FILE === undefined ? SECRETS : () => readFile(SECRETS_FILE, 'utf8'),
  secretsRefresh: 1,
  clock,
  observe,
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

serve(server)
