// AWS Lambda behind API Gateway (payload 2.0) or a function URL: cookies have a field of their own.

import { createSessions } from 'sealed-session'

interface Event {
  rawPath: string
  headers: Record<string, string>
  cookies?: string[]
}

const sessions = createSessions<{ visits: number }>({
  secrets: process.env.SESSION_SECRETS,
  limits: 'aws-lambda',
})

export async function handler(event: Event) {
  const session = await sessions.open(event)
  if (event.rawPath === '/') session.set('visits', session.get('visits', 0) + 1)
  if (event.rawPath === '/logout') session.destroy()
  return {
    statusCode: 200,
    headers: { 'cache-control': 'private, no-store', vary: 'Cookie' },
    cookies: await sessions.setCookies(session),
    body: event.rawPath === '/' ? `Visit ${session.get('visits')}` : 'Goodbye',
  }
}
