// server/routes/logout.post.ts
import { sendRedirect } from 'h3'
import { withSession } from '../utils/session'

export default withSession((event, session) => {
  session.destroy()
  return sendRedirect(event, '/', 303)
})
