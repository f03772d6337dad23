import { parseCookie } from 'cookie'
import { unsign } from 'cookie-signature'
import session from 'express-session'
import type { SessionData } from 'express-session'
import type { OldSessions } from '../moving.ts'

const secret = process.env['OLD_SECRET'] ?? ''

/** The store of the old version: Redis, a database … */
export const store: session.Store = new session.MemoryStore()

/** Milliseconds for which an old session is kept, for requests in flight. */
const GRACE = 60_000

function find(header: string): Promise<{ id: string; kept: SessionData } | undefined> {
  const { 'connect.sid': value = '' } = parseCookie(header)
  const id = value.startsWith('s:') && unsign(value.slice(2), secret)
  return new Promise((resolve, reject) => {
    if (id === false) return resolve(undefined)
    return store.get(id, (error, kept) => {
      if (error) reject(new Error('the store failed', { cause: error }))
      else resolve(kept ? { id, kept } : undefined)
    })
  })
}

export const old: OldSessions = {
  owns: (name) => name === 'connect.sid',
  async read(header) {
    const found = await find(header)
    if (found === undefined) return undefined
    const { cookie: _cookie, ...data } = found.kept
    return data
  },
  async forget(header) {
    const found = await find(header)
    if (found === undefined) return
    const { id, kept } = found
    const ends = new Date(Date.now() + GRACE)
    const cookie = { ...kept.cookie, expires: ends, originalMaxAge: GRACE }
    await new Promise<void>((done) => store.set(id, { ...kept, cookie }, () => done()))
  },
}
