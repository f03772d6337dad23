// The actions of the buttons that use no session of the visitor, or another one beside it. The page
// shows the source of these functions.

import type { Sessions, SessionRejection } from 'sealed-session'
import type { Data } from './configuration.ts'

/** The result of opening a cookie. */
export interface Opened {
  readonly rejection: SessionRejection | undefined
  readonly data: Partial<Data>
}

/** Opens a `Cookie` header as any server with the secrets would. */
export async function replay(sessions: Sessions<Data>, header: string): Promise<Opened> {
  const session = await sessions.open(header)
  return { rejection: session.rejection, data: session.toJSON() }
}

/** Sends a request with the cookies of another browser, and returns its cookies afterwards. */
export async function secondBrowser(sessions: Sessions<Data>, header: string): Promise<string> {
  const session = await sessions.open(header)
  session.set('visits', session.get('visits', 0) + 1)
  const lines = await sessions.setCookies(session)
  return lines.map((line) => line.split(';', 1).join()).join('; ')
}

/** Two concurrent requests with the same cookies: the slow one reads, and answers last. */
export async function slowRead(
  sessions: Sessions<Data>,
  header: string,
): Promise<{ readonly written: string[]; readonly read: string[] }> {
  const slow = await sessions.open(header)
  const quick = await sessions.open(header)
  quick.set('cart', [...quick.get('cart', []), 'tea'])
  const written = await sessions.setCookies(quick)
  slow.get('cart')
  const read = await sessions.setCookies(slow)
  return { written, read }
}
