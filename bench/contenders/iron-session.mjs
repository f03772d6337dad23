import { getIronSession, sealData, unsealData, webCookies } from 'iron-session'

export const ironSession = {
  name: 'iron-session',
  package: 'iron-session',
  form: 'Iron, CBC and HMAC',
  expires: true,
  async make(password) {
    const options = { password, cookieName: 'session', chunk: true }
    const origin = 'https://shop.example/'
    const open = (cookie, headers) =>
      getIronSession(webCookies(new Request(origin, { headers: { cookie } }), headers), options)

    async function change(cookie, data) {
      const headers = new Headers()
      const session = await open(cookie, headers)
      Object.assign(session, data)
      await session.save()
      return headers.getSetCookie()
    }

    return {
      seal: (data) => sealData(data, options),
      open: (value) => unsealData(value, options),
      write: (data) => change('', data),
      step: (cookie, lastSeen) => change(cookie, { lastSeen }),
      read: async (cookie) => ({ ...(await open(cookie, new Headers())) }),
    }
  },
}
