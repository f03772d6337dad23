// routes/notes.post.ts
import { HTTPError, defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ req, context: { session } }) => {
  const text = (await req.formData()).get('text')
  if (typeof text !== 'string') throw new HTTPError('no text', { status: 400 })
  session.set('notes', text)
  return redirect('/', 303)
})
