import { SESSION_SECRETS } from '$app/env/private'
import { createSessions } from 'sealed-session'

export const sessions = createSessions({ secrets: () => SESSION_SECRETS })
