// src/start.ts
import { createCsrfMiddleware, createMiddleware, createStart } from '@tanstack/react-start'
import { SessionTooLargeError, type Session } from 'sealed-session'
import { sessions, type Data } from './session.server'

const withSession = createMiddleware().server<{ session: Session<Data> }>(
  async ({ request, next }) => {
    try {
      return await sessions.wrap(async (_, session) => {
        const { response } = await next({ context: { session } })
        if (response.status >= 500) session.discard() // a loader that fails leaves the session unchanged
        return response
      })(request)
    } catch (error) {
      if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
      throw error
    }
  },
)

// TanStack Start adds this by itself only where there is no middleware.
const sameOrigin = createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === 'serverFn' })

export const startInstance = createStart(() => ({ requestMiddleware: [sameOrigin, withSession] }))
