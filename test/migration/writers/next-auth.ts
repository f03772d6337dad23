// NextAuth.js 4 writes its token with these two functions.

import { parseCookie } from 'cookie'
import { decode, encode } from 'next-auth/jwt'
import { SECRET } from './writer.ts'
import type { Write } from './writer.ts'

const NAME = '__Secure-next-auth.session-token'

export const write: Write = async (header, change) => {
  const { [NAME]: value = '' } = parseCookie(header)
  const token = value === '' ? null : await decode({ token: value, secret: SECRET })
  const { sub, iat: _iat, exp: _exp, jti: _jti, ...rest } = token ?? {}
  const data = change(token === null ? {} : { user: sub, ...rest })
  if (data === undefined) return [`${NAME}=; Max-Age=0; Path=/; Secure; HttpOnly`]
  const { user, ...others } = data
  const next = await encode({ token: { sub: String(user), ...others }, secret: SECRET })
  return [`${NAME}=${next}; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax`]
}
