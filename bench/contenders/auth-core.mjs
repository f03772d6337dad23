import { decode, encode, getToken } from '@auth/core/jwt'

const NAME = '__Secure-authjs.session-token'

export const authCore = {
  name: '@auth/core',
  package: '@auth/core',
  form: 'JWE, dir, A256CBC-HS512',
  expires: true,
  // Its own way to change a session is a request to its endpoint, which costs several times as
  // much.
  note: '`getToken`, a change, `encode`; no `Set-Cookie` line',
  async make(secret) {
    const options = { secret, salt: NAME }
    const read = (cookie) => getToken({ req: { headers: { cookie } }, secret, secureCookie: true })
    const write = async (token) => [`${NAME}=${await encode({ ...options, token })}`]
    return {
      seal: (data) => encode({ ...options, token: data }),
      open: (value) => decode({ ...options, token: value }),
      read,
      write,
      step: async (cookie, lastSeen) => write({ ...(await read(cookie)), lastSeen }),
    }
  },
}
