// server/routes/notices.post.ts
import { withSession } from '../utils/session'

export default withSession((_, session) => session.flash('notice'))
