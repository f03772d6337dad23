// routes/login.post.ts
import { defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ req, context: { session } }) => {
  const form = await req.formData()
  session.regenerate()
  session.set('user', String(form.get('user')))
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
})
