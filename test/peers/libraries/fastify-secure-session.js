import secureSession from '@fastify/secure-session'
import fastify from 'fastify'

export const fastifySecureSession = {
  title: '@fastify/secure-session',
  manifest: 'node_modules/@fastify/secure-session/package.json',
  cookieName: 'session',

  open({ secrets, maxAge, remember }) {
    const handlers = []
    const app = fastify()
    app.register(secureSession, {
      key: secrets.map(({ text }) => Buffer.from(text, 'base64url')),
      expiry: maxAge,
      cookie: { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge },
    })
    app.get('/:number', (request) => handlers[request.params.number](request.session))

    async function respond(cookies, use) {
      let data
      const number = handlers.push(async (session) => {
        data = await use(session)
        return 'ok'
      })
      const response = await app.inject({ url: `/${number - 1}`, headers: { cookie: cookies } })
      const error = response.statusCode >= 500 ? response.statusCode : undefined
      const setCookies = [response.headers['set-cookie'] ?? []].flat()
      delete response.headers['set-cookie']
      return { data, error, headers: new Headers(response.headers), setCookies }
    }

    return {
      read: (cookies) => respond(cookies, (session) => session.data()),
      write: (cookies, data) =>
        respond(cookies, (session) => {
          for (const [key, value] of Object.entries(data)) session.set(key, value)
        }),
      remember: (cookies, data) =>
        respond(cookies, (session) => {
          session.options({ maxAge: remember })
          for (const [key, value] of Object.entries(data)) session.set(key, value)
        }),
      withSession: (cookies, use) => respond(cookies, (session) => use({ session })),
      logout: (cookies) => respond(cookies, (session) => session.delete()),
    }
  },
}
