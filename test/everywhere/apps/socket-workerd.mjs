import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: process.env.SESSION_SECRETS })

export default {
  fetch: sessions.wrap((request, session) => {
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    server.send(`hello ${session.get('user', 'you')}`)
    session.set('visits', 1)
    return new Response(null, { status: 101, webSocket: client })
  }),
}
