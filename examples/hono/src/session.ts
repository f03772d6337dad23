// src/session.ts
import { createSessions } from 'sealed-session'

export interface Data {
  user: string
  notes: string
  visits: number
}

export const sessions = createSessions<Data>({
  secrets: process.env.SESSION_SECRETS,
  limits: ['node', 'cloudflare'],
})
