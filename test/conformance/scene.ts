// The surroundings of checks: secrets, a moment, an adjustable clock, a browser.

import type { Session, SessionEvent, SessionOptions, Sessions } from 'sealed-session'
import { createBrowser } from './browser.ts'
import type { Browser } from './browser.ts'
import type { Library } from './check.ts'

export const SECRET = 't54B62w21aB8wR8F5_f-pRdb9kM4yeX7t7vwWUhYirE'
export const OLDER_SECRET = 'NJd7HKcCDI7P9VTIi4V_o8uY_r9zCRlDUzYpaew8JbM'
export const OTHER_SECRET = 'WWnOr7L8_QS_7WB37JsVxrTYjnIiGfFogCD_vyOGsCc'
export const NAME = '__Host-session'

/** Seconds: 2026-03-10 12:00 UTC, in the middle of a day. */
export const START = 1_773_144_000

type Data = Record<string, unknown>

export interface Scene {
  readonly sessions: Sessions
  readonly browser: Browser
  readonly events: SessionEvent[]
  /** Moves the clock to so many seconds after START. */
  at(seconds: number): void
  /** One request and response of the browser: commits and stores what the handler did. */
  visit(handle: (session: Session<Data>) => void | Promise<void>): Promise<Response>
  /** Opens the session of the browser's cookies. */
  look(): Promise<Session<Data>>
}

export function createScene(
  library: Library,
  options: Partial<SessionOptions> = {},
  browser: Browser = createBrowser(),
): Scene {
  let now = START
  const events: SessionEvent[] = []
  const sessions = library.createSessions({
    secrets: SECRET,
    clock: () => now * 1000,
    observe: (event) => events.push(event),
    ...options,
  })
  return {
    sessions,
    browser,
    events,
    at(seconds) {
      now = START + seconds
    },
    async visit(handle) {
      const handler = sessions.wrap(async (_, session) => {
        await handle(session)
        return new Response('ok')
      })
      const response = await handler(browser.request())
      browser.store(response)
      return response
    },
    look: () => sessions.open(browser.request()),
  }
}

/** Returns text of so many bytes that does not repeat. */
export function filler(bytes: number): string {
  let text = ''
  for (let number = 1; text.length < bytes; number++) text += `${(number * 7919) % 100_003}.`
  return text.slice(0, bytes)
}
