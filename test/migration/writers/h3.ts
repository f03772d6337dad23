import { H3, useSession } from 'h3'
import { SECRET } from './writer.ts'
import type { Write } from './writer.ts'

export const write: Write = async (header, change) => {
  const app = new H3({ silent: true })
  app.get('/', async (event) => {
    const session = await useSession(event, { password: SECRET })
    const data = change({ ...session.data })
    await (data === undefined ? session.clear() : session.update(data))
    return 'done'
  })
  const request = new Request('https://shop.example/', { headers: { cookie: header } })
  const response = await app.fetch(request)
  if (!response.ok) throw new Error(await response.text())
  return response.headers.getSetCookie()
}
