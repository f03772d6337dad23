// What the browser reads: a request for a key, the cookie that the session is bound by, and its
// end.

import { deviceName } from '../cookies/cookie-names.ts'
import type { ResolvedCookieOptions } from '../cookies/cookie-options.ts'
import { formatSetCookie } from '../cookies/set-cookie.ts'
import type { ResolvedDeviceOptions } from './device-options.ts'
import { formatInnerList, formatItem } from './structured-fields.ts'

/** Returns the header field that asks the browser to register a key. */
export function formatRegistration(path: string, challenge: string): string {
  return formatInnerList(['ES256', 'RS256'], { path, challenge })
}

/** Returns the header field that asks the browser for a proof. */
export function formatChallenge(challenge: string, binding: string): string {
  return formatItem(challenge, { id: binding })
}

/** Returns the body that names the cookie to which the session is bound, and how to renew it. */
export function formatInstructions(
  binding: string,
  { path, site = false }: ResolvedDeviceOptions,
  cookie: ResolvedCookieOptions,
): string {
  const name = deviceName(cookie.name, binding)
  const line = formatSetCookie(
    { name, value: '', maxAge: undefined },
    { ...cookie, priority: undefined },
  )
  return JSON.stringify({
    session_identifier: binding,
    refresh_url: path,
    scope: { include_site: site, scope_specification: [] },
    credentials: [{ type: 'cookie', name, attributes: line.slice(`${name}=; `.length) }],
  })
}

/** Returns the body that ends the browser's side of a session. Chromium looks for its id first. */
export function formatEnd(binding: string | undefined): string {
  return JSON.stringify({ session_identifier: binding, continue: false })
}
