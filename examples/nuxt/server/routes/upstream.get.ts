import { withSession } from '../utils/session'

export default withSession((_, session) => {
  session.set('visits', session.get('visits', 0) + 1)
  return fetch(process.env.UPSTREAM ?? 'http://127.0.0.1:8080/')
})
