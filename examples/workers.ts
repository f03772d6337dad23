// Cloudflare Workers: `wrangler secret put SESSION_SECRETS`, then `wrangler deploy`.

import { env } from 'cloudflare:workers'
import { createSessions } from 'sealed-session'

const sessions = createSessions<{ visits: number }>({
  secrets: env.SESSION_SECRETS,
  limits: 'cloudflare',
})

export default {
  fetch: sessions.wrap((request, session) => {
    switch (new URL(request.url).pathname) {
      case '/':
        session.set('visits', session.get('visits', 0) + 1)
        return new Response(`Visit ${session.get('visits')}`)
      case '/logout':
        session.destroy()
        return Response.redirect(new URL('/goodbye', request.url), 303)
      default:
        return new Response('Goodbye')
    }
  }),
}
