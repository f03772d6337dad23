// An application over HTTPS whose sessions are bound to devices, which records every request.

import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSessions } from 'sealed-session'
import type { Session, SessionEvent } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import { nodeSessions } from 'sealed-session/node'
import { SECRET } from '../support/mint.ts'
import type { Trust } from './trust.ts'

/** A received request. */
export interface Seen {
  readonly method: string
  readonly path: string
  /** The names of its cookies. */
  readonly cookies: readonly string[]
  readonly id: string | undefined
  readonly hasProof: boolean
  readonly skipped: string | undefined
  readonly site: string | undefined
}

/** The session as a page shows it. */
export interface View {
  readonly user: string
  readonly device: Session['device']
  readonly reason: string | null
}

export interface Application {
  readonly origin: string
  /** The same server under another site's name. */
  readonly otherOrigin: string
  readonly seen: Seen[]
  readonly events: SessionEvent[]
  stop(): Promise<void>
}

export interface ApplicationOptions {
  readonly interval: number
  /** A port to reuse after a restart. */
  readonly port?: number
}

type Data = { user: string }

export async function startApplication(
  { key, cert }: Trust,
  { interval, port = 0 }: ApplicationOptions,
): Promise<Application> {
  const seen: Seen[] = []
  const events: SessionEvent[] = []
  const sessions = createSessions<Data>({
    secrets: SECRET,
    clockTolerance: 0,
    device: deviceBound({ interval }),
    observe: (event) => void events.push(event),
  })
  const { middleware, sessionOf } = nodeSessions(sessions)
  const server = createServer({ key, cert }, (request, response) => {
    const { method = '', url: path = '', headers } = request
    const field = (name: string) => headers[name]?.toString()
    seen.push({
      method,
      path,
      cookies: (headers.cookie ?? '').split('; ').map((pair) => pair.split('=', 1).join()),
      id: field('sec-secure-session-id'),
      hasProof: field('secure-session-response') !== undefined,
      skipped: field('secure-session-skipped'),
      site: field('sec-fetch-site'),
    })
    middleware(request, response, () => {
      const session = sessionOf(request)
      change(path, session)
      response.setHeader('Content-Type', 'text/html')
      response.end(
        pageOf(session, Number(new URL(path, 'https://localhost').searchParams.get('to'))),
      )
    })
  })
  await listen(server, port)
  const taken = portOf(server)
  return {
    origin: `https://localhost:${taken}`,
    otherOrigin: `https://127.0.0.1:${taken}`,
    seen,
    events,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function change(path: string, session: Session<Data>): void {
  const [name] = path.split('?', 1)
  if (name === '/logout') session.destroy()
  if (name !== '/login' && name !== '/plain') return
  session.regenerate()
  session.set('user', 'ada')
  if (name === '/login') session.bindToDevice()
}

/** A page with a link to another site's copy of the server, so that a test can come from there. */
function pageOf(session: Session<Data>, port: number): string {
  const view: View = {
    user: session.get('user', ''),
    device: session.device,
    reason: session.rejection?.reason ?? null,
  }
  const link = port > 0 ? `<a href="https://localhost:${port}/from-elsewhere">there</a>` : ''
  return `<!doctype html><link rel=icon href=data:,><p>${JSON.stringify(view)}</p>${link}`
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve())
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null)
    throw new Error('the server is not listening')
  const { port }: AddressInfo = address
  return port
}
