// server/routes/login.post.ts
import { createError, readFormData, sendRedirect } from 'h3'
import { withSession } from '../utils/session'

export default withSession(async (event, session) => {
  const user = (await readFormData(event)).get('user')
  if (typeof user !== 'string' || user === '') throw createError({ statusCode: 400 })
  session.regenerate()
  session.set('user', user)
  session.flash('notice', 'Welcome')
  return sendRedirect(event, '/', 303)
})
