// The application behind every server. Its answers are one object for all visitors, as a constant
// of a module is.

import { randomBytes } from 'node:crypto'
import { createSessions } from 'sealed-session'
import type { Session, Sessions } from 'sealed-session'

export interface Data {
  user: string
}

/** The header that `/careless` appends to the answer, to detect whether the server shares it. */
export const CARELESS = 'x-careless'

export function createApplicationSessions(): Sessions<Data> {
  return createSessions<Data>({ secrets: randomBytes(32).toString('base64url') })
}

/** Uses the session as a path says. `/` does not access it. */
export function act(url: string, session: Session<Data>): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  if (pathname === '/login') {
    session.regenerate()
    session.set('user', searchParams.get('user') ?? '')
  }
  if (pathname === '/thrown') session.set('user', 'thrown')
  if (pathname === '/logout') session.destroy()
}

/**
 * Returns a fetch handler that answers everything with `shared()`, and `/me` with the data of the
 * session.
 */
export function createApplication(shared: () => Response): (request: Request) => Promise<Response> {
  const sessions = createApplicationSessions()
  return sessions.wrap((request, session) => {
    const { pathname } = new URL(request.url)
    act(request.url, session)
    if (pathname === '/me') return Response.json(session.toJSON())
    const response = shared()
    if (pathname === '/careless') response.headers.append(CARELESS, 'yes')
    if (pathname === '/thrown') throw response
    return response
  })
}
