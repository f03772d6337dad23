import { getIronSession, webCookies } from 'iron-session'
import { SECRET } from './writer.ts'
import type { Data, Write } from './writer.ts'

export const write: Write = async (header, change) => {
  const headers = new Headers()
  const request = new Request('https://shop.example/', { headers: { cookie: header } })
  const session = await getIronSession<Data>(webCookies(request, headers), {
    password: SECRET,
    cookieName: 'session',
    chunk: true,
  })
  const data = change({ ...session })
  if (data === undefined) session.destroy()
  else {
    Object.assign(session, data)
    await session.save()
  }
  return headers.getSetCookie()
}
