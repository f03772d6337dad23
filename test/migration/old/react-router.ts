import { createCookieSessionStorage } from 'react-router'
import type { OldSessions } from '../moving.ts'

/** As in the old version. */
export const storage = createCookieSessionStorage({
  cookie: { name: '__session', secrets: [process.env['OLD_SECRET'] ?? ''] },
})

export const old: OldSessions = {
  owns: (name) => name === '__session',
  async read(header) {
    const { data } = await storage.getSession(header)
    // Messages that were not shown yet stay behind.
    const entries = Object.entries(data).filter(([key]) => !/^__flash_.*__$/.test(key))
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  },
}
