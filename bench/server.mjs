// The server of the load test, in a process of its own: the same answer with each library and
// without. `/<position of the library in the array>/<action>`.

import { createServer } from 'node:http'
import { login } from './payloads.mjs'
import { sessions } from './contenders/index.mjs'

const { names, secret } = JSON.parse(process.argv[2])
const libraries = await Promise.all(
  names.map((name) => sessions.find((contender) => contender.name === name).make(secret)),
)
let number = login.lastSeen

const actions = {
  none: () => [],
  read: async (session, cookie) => {
    await session.read(cookie)
    return []
  },
  write: (session, cookie) => session.step(cookie, ++number),
  login: (session) => session.write(login),
}

const server = createServer(async (request, response) => {
  const [, place, action] = request.url.split('/')
  const lines = await actions[action](libraries[place], request.headers.cookie ?? '')
  if (lines.length > 0) response.setHeader('Set-Cookie', lines)
  response.setHeader('Content-Type', 'text/plain')
  response.end('hello')
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('disconnect', () => process.exit())
