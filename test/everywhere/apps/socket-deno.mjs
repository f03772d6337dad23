import { createSessions } from 'sealed-session'

const sessions = createSessions({ secrets: process.env.SESSION_SECRETS })

export default {
  fetch: sessions.wrap((request, session) => {
    const user = session.get('user', 'you')
    const { socket, response } = Deno.upgradeWebSocket(request)
    socket.addEventListener('open', () => socket.send(`hello ${user}`))
    return response
  }),
}
