import express from 'express'
import appSession from 'express-openid-connect/lib/appSession.js'
import { pairOfNode } from './node-pair.mjs'

// The session's own middleware, imported by its file: the package's entry creates it only as part
// of a whole application with an identity provider.
export const expressOpenidConnect = {
  name: 'express-openid-connect',
  package: 'express-openid-connect',
  form: 'JWE, dir, A256GCM',
  expires: true,
  note: 'its `appSession` middleware, with the request and response of Express',
  async make(secret) {
    const app = express()
    const middleware = appSession({
      secret,
      session: {
        name: 'appSession',
        rolling: true,
        rollingDuration: 86_400,
        absoluteDuration: 604_800,
        cookie: { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' },
      },
    })

    async function respond(cookie, use) {
      const { request, response } = pairOfNode(cookie)
      // The part of Express that every request passes.
      Object.setPrototypeOf(request, app.request)
      Object.setPrototypeOf(response, app.response)
      request.res = response
      response.req = request
      let data
      await middleware(request, response, () => {
        data = use(request)
      })
      response.writeHead(200)
      return { data, lines: [response.getHeader('set-cookie') ?? []].flat() }
    }

    return {
      write: async (data) =>
        (await respond('', (request) => Object.assign(request.appSession, data))).lines,
      read: async (cookie) => (await respond(cookie, ({ appSession: data }) => ({ ...data }))).data,
      step: async (cookie, number) => {
        const { lines } = await respond(cookie, ({ appSession: data }) => {
          data.lastSeen = number
        })
        return lines
      },
    }
  },
}
