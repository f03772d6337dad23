// server/utils/session.ts
import { createError, defineEventHandler, type H3Event } from 'h3'
import { createSessions, SessionTooLargeError, type Session } from 'sealed-session'
import { defineSessionHandler } from 'sealed-session/h3'

export interface Data {
  user: string
  notes: string
  visits: number
}

const sessions = createSessions<Data>({
  secrets: () => process.env.SESSION_SECRETS,
  limits: 'node',
})

/** For routes: the handler is given the session. */
export function withSession<Result>(
  handler: (event: H3Event, session: Session<Data>) => Result | Promise<Result>,
) {
  const handle = defineSessionHandler(sessions, handler)
  return defineEventHandler(async (event) => {
    try {
      return await handle(event)
    } catch (error) {
      if (!(error instanceof SessionTooLargeError)) throw error
      throw createError({ statusCode: 413, statusMessage: 'too large', cause: error })
    }
  })
}
