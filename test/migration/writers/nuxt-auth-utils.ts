import { createApp, eventHandler, toWebHandler } from 'h3-1'
import {
  clearUserSession,
  getUserSession,
  replaceUserSession,
} from '../node_modules/nuxt-auth-utils/dist/runtime/server/utils/session.js'
import type { Change, Write } from './writer.ts'

let change: Change = (data) => data
const app = createApp().use(
  '/',
  eventHandler(async (event) => {
    const { id: _id, ...before } = await getUserSession(event)
    const data = change(before)
    await (data === undefined ? clearUserSession(event) : replaceUserSession(event, data))
    return 'done'
  }),
)
const handler = toWebHandler(app)

export const write: Write = async (header, given) => {
  change = given
  const request = new Request('https://shop.example/', { headers: { cookie: header } })
  const response = await handler(request)
  if (!response.ok) throw new Error(await response.text())
  return response.headers.getSetCookie()
}
