import { defineMiddleware } from 'astro:middleware'
import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: () => process.env.SESSION_SECRETS })

export const onRequest = defineMiddleware(({ request, locals, isPrerendered }, next) =>
  isPrerendered
    ? next()
    : sessions.wrap((_, session) => {
        locals.session = session
        return next()
      })(request),
)
