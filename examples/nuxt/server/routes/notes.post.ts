// server/routes/notes.post.ts
import { createError, readFormData, sendRedirect } from 'h3'
import { withSession } from '../utils/session'

export default withSession(async (event, session) => {
  const text = (await readFormData(event)).get('text')
  if (typeof text !== 'string') throw createError({ statusCode: 400 })
  session.set('notes', text)
  return sendRedirect(event, '/', 303)
})
