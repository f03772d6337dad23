import { sessions } from '../../lib/session'

export const POST = sessions.wrap((request, session) => {
  session.set('user', 'mallory')
  throw new Error('the handler failed')
})
