// AWS Lambda behind API Gateway (payload 2.0) or a function URL.

import { createSessions } from 'sealed-session'
import { wrapLambda } from 'sealed-session/lambda'

interface Event {
  version: string
  headers: Record<string, string>
  cookies?: string[]
  rawPath: string
  requestContext: { http: { method: string } }
}

const sessions = createSessions<{ visits: number }>({
  secrets: process.env.SESSION_SECRETS,
  limits: 'aws-lambda',
})

export const handler = wrapLambda(sessions, (event: Event, session) => {
  switch (`${event.requestContext.http.method} ${event.rawPath}`) {
    case 'GET /':
      session.set('visits', session.get('visits', 0) + 1)
      return { statusCode: 200, body: `Visit ${session.get('visits')}` }
    // By POST alone, because any page of another site can make a browser follow a link.
    case 'POST /logout':
      session.destroy()
      return { statusCode: 303, headers: { location: '/goodbye' } }
    case 'GET /goodbye':
      return { statusCode: 200, body: 'Goodbye' }
    default:
      return { statusCode: 404, body: 'Not found' }
  }
})
