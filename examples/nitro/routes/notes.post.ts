// routes/notes.post.ts
import { defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ req, context: { session } }) => {
  const form = await req.formData()
  session.set('notes', String(form.get('text')))
  return redirect('/', 303)
})
