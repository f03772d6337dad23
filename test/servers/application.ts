// The application behind every place: a plain Node server that keeps text of a size it is asked for
// in a session. `/NAME/set?bytes=N` writes one with the sessions of that name, `/NAME/read` tells
// what it holds, `/raw?bytes=N` sets one bare cookie.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SessionTooLargeError, createSessions } from 'sealed-session'
import type { SessionOptions, Sessions, SizeReport } from 'sealed-session'
import { close, listen } from './programs.ts'
import type { Running } from './programs.ts'

/**
 * What a new session's first renewal adds to its token: the guard keeps that free, so that whatever may be
 * written may be renewed. 17 characters of JSON (`"nbf":1768478400,`) in base64url.
 */
export const RENEWAL = 23

export interface Data {
  readonly userId: string
  readonly text: string
}

export interface Application extends Running {
  /** The `Cookie` header of the last request to one of the sessions. */
  lastCookie(): string
  /** The `Set-Cookie` lines that were last written. */
  lastLines(): readonly string[]
}

const secrets = randomBytes(32).toString('base64url')

/** Sessions under these limits, all with the same secret. */
export function sessionsWith(
  limits: SessionOptions<Data>['limits'],
  cookie?: SessionOptions<Data>['cookie'],
): Sessions<Data> {
  return createSessions<Data>({ secrets, limits, cookie })
}

/** Far above every preset, so that what the guard holds back can be sent after all. */
export const UNGUARDED: SessionOptions<Data>['limits'] = {
  cookie: 4096,
  cookies: 16,
  requestHeader: 1_000_000,
  responseHeader: 1_000_000,
}

/** Text of a size, of which no two neighbouring pieces are alike. */
export function textOf(bytes: number): string {
  let text = ''
  for (let at = 0; text.length < bytes; at++) text += `${at.toString(36)}-`
  return text.slice(0, bytes)
}

/** The lines of a session with so many bytes of text, or `undefined` if the guard refuses them. */
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

/** How a session with so many bytes of text stands. */
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

/** The most text that the guard lets a session have. */
export function largest(sessions: Sessions<Data>, cookie = ''): Promise<number> {
  return lastThat(
    async (bytes) => (await linesOf(sessions, bytes, cookie)) !== undefined,
    1,
    65_536,
  )
}

/** The last whole number from `low` to `high` of which a claim holds that holds from `low` on. */
export async function lastThat(
  holds: (number: number) => Promise<boolean>,
  low: number,
  high: number,
): Promise<number> {
  if (low === high) return low
  const middle = Math.ceil((low + high) / 2)
  return (await holds(middle)) ? lastThat(holds, middle, high) : lastThat(holds, low, middle - 1)
}

/** What a browser keeps of a line: `name=value`. */
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
