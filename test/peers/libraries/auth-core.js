import { Auth, skipCSRFCheck } from '@auth/core'
import { getToken } from '@auth/core/jwt'
import credentials from '@auth/core/providers/credentials'

const COOKIE = '__Secure-authjs.session-token'

// The `jwt` callback makes the token the application's data. A session is read and written through
// the library's own endpoint, as its packages for frameworks do. Its CSRF check is omitted, as they
// do if the framework has one: it would add a request, and changes no session.
export const authCore = {
  title: '@auth/core',
  manifest: 'node_modules/@auth/core/package.json',
  cookieName: COOKIE,
  // Sessions are split into several cookies without an option.
  large: '',
  alternative: '`getToken`',

  open({ secrets, maxAge }) {
    const texts = secrets.map(({ text }) => text)

    async function respond(path, cookies, body, data) {
      const headers = new Headers({ cookie: cookies })
      if (body !== undefined) headers.set('Content-Type', 'application/json')
      const request = new Request(`https://shop.example/auth/${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        body,
      })
      const response = await Auth(request, {
        secret: texts,
        trustHost: true,
        useSecureCookies: true,
        basePath: '/auth',
        skipCSRFCheck,
        session: { strategy: 'jwt', maxAge },
        providers: [credentials({ authorize: () => ({ id: 'user' }) })],
        callbacks: {
          jwt: ({ token, user, trigger }) => {
            if (user) return data
            return trigger === 'update' ? { ...token, ...data } : token
          },
          session: ({ session, token }) => ({ ...session, data: token }),
        },
        logger: { error: () => {}, warn: () => {}, debug: () => {} },
      })
      const answer = { headers: response.headers, setCookies: response.headers.getSetCookie() }
      if (response.status >= 500) return { ...answer, error: response.status }
      if (path === 'session') answer.data = (await response.json())?.data ?? {}
      return answer
    }

    return {
      read: (cookies) => respond('session', cookies),
      peek: async (cookies) => {
        const req = new Request('https://shop.example/', { headers: { cookie: cookies } })
        const data = await getToken({ req, secret: texts, secureCookie: true })
        return { data: data ?? {}, headers: new Headers(), setCookies: [] }
      },
      write: (cookies, data) =>
        cookies.includes(COOKIE)
          ? respond('session', cookies, '{}', data)
          : respond('callback/credentials', cookies, '{}', data),
      logout: (cookies) => respond('signout', cookies, '{}'),
    }
  },
}
