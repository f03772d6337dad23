// Cloudflare Workers: `wrangler secret put SESSION_SECRETS`, then `wrangler deploy`.

import { env } from 'cloudflare:workers'
import { createSessions } from 'sealed-session'

const sessions = createSessions<{ visits: number }>({
  secrets: env.SESSION_SECRETS,
  limits: 'cloudflare',
})

export default {
  fetch: sessions.wrap((request, session) => {
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case 'GET /':
        session.set('visits', session.get('visits', 0) + 1)
        return new Response(`Visit ${session.get('visits')}`)
      // By POST alone, because any page of another site can make a browser follow a link.
      case 'POST /logout':
        session.destroy()
        return Response.redirect(new URL('/goodbye', request.url), 303)
      case 'GET /goodbye':
        return new Response('Goodbye')
      default:
        return new Response('Not found', { status: 404 })
    }
  }),
}
