import { createSessions } from 'sealed-session'

export const title = 'Shop'

export const sessions = createSessions({ secrets: () => process.env.SESSION_SECRETS })
