import { parseCookie } from 'cookie'
import { unsealData } from 'iron-session'
import type { OldSessions } from '../moving.ts'

const password = process.env['OLD_SECRET'] ?? ''

export const old: OldSessions = {
  // With `chunk: true`, a long session is in `session.0`, `session.1` …
  owns: (name) => /^session(?:\.\d)?$/.test(name),
  async read(header) {
    const cookies = parseCookie(header)
    const chunks = [0, 1, 2, 3].map((number) => cookies[`session.${number}`] ?? '')
    const seal = cookies['session'] ?? chunks.join('')
    const data = await unsealData<object>(seal, { password })
    return Object.keys(data).length === 0 ? undefined : data
  },
}
