import { createCookieSessionStorage } from 'react-router'
import { attempt } from './attempt.js'

export const reactRouter = {
  title: 'react-router',
  manifest: 'node_modules/react-router/package.json',
  cookieName: '__session',

  open({ secrets, maxAge, remember }) {
    const { getSession, commitSession, destroySession } = createCookieSessionStorage({
      cookie: {
        name: '__session',
        httpOnly: true,
        maxAge,
        path: '/',
        sameSite: 'lax',
        secrets: secrets.map(({ text }) => text),
        secure: true,
      },
    })

    async function respond(cookies, use) {
      const headers = new Headers()
      const outcome = await attempt(async () => use(await getSession(cookies), headers))
      return { ...outcome, headers, setCookies: headers.getSetCookie() }
    }

    return {
      read: (cookies) => respond(cookies, (session) => session.data),
      write: (cookies, data) =>
        respond(cookies, async (session, headers) => {
          for (const [key, value] of Object.entries(data)) session.set(key, value)
          headers.append('Set-Cookie', await commitSession(session))
        }),
      remember: (cookies, data) =>
        respond(cookies, async (session, headers) => {
          for (const [key, value] of Object.entries(data)) session.set(key, value)
          headers.append('Set-Cookie', await commitSession(session, { maxAge: remember }))
        }),
      withSession: (cookies, use) =>
        respond(cookies, async (session, headers) => {
          await use({ session })
          headers.append('Set-Cookie', await commitSession(session))
        }),
      logout: (cookies) =>
        respond(cookies, async (session, headers) => {
          headers.append('Set-Cookie', await destroySession(session))
        }),
    }
  },
}
