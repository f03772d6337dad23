// The session as the page shows it.

import type { Session, SessionError, Sessions, SizeReport } from 'sealed-session'
import type { Configuration, Data } from './configuration.ts'
import { headerAfter, heldCookies } from './cookies.ts'
import type { HeldCookie } from './cookies.ts'

export interface Visit {
  readonly session: Session<Data>
  /** The sessions that opened it: the configuration may have changed since. */
  readonly sessions: Sessions<Data>
}

/** The last action of the visitor, and its result. */
export interface Outcome {
  /** The name of the button. */
  readonly did: string
  readonly message: string
  /** The character of the cookie that was altered, counted from 1. */
  readonly altered?: number
}

export interface View {
  readonly session: Session<Data>
  readonly report: SizeReport
  readonly cookies: readonly HeldCookie[]
  /** The `Cookie` header that the browser sends after this response. */
  readonly header: string
  readonly secretId: string | undefined
  readonly configuration: Configuration
  readonly outcome?: Outcome | undefined
  readonly refusal?: SessionError
}

/** Commits the session, so that the page can show what its own response writes. */
export async function viewOf({
  headers,
  session,
  sessions,
  configuration,
}: Visit & {
  readonly headers: Headers
  readonly configuration: Configuration
}): Promise<View> {
  const lines = await sessions.setCookies(session)
  const header = headers.get('Cookie') ?? ''
  return {
    session,
    report: await sessions.measure(session),
    cookies: heldCookies(header, lines),
    header: headerAfter(header, lines),
    secretId: secretIdOf(session, configuration),
    configuration,
  }
}

/** Returns the id of the secret that the session's data is sealed under; `undefined` without any. */
export function secretIdOf({ id }: Session<Data>, { events }: Configuration): string | undefined {
  for (const event of events) {
    const isOfData =
      event.type === 'opened' || (event.type === 'sealed' && event.cause !== 'renewed')
    // A ticket is sealed under the newest secret, and the data stays under its own.
    if (isOfData && event.id === id) return event.secretId
  }
  return undefined
}
