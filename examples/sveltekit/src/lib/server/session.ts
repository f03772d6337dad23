// src/lib/server/session.ts
import { SESSION_SECRETS } from '$app/env/private'
import { createSessions } from 'sealed-session'

export interface Data {
  user: string
  notes: string
  visits: number
}

export const sessions = createSessions<Data>({
  secrets: () => SESSION_SECRETS, // a function, so that prerendering needs no secret
  limits: 'node',
})
