// The application on every server: a route for each way in which a response can fail between a
// handler and a browser.

import { createSessions } from 'sealed-session'
import type { SessionHandler } from 'sealed-session'
import { engineOf } from '../engine.ts'

interface Data {
  user: string
  visits: number
  text: string
}

const sessions = createSessions<Data>({
  secrets: process.env['SESSION_SECRETS'],
  limits: 'node',
})

/** One object for all visitors, as in real applications. */
const NO_CONTENT = new Response(null, { status: 204 })

const routes: Readonly<Record<string, SessionHandler<Data>>> = {
  '/visit': (_, session) => {
    session.set('visits', session.get('visits', 0) + 1)
    return Response.json(session.get('visits'))
  },
  '/read': (_, session) => Response.json({ data: session, rejection: session.rejection?.reason }),
  '/unused': () => new Response('static'),
  '/form': async (request, session) => {
    const user = (await request.formData()).get('user')
    if (typeof user === 'string') session.set('user', user)
    return Response.redirect(new URL('/read', request.url).href, 303)
  },
  '/fill': (request, session) => {
    session.set('text', parameter(request, 'text').repeat(Number(parameter(request, 'times'))))
    return new Response('filled')
  },
  '/stream': (_, session) => {
    session.set('visits', 100)
    return new Response(slowly(['first ', 'second ', 'third']))
  },
  '/empty': (request, session) => {
    session.set('user', `visitor ${parameter(request, 'status')}`)
    return new Response(null, { status: Number(parameter(request, 'status')) })
  },
  '/cookies': (_, session) => {
    session.set('user', 'ada')
    const response = new Response('cookies', { headers: { Vary: 'Accept' } })
    response.headers.append('Set-Cookie', 'theme=dark; Path=/')
    response.headers.append('Set-Cookie', 'seen=Thu, 01 Jan 2026; Path=/')
    return response
  },
  '/refused': (_, session) => {
    session.set('user', 'refused')
    throw new Response('no', { status: 403 })
  },
  '/constant': (request, session) => {
    const user = parameter(request, 'user')
    if (user !== '') session.set('user', user)
    if (parameter(request, 'logout') !== '') session.destroy()
    if (parameter(request, 'thrown') !== '') throw NO_CONTENT
    return NO_CONTENT
  },
  '/error': (_, session) => {
    session.set('user', 'lost')
    throw new Error('a mistake of the application')
  },
  '/measure': async (_, session) => Response.json((await sessions.measure(session)).bytes),
  '/copied': async (request) => {
    const session = await sessions.open(
      new Request(request, { headers: new Headers(request.headers) }),
    )
    return Response.json({ data: session })
  },
  '/engine': async () => {
    const session = await sessions.open(null)
    session.set('user', 'ada')
    return new Response(await engineOf(() => sessions.setCookies(session)))
  },
  '/logout': (_, session) => {
    session.destroy()
    return new Response('Goodbye')
  },
}

// oxlint-disable-next-line import/no-default-export
export default {
  fetch: sessions.wrap((request, session) => {
    const route = routes[new URL(request.url).pathname]
    return route === undefined
      ? new Response('not found', { status: 404 })
      : route(request, session)
  }),
}

function parameter(request: Request, name: string): string {
  return new URL(request.url).searchParams.get(name) ?? ''
}

/** Returns a body whose parts are sent one after the other, so that buffering is noticed. */
function slowly(parts: readonly string[]): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, 30))
      controller.enqueue(new TextEncoder().encode(parts[at++]))
      if (at === parts.length) controller.close()
    },
  })
}
