// The application behind every server: a plain Node server that stores text of a requested size in
// a session. `/NAME/set?bytes=N` writes one with the sessions of that name, `/NAME/touch` records
// its use in a ticket, `/NAME/logout` ends it, `/NAME/read` returns its data. `/raw?bytes=N` sets a
// plain cookie.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SessionTooLargeError, createSessions } from 'sealed-session'
import type { SessionOptions, Sessions, SizeReport } from 'sealed-session'
import { close, listen } from './programs.ts'
import type { Running } from './programs.ts'

/** Noon, so that the seconds of the day have the same number of digits in every run. */
const NOW = Date.UTC(2026, 0, 15, 12)

/**
 * The `Cookie` header of a browser that has logged out before: the size guard counts a stamp and a
 * ticket from the start, so that every session that can be written can be used and ended.
 */
export function stampOf(name = '__Host-session'): string {
  return `${name}.x=AAAA`
}

export interface Data {
  readonly userId: string
  readonly text: string
}

export interface Application extends Running {
  /** The `Cookie` header of the last request to one of the sessions. */
  lastCookie(): string
  /** The `Set-Cookie` lines of the last written session. */
  lastLines(): readonly string[]
}

const secrets = randomBytes(32).toString('base64url')

/** Creates sessions with these limits, all with the same secret. */
export function sessionsWith(
  limits: SessionOptions<Data>['limits'],
  cookie?: SessionOptions<Data>['cookie'],
): Sessions<Data> {
  return createSessions<Data>({ secrets, limits, cookie, clock: () => NOW })
}

/** Limits far above every preset, so that a session that exceeds the presets can still be sent. */
export const UNGUARDED: SessionOptions<Data>['limits'] = {
  cookie: 4096,
  cookies: 16,
  requestHeader: 1_000_000,
  responseHeader: 1_000_000,
}

/** Returns text of the given size, without repetition. */
export function textOf(bytes: number): string {
  let text = ''
  for (let at = 0; text.length < bytes; at++) text += `${at.toString(36)}-`
  return text.slice(0, bytes)
}

/**
 * Returns the lines of a session with this many bytes of text; `undefined` if the size guard rejects
 * it.
 */
export async function linesOf(
  sessions: Sessions<Data>,
  bytes: number,
  cookie = '',
): Promise<string[] | undefined> {
  const session = await sessions.open(cookie)
  session.set('userId', 'u-1')
  session.set('text', textOf(bytes))
  try {
    return await sessions.setCookies(session)
  } catch (error) {
    if (error instanceof SessionTooLargeError) return undefined
    throw error
  }
}

/** Returns the size report of a session with this many bytes of text. */
export async function reportOf(
  sessions: Sessions<Data>,
  bytes: number,
  cookie = '',
): Promise<SizeReport> {
  const session = await sessions.open(cookie)
  session.set('userId', 'u-1')
  session.set('text', textOf(bytes))
  return sessions.measure(session)
}

/** Returns how many bytes of text the size guard accepts in a session. */
export function largest(sessions: Sessions<Data>, cookie = ''): Promise<number> {
  return lastThat(
    async (bytes) => (await linesOf(sessions, bytes, cookie)) !== undefined,
    1,
    65_536,
  )
}

/** Binary search for the last number from `low` to `high` for which `holds` is true. */
export async function lastThat(
  holds: (number: number) => Promise<boolean>,
  low: number,
  high: number,
): Promise<number> {
  if (low === high) return low
  const middle = Math.ceil((low + high) / 2)
  return (await holds(middle)) ? lastThat(holds, middle, high) : lastThat(holds, low, middle - 1)
}

/** Returns what a browser stores of a line: `name=value`. */
export function pairOf(line: string): string {
  return line.slice(0, line.indexOf(';'))
}

/** Starts the application; `maxHeaderSize` is Node's own limit, unset its default. */
export async function startApplication(
  all: Readonly<Record<string, Sessions<Data>>>,
  maxHeaderSize?: number,
): Promise<Application> {
  let cookie = ''
  let lines: readonly string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const [, name = '', action] = pathname.split('/')
    const bytes = Number(searchParams.get('bytes'))
    const sessions = all[name]
    if (name === 'raw') {
      response.setHeader('Set-Cookie', `raw=${'r'.repeat(bytes - 'raw'.length)}; Path=/`)
    } else if (sessions === undefined) {
      response.statusCode = 404
    } else {
      cookie = request.headers.cookie ?? ''
      const session = await sessions.open(request)
      if (action === 'set') {
        session.set('userId', 'u-1')
        session.set('text', textOf(bytes))
        lines = await sessions.setCookies(session)
        response.setHeader('Set-Cookie', lines)
      }
      if (action === 'touch' || action === 'logout') {
        if (action === 'touch') session.touch()
        else session.destroy()
        response.setHeader('Set-Cookie', await sessions.setCookies(session))
      }
      response.setHeader('Content-Type', 'application/json')
      response.write(JSON.stringify({ ...session.toJSON(), rejection: session.rejection?.reason }))
    }
    response.end()
  }
  const options = maxHeaderSize === undefined ? {} : { maxHeaderSize }
  const server = createServer(options, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = error instanceof SessionTooLargeError ? 507 : 500
      response.end(String(error))
    })
  })
  return {
    port: await listen(server),
    stop: () => close(server),
    lastCookie: () => cookie,
    lastLines: () => lines,
  }
}
