import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: process.env.SESSION_SECRETS, limits: 'bun' })

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT),
  fetch: sessions.wrap((_, session) => {
    session.set('visits', session.get('visits', 0) + 1)
    return Response.json({ visits: session.get('visits') })
  }),
})
