// Which cookie of a session a `Set-Cookie` line sets, found by its name.

import { roleOf, stampName } from '../cookies/cookie-names.ts'
import type { CookieRole } from '../cookies/cookie-names.ts'

/** Whether a name is that of a cookie of these sessions: a part, a ticket or the logout stamp. */
export type IsOwnCookie = (name: string) => boolean

/** Returns the name of the cookie that a `Set-Cookie` line sets. */
export function cookieName(line: string): string {
  return (line.split(/[=;]/, 1)[0] ?? '').trim()
}

/** Whether a `Set-Cookie` line deletes its cookie. */
export function isDeletion(line: string): boolean {
  const [pair = ''] = line.split(';', 1)
  return pair.slice(pair.indexOf('=') + 1).trim() === ''
}

/** Returns which cookie of its session a name is; `undefined` for every other cookie. */
export function ownRole(name: string, isOwnCookie: IsOwnCookie): CookieRole | undefined {
  if (!isOwnCookie(name)) return undefined
  // Only the first cookie has a stamp that is named after it.
  const base = isOwnCookie(stampName(name)) ? name : name.replace(/(?:\.d)?\.[^.]*$/, '')
  return roleOf(name, base)
}
