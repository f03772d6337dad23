import { withSession } from '../utils/session'

export default withSession((_, session) => {
  session.set('user', 'mallory')
  throw new Error('the route failed')
})
