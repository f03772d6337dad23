// Signs in and updates through the library's own endpoints, as its packages for frameworks do.

import { Auth, skipCSRFCheck } from '@auth/core'
import { getToken } from '@auth/core/jwt'
import credentials from '@auth/core/providers/credentials'
import { SECRET } from './writer.ts'
import type { Write } from './writer.ts'

export const write: Write = async (header, change) => {
  const req = new Request('https://shop.example/', { headers: { cookie: header } })
  const token = await getToken({ req, secret: SECRET, secureCookie: true })
  const { sub, iat: _iat, exp: _exp, jti: _jti, ...rest } = token ?? {}
  const data = change(token === null ? {} : { user: sub, ...rest })
  const { user, ...others } = data ?? {}
  const path = data === undefined ? 'signout' : token === null ? 'callback/credentials' : 'session'
  const response = await Auth(
    new Request(`https://shop.example/auth/${path}`, {
      method: 'POST',
      headers: { cookie: header, 'content-type': 'application/json' },
      body: '{}',
    }),
    {
      secret: SECRET,
      trustHost: true,
      useSecureCookies: true,
      basePath: '/auth',
      skipCSRFCheck,
      session: { strategy: 'jwt' },
      providers: [credentials({ authorize: () => ({ id: String(user) }) })],
      callbacks: { jwt: ({ token: current }) => ({ ...current, sub: String(user), ...others }) },
    },
  )
  // Its other cookies are not the session's.
  return response.headers.getSetCookie().filter((line) => line.includes('session-token'))
}
