import { withSession } from '../utils/session'

export default withSession((_, session) => {
  session.set('notes', 'never kept')
  throw new Error('the database is gone')
})
