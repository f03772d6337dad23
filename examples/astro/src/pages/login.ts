// src/pages/login.ts
import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals, request, redirect }) => {
  const user = (await request.formData()).get('user')
  if (typeof user !== 'string' || user === '') return new Response('no user', { status: 400 })
  locals.session.regenerate()
  locals.session.set('user', user)
  locals.session.flash('notice', 'Welcome')
  return redirect('/', 303)
}
