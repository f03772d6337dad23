// A cached handler: `/cached?use` uses the session, `/cached` does not.

import type { H3Event } from 'h3-1'
import { defineCachedEventHandler } from 'nitropack/runtime'
import { defineSessionHandler } from 'sealed-session/h3'
import { createShopSessions } from '../../scenario/shop.ts'

const handler = defineSessionHandler(createShopSessions(), ({ path }: H3Event, session) => {
  if (path.endsWith('?use')) session.set('visits', 1)
  return 'the same for all'
})

export default defineCachedEventHandler(handler, { maxAge: 60, varies: ['cookie'] })
