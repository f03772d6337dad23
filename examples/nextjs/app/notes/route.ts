// app/notes/route.ts
import { NextResponse, type NextRequest } from 'next/server'
import { SessionTooLargeError } from 'sealed-session'
import { sessions } from '../../lib/session'

const keep = sessions.wrap<NextRequest>(async (request, session) => {
  const text = (await request.formData()).get('text')
  if (typeof text !== 'string') return new Response('no text', { status: 400 })
  session.set('notes', text)
  return NextResponse.redirect(new URL('/', request.url), 303)
})

export async function POST(request: NextRequest): Promise<Response> {
  try {
    return await keep(request)
  } catch (error) {
    if (error instanceof SessionTooLargeError) return new Response('too large', { status: 413 })
    throw error
  }
}
