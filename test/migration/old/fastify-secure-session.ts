import secureSession from '@fastify/secure-session'
import { parseCookie } from 'cookie'
import fastify from 'fastify'
import type { OldSessions } from '../moving.ts'

const key = Buffer.from(process.env['OLD_SECRET'] ?? '', 'base64url')

/** Reads the cookies of the plugin, and serves nothing. */
const reader = fastify()
await reader.register(secureSession, { key })

export const old: OldSessions = {
  owns: (name) => name === 'session',
  async read(header) {
    const { session = '' } = parseCookie(header)
    return reader.decodeSecureSession(session)?.data()
  },
}
