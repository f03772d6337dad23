import { sessions } from '../../lib/session'

export const POST = sessions.wrap((request, session) => {
  session.set('notes', 'never kept')
  throw new Error('the database is gone')
})
