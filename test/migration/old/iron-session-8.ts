import { parseCookie } from 'cookie'
import { unsealData } from 'iron-session-8'
import type { OldSessions } from '../moving.ts'

const password = process.env['OLD_SECRET'] ?? ''

export const old: OldSessions = {
  owns: (name) => name === 'session',
  async read(header) {
    const { session = '' } = parseCookie(header)
    const data = await unsealData<object>(session, { password })
    return Object.keys(data).length === 0 ? undefined : data
  },
}
