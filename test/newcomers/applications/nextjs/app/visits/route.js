import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: () => process.env.SESSION_SECRETS })

export const GET = sessions.wrap((_, session) => {
  session.set('visits', session.get('visits', 0) + 1)
  return Response.json({ visits: session.get('visits') })
})
