import { createSessions } from '../../../dist/index.js'
import { attempt } from './attempt.js'

export const sealedSession = {
  title: 'sealed-session',
  cookieName: '__Host-session',
  large: "`limits: 'node'`",

  open({ secrets, maxAge, idle, large }) {
    const sessions = createSessions({
      secrets: secrets.map(({ text }) => text),
      maxAge,
      ...(idle === undefined ? {} : { idleTimeout: idle }),
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

    return {
      read: (cookies) => respond(cookies, (session) => session.toJSON()),
      write: (cookies, data) =>
        respond(cookies, (session) => {
          for (const [key, value] of Object.entries(data)) session.set(key, value)
        }),
      logout: (cookies) => respond(cookies, (session) => session.destroy()),
    }
  },
}
