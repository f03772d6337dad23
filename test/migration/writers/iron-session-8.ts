import { getIronSession } from 'iron-session-8'
import { SECRET } from './writer.ts'
import type { Data, Write } from './writer.ts'

export const write: Write = async (header, change) => {
  const request = new Request('https://shop.example/', { headers: { cookie: header } })
  const response = new Response()
  const session = await getIronSession<Data>(request, response, {
    password: SECRET,
    cookieName: 'session',
  })
  const data = change({ ...session })
  if (data === undefined) session.destroy()
  else {
    Object.assign(session, data)
    await session.save()
  }
  return response.headers.getSetCookie()
}
