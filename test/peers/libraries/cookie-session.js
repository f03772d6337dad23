import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import cookies from 'cookie-session'
import { attempt } from './attempt.js'

export const cookieSession = {
  title: 'cookie-session',
  manifest: 'node_modules/cookie-session/package.json',
  // The signature is in `session.sig`.
  cookieName: 'session',

  open({ secrets, maxAge, remember }) {
    const middleware = cookies({
      name: 'session',
      keys: secrets.map(({ text }) => text),
      maxAge: maxAge * 1000,
      secure: true,
      sameSite: 'lax',
    })

    async function respond(cookie, use) {
      const request = new IncomingMessage(new Socket())
      request.headers = { cookie }
      // The header of a proxy that Express trusts, which a secure cookie requires.
      request.protocol = 'https'
      const response = new ServerResponse(request)
      const outcome = await attempt(async () => {
        let data
        middleware(request, response, () => {
          data = use(request)
        })
        await Promise.resolve(data)
        response.writeHead(200)
        return data
      })
      const setCookies = [response.getHeader('set-cookie') ?? []].flat()
      const headers = new Headers(
        Object.entries(response.getHeaders()).filter(([name]) => name !== 'set-cookie'),
      )
      return { ...outcome, headers, setCookies }
    }

    return {
      read: (cookie) => respond(cookie, (request) => ({ ...request.session })),
      write: (cookie, data) =>
        respond(cookie, (request) => {
          Object.assign(request.session, data)
        }),
      remember: (cookie, data) =>
        respond(cookie, (request) => {
          request.sessionOptions.maxAge = remember * 1000
          Object.assign(request.session, data)
        }),
      withSession: (cookie, use) => respond(cookie, use),
      logout: (cookie) =>
        respond(cookie, (request) => {
          request.session = null
        }),
    }
  },
}
