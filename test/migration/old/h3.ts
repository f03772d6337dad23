import { H3Event, getSession } from 'h3'
import type { OldSessions } from '../moving.ts'

const config = { password: process.env['OLD_SECRET'] ?? '' }

export const old: OldSessions = {
  // A long session is in `h3`, `h3.1`, `h3.2` …
  owns: (name) => /^h3(?:\.\d+)?$/.test(name),
  async read(header) {
    // The cookie that h3 sets on this event is dropped with it.
    const event = new H3Event(new Request('https://old.invalid/', { headers: { cookie: header } }))
    const { data } = await getSession(event, config)
    return Object.keys(data).length === 0 ? undefined : { ...data }
  },
}
