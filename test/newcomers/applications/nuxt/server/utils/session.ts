import { createSessions } from 'sealed-session'

export const sessions = createSessions<{ visits: number }>({
  secrets: () => process.env.SESSION_SECRETS,
})
