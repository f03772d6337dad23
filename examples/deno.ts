// Deno: `SESSION_SECRETS=… deno serve --allow-env deno.ts`.

import { createSessions } from 'sealed-session'

const sessions = createSessions<{ visits: number }>({
  secrets: Deno.env.get('SESSION_SECRETS'),
  limits: 'deno',
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
