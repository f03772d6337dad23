import { createCookieSessionStorage } from 'react-router'

export const reactRouter = {
  name: 'react-router',
  package: 'react-router',
  form: 'signed, not encrypted',
  async make(secret) {
    const { getSession, commitSession } = createCookieSessionStorage({
      cookie: {
        name: '__session',
        httpOnly: true,
        maxAge: 604_800,
        path: '/',
        sameSite: 'lax',
        secrets: [secret],
        secure: true,
      },
    })
    return {
      async write(data) {
        const session = await getSession()
        for (const [key, value] of Object.entries(data)) session.set(key, value)
        return [await commitSession(session)]
      },
      async step(cookie, number) {
        const session = await getSession(cookie)
        session.set('lastSeen', number)
        return [await commitSession(session)]
      },
      read: async (cookie) => (await getSession(cookie)).data,
    }
  },
}
