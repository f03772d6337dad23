// server/routes/me.get.ts
import { withSession } from '../utils/session'

export default withSession((_, session) => ({
  user: session.get('user'),
  notes: session.get('notes', '').length,
}))
