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
    '/logout': sessions.wrap((_, session) => {
      session.destroy()
      return Response.redirect('/goodbye', 303)
    }),
  },
  fetch: () => new Response('Goodbye'),
})

console.log(`Listening on ${server.url.href}`)
