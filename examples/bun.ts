// Bun: `SESSION_SECRETS=… bun run bun.ts`.

import { createSessions } from 'sealed-session'

const sessions = createSessions<{ visits: number }>({
  secrets: process.env.SESSION_SECRETS,
  limits: 'bun',
})

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: process.env.PORT ?? 3000,
  routes: {
    '/': sessions.wrap((_, session) => {
      session.set('visits', session.get('visits', 0) + 1)
      return new Response(`Visit ${session.get('visits')}`)
    }),
    '/logout': {
      // By POST alone, because any page of another site can make a browser follow a link.
      POST: sessions.wrap((_, session) => {
        session.destroy()
        return Response.redirect('/goodbye', 303)
      }),
    },
    '/goodbye': () => new Response('Goodbye'),
  },
  fetch: () => new Response('Not found', { status: 404 }),
})

console.log(`Listening on ${server.url.href}`)
