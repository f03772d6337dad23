import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { createSessions } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'

const file = process.env.SECRET_FILE
const { middleware, sessionOf } = nodeSessions(
  createSessions({
    secrets: async () => (await readFile(file, 'utf8')).trim(),
    secretsRefresh: 1,
    limits: 'node',
  }),
)

createServer((request, response) => {
  middleware(request, response, () => {
    const session = sessionOf(request)
    session.set('visits', session.get('visits', 0) + 1)
    response.end(JSON.stringify({ visits: session.get('visits') }))
  })
}).listen(Number(process.env.PORT), '127.0.0.1')
