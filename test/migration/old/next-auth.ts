import { parseCookie } from 'cookie'
import { decode } from 'next-auth/jwt'
import type { OldSessions } from '../moving.ts'

const secret = process.env['OLD_SECRET'] ?? ''
const NAME = '__Secure-next-auth.session-token'

export const old: OldSessions = {
  owns: (name) => name === NAME || (name.startsWith(`${NAME}.`) && /\.\d+$/.test(name)),
  async read(header) {
    const cookies = parseCookie(header)
    let token = cookies[NAME] ?? ''
    for (let number = 0; cookies[`${NAME}.${number}`] !== undefined; number++) {
      token += cookies[`${NAME}.${number}`]
    }
    const claims = await decode({ token, secret }).catch(() => null)
    if (claims === null) return undefined
    const { iat: _iat, exp: _exp, jti: _jti, sub: user, ...rest } = claims
    return { user, ...rest }
  },
}
