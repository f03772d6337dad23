// app/me/route.ts
import type { NextRequest } from 'next/server'
import { sessions } from '../../lib/session'

export const GET = sessions.wrap<NextRequest>((request, session) =>
  Response.json({ user: session.get('user'), notes: session.get('notes', '').length }),
)
