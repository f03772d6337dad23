import { parseCookie } from 'cookie'
import { createEvent, unsealSession } from 'h3-1'
import type { OldSessions } from '../moving.ts'

const config = { name: 'nuxt-session', password: process.env['NUXT_SESSION_PASSWORD'] ?? '' }

export const old: OldSessions = {
  owns: (name) => name === 'nuxt-session',
  async read(header) {
    const { 'nuxt-session': sealed = '' } = parseCookie(header)
    // `unsealSession` does not use the event.
    const event: ReturnType<typeof createEvent> = Object.create(null)
    const session = await unsealSession(event, config, sealed).catch(() => undefined)
    return session?.data
  },
}
