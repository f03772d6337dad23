// app/api/me/route.ts
import type { NextRequest } from 'next/server'
import { sessions } from '../../../lib/session'

export const GET = sessions.wrap<NextRequest>((request, session) =>
  Response.json({ path: request.nextUrl.pathname, user: session.get('user') }),
)
