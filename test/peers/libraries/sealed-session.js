import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expressSession, sessionOf } from '../../../dist/adapters/express.js'
import { createSessions } from '../../../dist/index.js'
import { attempt } from './attempt.js'

export const sealedSession = {
  title: 'sealed-session',
  cookieName: '__Host-session',
  large: "`limits: 'node'`",

  open({ secrets, maxAge, remember, idle, large }) {
    const sessions = createSessions({
      secrets: secrets.map(({ text }) => text),
      maxAge,
      ...(idle === undefined ? {} : { idleTimeout: idle }),
      ...(remember && { lifetimes: { remembered: { maxAge: remember, idleTimeout: false } } }),
      limits: large ? 'node' : undefined,
    })

    async function respond(cookies, use) {
      const request = new Request('https://shop.example/', { headers: { cookie: cookies } })
      let data
      const handle = sessions.wrap((_, session) => {
        data = use(session)
        return new Response('ok')
      })
      const { data: response, error } = await attempt(() => handle(request))
      const { headers } = response ?? new Response()
      return { data, error, headers, setCookies: headers.getSetCookie() }
    }

    async function respondInExpress(cookie, use) {
      const request = new IncomingMessage(new Socket())
      request.headers = { cookie }
      request.method = 'GET'
      const response = new ServerResponse(request)
      await new Promise((next) => expressSession(sessions)(request, response, next))
      const outcome = await attempt(() => use(request))
      return { ...outcome, setCookies: await sessions.setCookies(sessionOf(request)) }
    }

    return {
      read: (cookies) => respond(cookies, (session) => session.toJSON()),
      write: (cookies, data) =>
        respond(cookies, (session) => {
          for (const [key, value] of Object.entries(data)) session.set(key, value)
        }),
      remember: (cookies, data) =>
        respond(cookies, (session) => {
          session.regenerate({ lifetime: 'remembered' })
          for (const [key, value] of Object.entries(data)) session.set(key, value)
        }),
      withSession: respondInExpress,
      logout: (cookies) => respond(cookies, (session) => session.destroy()),
    }
  },
}
