import cookies from 'cookie-session'
import { pairOfNode } from './node-pair.mjs'

export const cookieSession = {
  name: 'cookie-session',
  package: 'cookie-session',
  form: 'signed, not encrypted',
  async make(secret) {
    const middleware = cookies({
      name: 'session',
      keys: [secret],
      maxAge: 604_800_000,
      secure: true,
      sameSite: 'lax',
    })

    function respond(cookie, use) {
      const { request, response } = pairOfNode(cookie)
      request.protocol = 'https'
      let data
      middleware(request, response, () => {
        data = use(request.session)
      })
      response.writeHead(200)
      return { data, lines: [response.getHeader('set-cookie') ?? []].flat() }
    }

    return {
      write: (data) => respond('', (session) => Object.assign(session, data)).lines,
      read: (cookie) => respond(cookie, (session) => ({ ...session })).data,
      step: (cookie, number) =>
        respond(cookie, (session) => {
          session.lastSeen = number
        }).lines,
    }
  },
}
