// A worker of workerd whose sessions store what does not fit in its KV.

import { createStorage } from 'unstorage'
import kvDriver from 'unstorage/drivers/cloudflare-kv-binding'
import { createSessions } from '../../src/index.ts'
import { overflow } from '../../src/overflow/overflow.ts'

interface Environment {
  readonly SECRETS: string
  readonly PARCELS: unknown
}

let handler: ((request: Request) => Promise<Response>) | undefined

function createHandler({ SECRETS, PARCELS }: Environment): (request: Request) => Promise<Response> {
  const driver = kvDriver({ binding: PARCELS as string })
  const sessions = createSessions<{ user: string; cart: string }>({
    secrets: SECRETS,
    overflow: overflow({ storage: createStorage({ driver }) }),
  })
  return sessions.wrap((request, session) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/login') session.set('user', 'ada')
    if (pathname === '/cart') session.set('cart', 'x'.repeat(Number(searchParams.get('size'))))
    if (pathname === '/logout') session.destroy()
    const { user, cart = '' } = session.toJSON()
    return Response.json({ user, cart: cart.length, reason: session.rejection?.reason })
  })
}

export default {
  fetch(request: Request, environment: Environment): Promise<Response> {
    handler ??= createHandler(environment)
    return handler(request)
  },
}
