// app/session.server.ts
import { createContext, data, type MiddlewareFunction } from 'react-router'
import { createSessions, SessionTooLargeError, type Session } from 'sealed-session'

export interface Data {
  user: string
  notes: string
  visits: number
}

const sessions = createSessions<Data>({
  secrets: () => process.env.SESSION_SECRETS,
  limits: 'node',
})

export const sessionContext = createContext<Session<Data>>()

export const sessionMiddleware: MiddlewareFunction<Response> = async (
  { request, context },
  next,
) => {
  try {
    return await sessions.wrap(async (_, session) => {
      context.set(sessionContext, session)
      const response = await next()
      if (response.status >= 500) session.discard() // a loader that fails leaves the session unchanged
      return response
    })(request)
  } catch (error) {
    if (error instanceof SessionTooLargeError) throw data('too large', { status: 413 })
    throw error
  }
}
