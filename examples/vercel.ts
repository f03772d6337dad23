// Vercel: `api/visits.ts`, with SESSION_SECRETS among the project's environment variables.

import { createSessions } from 'sealed-session'

export const config = { runtime: 'edge' }

const sessions = createSessions<{ visits: number }>({
  secrets: process.env.SESSION_SECRETS,
  limits: 'vercel',
})

export const GET = sessions.wrap((_, session) => {
  session.set('visits', session.get('visits', 0) + 1)
  return new Response(`Visit ${session.get('visits')}`)
})

/** Logs out. By POST alone, because any page of another site can make a browser follow a link. */
export const POST = sessions.wrap((request, session) => {
  session.destroy()
  return Response.redirect(new URL('/goodbye', request.url), 303)
})
