import { parseCookie } from 'cookie'
import Keygrip from 'keygrip'
import type { OldSessions } from '../moving.ts'

const keys = new Keygrip([process.env['OLD_SECRET'] ?? ''])

export const old: OldSessions = {
  owns: (name) => name === 'session' || name === 'session.sig',
  async read(header) {
    const { session = '', 'session.sig': signature = '' } = parseCookie(header)
    if (!keys.verify(`session=${session}`, signature)) return undefined
    return JSON.parse(Buffer.from(session, 'base64').toString())
  },
}
