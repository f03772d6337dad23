import { decode } from '@auth/core/jwt'
import { parseCookie } from 'cookie'
import type { OldSessions } from '../moving.ts'

const secret = process.env['OLD_SECRET'] ?? ''
const NAME = '__Secure-authjs.session-token'

export const old: OldSessions = {
  // A long token is in `….0`, `….1` …
  owns: (name) => name === NAME || (name.startsWith(`${NAME}.`) && /\.\d+$/.test(name)),
  async read(header) {
    const cookies = parseCookie(header)
    let token = cookies[NAME] ?? ''
    for (let number = 0; cookies[`${NAME}.${number}`] !== undefined; number++) {
      token += cookies[`${NAME}.${number}`]
    }
    const claims = await decode({ token, secret, salt: NAME }).catch(() => null)
    if (claims === null) return undefined
    // Times and id of the token stay behind: the new session has its own.
    const { iat: _iat, exp: _exp, jti: _jti, sub: user, ...rest } = claims
    return { user, ...rest }
  },
}
