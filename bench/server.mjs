// The server of the load test, in a process of its own: the same answer with and without a session.

import { createServer } from 'node:http'
import { getIronSession } from 'iron-session'
import { createSessions } from '../dist/index.js'

const secrets = process.env.BENCH_SECRET
const sessions = createSessions({ secrets })
const iron = { password: secrets, cookieName: 'session' }
const login = JSON.parse(process.env.BENCH_LOGIN)

function answer(response) {
  response.setHeader('Content-Type', 'text/plain')
  response.end('hello')
}

async function withSession(request, response, use) {
  const session = await sessions.open(request)
  use(session)
  const lines = await sessions.setCookies(session)
  if (lines.length > 0) response.setHeader('Set-Cookie', lines)
  answer(response)
}

async function withIron(request, response, use) {
  const session = await getIronSession(request, response, iron)
  await use(session)
  answer(response)
}

const routes = {
  '/none': (_, response) => answer(response),
  '/read': (request, response) =>
    withSession(request, response, (session) => session.get('userId')),
  '/write': (request, response) =>
    withSession(request, response, (session) =>
      session.set('lastSeen', session.get('lastSeen', 0) + 1),
    ),
  '/login': (request, response) =>
    withSession(request, response, (session) => {
      for (const [key, value] of Object.entries(login)) session.set(key, value)
    }),
  '/iron/read': (request, response) => withIron(request, response, (session) => session.userId),
  '/iron/write': (request, response) =>
    withIron(request, response, (session) => {
      session.lastSeen = (session.lastSeen ?? 0) + 1
      return session.save()
    }),
  '/iron/login': (request, response) =>
    withIron(request, response, (session) => {
      Object.assign(session, login)
      return session.save()
    }),
}

const server = createServer((request, response) => routes[request.url](request, response))
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
