import { H3, getSession, useSession } from 'h3'

export const h3 = {
  title: 'h3',
  manifest: 'node_modules/h3/package.json',
  cookieName: 'session',
  // Sessions are split into several cookies without an option.
  large: '',
  alternative: '`getSession`',

  open({ secrets, maxAge, remember, idle }) {
    const config = {
      // The option accepts one password; the rotation check shows the effect of an array.
      password: secrets.length === 1 ? secrets[0].text : secrets.map(({ text }) => text),
      name: 'session',
      maxAge,
      idleTimeout: idle,
    }

    async function respond(cookies, use) {
      const app = new H3({ silent: true })
      let data
      app.get('/', async (event) => {
        data = await use(event)
        return 'ok'
      })
      const request = new Request('https://shop.example/', { headers: { cookie: cookies } })
      const response = await app.fetch(request)
      const { headers } = response
      const error = response.status >= 500 ? response.status : undefined
      return { data, error, headers, setCookies: headers.getSetCookie() }
    }

    return {
      read: (cookies) =>
        respond(cookies, async (event) => ({ ...(await useSession(event, config)).data })),
      peek: (cookies) =>
        respond(cookies, async (event) => ({ ...(await getSession(event, config)).data })),
      write: (cookies, data) =>
        respond(cookies, async (event) => {
          const session = await useSession(event, config)
          await session.update(data)
        }),
      remember: (cookies, data) =>
        respond(cookies, async (event) => {
          const session = await useSession(event, { ...config, maxAge: remember })
          await session.update(data)
        }),
      withSession: (cookies, use) =>
        respond(cookies, async (event) => use({ session: await useSession(event, config) })),
      logout: (cookies) =>
        respond(cookies, async (event) => {
          const session = await useSession(event, config)
          await session.clear()
        }),
    }
  },
}
