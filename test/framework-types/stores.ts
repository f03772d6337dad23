// Cookie stores against the frameworks' own types. No code of this file is run.

import type { Cookies } from '@sveltejs/kit'
import type { APIContext } from 'astro'
import { cookies } from 'next/headers.js'
import { NextResponse } from 'next/server.js'
import type { NextRequest } from 'next/server.js'
import { createSessions } from 'sealed-session'
import type { Session } from 'sealed-session'
import { nodeSessions } from 'sealed-session/node'
import type { NestMiddleware } from '@nestjs/common'
import type { NextFunction, Request as ExpressRequest, Response as ExpressResponse } from 'express'

interface Data {
  user: string
}

const sessions = createSessions<Data>({ secrets: '' })

/** Accepts only a session of this application. */
function userOf(session: Session<Data>): string | undefined {
  return session.get('user')
}

export async function inNextAction(): Promise<string | undefined> {
  const store = await cookies()
  const session = await sessions.open(store)
  await sessions.save(session, store)
  return userOf(session)
}

export async function inNextWithoutAwait(session: Session<Data>): Promise<void> {
  // @ts-expect-error The promise of the store is not awaited.
  await sessions.save(session, cookies())
}

export async function inNextProxy(request: NextRequest): Promise<Response> {
  const session = await sessions.open(request)
  await sessions.save(session, request.cookies)
  const response = NextResponse.next({ request: { headers: request.headers } })
  await sessions.save(session, response.cookies)
  return sessions.commit(session, response)
}

export const inNextRoute = sessions.wrap<NextRequest>((request, session) =>
  Response.json({ path: request.nextUrl.pathname, user: userOf(session) }),
)

export async function inSvelteKit(store: Cookies): Promise<string | undefined> {
  const session = await sessions.open(store)
  await sessions.save(session, store)
  return userOf(session)
}

export async function inAstro({ request, cookies }: APIContext): Promise<string | undefined> {
  const session = await sessions.open(request)
  await sessions.save(session, (name, value, attributes) => cookies.set(name, value, attributes))
  return userOf(session)
}

const { middleware } = nodeSessions(sessions)

export class SessionMiddleware implements NestMiddleware<ExpressRequest, ExpressResponse> {
  use(request: ExpressRequest, response: ExpressResponse, next: NextFunction): void {
    middleware(request, response, next)
  }
}

/** `cookieStore` of browsers, without its events. */
interface BrowserCookieStore {
  getAll(name?: string): Promise<{ name?: string; value?: string }[]>
  set(name: string, value: string): Promise<void>
}

export async function inBrowserLike(store: BrowserCookieStore): Promise<void> {
  await sessions.save(await sessions.open(null), store)
}
