// routes/login.post.ts
import { HTTPError, defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ req, context: { session } }) => {
  const user = (await req.formData()).get('user')
  if (typeof user !== 'string') throw new HTTPError('no user', { status: 400 })
  session.regenerate()
  session.set('user', user)
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
})
