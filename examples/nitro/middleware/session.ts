// middleware/session.ts
import { createSessions, type Session } from 'sealed-session'
import { h3Session } from 'sealed-session/h3'

interface Data {
  user: string
  notes: string
  visits: number
}

declare module 'h3' {
  interface H3EventContext {
    session: Session<Data>
  }
}

const sessions = createSessions<Data>({
  secrets: () => process.env.SESSION_SECRETS,
  limits: 'node',
})

export default h3Session(sessions)
