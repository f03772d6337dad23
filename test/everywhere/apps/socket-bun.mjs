import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: process.env.SESSION_SECRETS })

export default {
  // Not wrapped: a Bun handler that has upgraded the connection returns no response.
  async fetch(request, server) {
    const session = await sessions.open(request)
    const data = session.get('user', 'you')
    session.set('visits', 1)
    const headers = new Headers()
    for (const line of await sessions.setCookies(session)) headers.append('Set-Cookie', line)
    return server.upgrade(request, { data, headers }) ? undefined : new Response('no')
  },
  websocket: {
    open(socket) {
      socket.send(`hello ${socket.data}`)
    },
    message() {},
  },
}
