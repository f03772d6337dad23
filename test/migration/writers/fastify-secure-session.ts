import secureSession from '@fastify/secure-session'
import fastify from 'fastify'
import { SECRET } from './writer.ts'
import type { Change, Write } from './writer.ts'

let change: Change = (data) => data
const app = fastify()
await app.register(secureSession, {
  key: Buffer.from(SECRET, 'base64url'),
  cookie: { path: '/', httpOnly: true, secure: true },
})
app.get('/', (request) => {
  const data = change({ ...request.session.data() })
  if (data === undefined) request.session.delete()
  for (const [key, value] of Object.entries(data ?? {})) Reflect.set(request.session, key, value)
  return 'done'
})

export const write: Write = async (header, given) => {
  change = given
  const response = await app.inject({ url: '/', headers: { cookie: header } })
  if (response.statusCode !== 200) throw new Error(response.body)
  return [response.headers['set-cookie'] ?? []].flat()
}
