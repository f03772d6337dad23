import { defineSessionHandler } from 'sealed-session/h3'
import { sessions } from '../utils/session'

export default defineSessionHandler(sessions, (_, session) => {
  session.set('visits', session.get('visits', 0) + 1)
  return { visits: session.get('visits') }
})
