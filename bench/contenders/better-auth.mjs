import { symmetricDecodeJWT, symmetricEncodeJWT } from 'better-auth/crypto'

const SALT = 'better-auth-session'
const NAME = '__Secure-better-auth.session_data'

export const betterAuth = {
  name: 'better-auth',
  package: 'better-auth',
  form: 'JWE, dir, A256CBC-HS512',
  expires: true,
  // The cache is written by the server of an application with a database.
  note: 'the functions of its cookie cache (`strategy: "jwe"`); no `Set-Cookie` line',
  async make(secret) {
    const seal = (data) => symmetricEncodeJWT(data, secret, SALT, 604_800)
    const open = (value) => symmetricDecodeJWT(value, secret, SALT)
    const read = (cookie) => open(cookie.slice(NAME.length + 1))
    const write = async (data) => [`${NAME}=${await seal(data)}`]
    return {
      seal,
      open,
      read,
      write,
      step: async (cookie, lastSeen) => write({ ...(await read(cookie)), lastSeen }),
    }
  },
}
