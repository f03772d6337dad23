// Every way in which a session reaches a response, each as one function: from a request with these
// cookies and a handler to the `Set-Cookie` lines.

import type { Session, Sessions } from 'sealed-session'
import { expressSession, sessionOf } from 'sealed-session/express'
import { wrapLambda } from 'sealed-session/lambda'
import { nodeSessions } from 'sealed-session/node'
import { untyped } from './mint.ts'
import { requestWith } from './requests.ts'
import type { Data } from './set-up.ts'
import { testServers } from './test-servers.ts'

export type Handler = (session: Session<Data>) => unknown

export type Entry = (
  sessions: Sessions<Data>,
  cookie: string,
  handle: Handler,
) => Promise<readonly string[]>

/** Entries for fetch and for cookie stores. */
export const FETCH_ENTRIES: Readonly<Record<string, Entry>> = {
  wrap: async (sessions, cookie, handle) => {
    const handler = sessions.wrap(async (_, session) => {
      await handle(session)
      return new Response('page')
    })
    return (await handler(requestWith(cookie))).headers.getSetCookie()
  },
  'wrap, thrown': async (sessions, cookie, handle) => {
    const handler = sessions.wrap(async (_, session) => {
      await handle(session)
      throw new Response('page')
    })
    return (await handler(requestWith(cookie))).headers.getSetCookie()
  },
  'commit of a session': async (sessions, cookie, handle) => {
    const session = await sessions.open(requestWith(cookie))
    await handle(session)
    return (await sessions.commit(session, new Response('page'))).headers.getSetCookie()
  },
  'commit of a request': async (sessions, cookie, handle) => {
    const request = requestWith(cookie)
    await handle(await sessions.open(request))
    return (await sessions.commit(request, new Response('page'))).headers.getSetCookie()
  },
  setCookies: async (sessions, cookie, handle) => {
    const session = await sessions.open(new Headers({ cookie }))
    await handle(session)
    return sessions.setCookies(session)
  },
  'save into a store': async (sessions, cookie, handle) => {
    const { store, lines } = storeWith(cookie)
    const session = await sessions.open(store)
    await handle(session)
    await sessions.save(session, store)
    return lines
  },
  'save with a function': async (sessions, cookie, handle) => {
    const { store, lines } = storeWith(cookie)
    const session = await sessions.open(cookie)
    await handle(session)
    await sessions.save(session, store.set)
    return lines
  },
}

/** The others: real servers of Node, and the events of Lambda. */
export const ADAPTER_ENTRIES: Readonly<Record<string, Entry>> = {
  'middleware of Node': (sessions, cookie, handle) => {
    const adapter = nodeSessions(sessions)
    return overWire(cookie, (request, response) =>
      adapter.middleware(request, response, async (error) => {
        if (error === undefined) await handle(adapter.sessionOf(request))
        response.end(error?.message)
      }),
    )
  },
  'Express session': (sessions, cookie, handle) => {
    const middleware = expressSession(sessions)
    return overWire(cookie, (request, response) =>
      middleware(request, response, async (error) => {
        if (error === undefined) await handle(sessionOf(request, sessions))
        response.end()
      }),
    )
  },
  'open of Node': (sessions, cookie, handle) => {
    const { open } = nodeSessions(sessions)
    return overWire(cookie, async (request, response) => {
      await handle(await open(request, response))
      response.end()
    })
  },
  'Lambda, payload 2.0': async (sessions, cookie, handle) => {
    const handler = wrapLambda(sessions, async (_, session) => {
      await handle(session)
      return { statusCode: 200, body: 'page' }
    })
    const cookies = cookie === '' ? undefined : cookie.split('; ')
    const event = { version: '2.0', headers: {}, cookies }
    const result = untyped<{ readonly cookies?: readonly string[] }>(await handler(event))
    return result.cookies ?? []
  },
  'Lambda, payload 1.0': async (sessions, cookie, handle) => {
    const handler = wrapLambda(sessions, async (_, session) => {
      await handle(session)
      return { statusCode: 200, body: 'page' }
    })
    const event = { headers: { cookie }, multiValueHeaders: { cookie: [cookie] } }
    const result = untyped<{ readonly multiValueHeaders?: object }>(await handler(event))
    const fields = Object.entries<readonly string[]>({ ...result.multiValueHeaders })
    return fields.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1] ?? []
  },
}

export const ENTRIES: Readonly<Record<string, Entry>> = { ...FETCH_ENTRIES, ...ADAPTER_ENTRIES }

/** A framework's cookie store, and the cookies that were set in it, as lines. */
function storeWith(cookie: string) {
  const lines: string[] = []
  const pairs = cookie === '' ? [] : cookie.split('; ')
  const store = {
    getAll: () =>
      pairs.map((pair) => {
        const at = pair.indexOf('=')
        return { name: pair.slice(0, at), value: pair.slice(at + 1) }
      }),
    set(name: string, value: string, { maxAge }: { readonly maxAge?: number }) {
      lines.push(`${name}=${value}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`)
    },
  }
  return { store, lines }
}

async function overWire(
  cookie: string,
  listener: Parameters<typeof testServers.http>[0],
): Promise<readonly string[]> {
  const { ask, close } = await testServers.http(listener)
  try {
    return (await ask({ cookie: cookie === '' ? undefined : cookie })).cookies
  } finally {
    await close()
  }
}
