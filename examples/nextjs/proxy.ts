// proxy.ts
import { NextResponse, type NextRequest } from 'next/server'
import { sessions } from './lib/session'

export async function proxy(request: NextRequest): Promise<Response> {
  const session = await sessions.open(request)
  if (!session.has('user')) return NextResponse.redirect(new URL('/', request.url))
  session.touch()
  await sessions.save(session, request.cookies) // so that pages, actions and handlers see it
  return sessions.commit(session, NextResponse.next({ request: { headers: request.headers } }))
}

export const config = { matcher: ['/account/:path*'] }
