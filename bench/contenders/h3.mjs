import { getSession, mockEvent, useSession } from 'h3'

export const h3 = {
  name: 'h3',
  package: 'h3',
  form: 'Iron, CBC and HMAC',
  expires: true,
  async make(password) {
    const config = { password, name: 'session', maxAge: 604_800 }
    const eventOf = (cookie) => mockEvent('https://shop.example/', { headers: { cookie } })

    async function change(cookie, data) {
      const event = eventOf(cookie)
      const session = await useSession(event, config)
      await session.update(data)
      return event.res.headers.getSetCookie()
    }

    return {
      write: (data) => change('', data),
      step: (cookie, lastSeen) => change(cookie, { lastSeen }),
      read: async (cookie) => ({ ...(await getSession(eventOf(cookie), config)).data }),
    }
  },
}
