import { env } from '$env/dynamic/private'
import { createSessions } from 'sealed-session'

export const sessions = createSessions({ secrets: () => env.SESSION_SECRETS })
