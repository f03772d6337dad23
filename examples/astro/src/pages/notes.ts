import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals, request, redirect }) => {
  const text = (await request.formData()).get('text')
  if (typeof text !== 'string') return new Response('no text', { status: 400 })
  locals.session.set('notes', text)
  return redirect('/', 303)
}
