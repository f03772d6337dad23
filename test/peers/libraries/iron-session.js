import { getIronSession, webCookies } from 'iron-session'
import { attempt } from './attempt.js'

export const ironSession = {
  title: 'iron-session',
  manifest: 'node_modules/iron-session/package.json',
  cookieName: 'session',
  large: '`chunk: true`',

  open({ secrets, maxAge, remember, large }) {
    // The highest number seals, and a cookie contains the number that sealed it.
    const password = Object.fromEntries(secrets.map(({ number, text }) => [number, text]))
    const options = { password, cookieName: 'session', ttl: maxAge, ...(large && { chunk: true }) }

    async function respond(cookies, use) {
      const request = new Request('https://shop.example/', { headers: { cookie: cookies } })
      const headers = new Headers()
      const outcome = await attempt(async () =>
        use(await getIronSession(webCookies(request, headers), options)),
      )
      return { ...outcome, headers, setCookies: headers.getSetCookie() }
    }

    return {
      read: (cookies) => respond(cookies, (session) => ({ ...session })),
      write: (cookies, data) =>
        respond(cookies, async (session) => {
          Object.assign(session, data)
          await session.save()
        }),
      remember: (cookies, data) =>
        respond(cookies, async (session) => {
          session.updateConfig({ ...options, ttl: remember })
          Object.assign(session, data)
          await session.save()
        }),
      withSession: (cookies, use) =>
        respond(cookies, async (session) => {
          await use({ session })
          await session.save()
        }),
      logout: (cookies) => respond(cookies, (session) => session.destroy()),
    }
  },
}
