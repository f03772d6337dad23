// A whole request as in any fetch handler, the same for every library: from a `Request` with its
// `Cookie` header over a read or a change to a `Response` with its lines.

import { cookieOf } from './contenders/cookies.mjs'
import { login, noise, sessionOf } from './payloads.mjs'

const URL = 'https://shop.example/cart'

/** Two and a half times what one cookie holds. */
const large = sessionOf(8500)

const visit = (session, cookie) => async () => {
  const request = requestWith(cookie)
  const data = await session.read(request.headers.get('cookie') ?? '')
  return new Response(data?.userId ?? 'nobody')
}

const change = (session, cookie) => {
  let number = login.lastSeen
  return async () => {
    const request = requestWith(cookie)
    const lines = await session.step(request.headers.get('cookie'), ++number)
    return new Response('changed', { headers: lines.map((line) => ['Set-Cookie', line]) })
  }
}

/** Scenario -> a function that creates its operation, for a library's session and its cookie. */
export const scenarios = {
  anonymous: { data: login, make: (session) => visit(session, '') },
  'read only': { data: login, make: visit },
  write: { data: login, make: change },
  'read only, three cookies': { data: large, make: visit },
  'write, three cookies': { data: large, make: change },
  'junk cookie': {
    data: login,
    make: (session, cookie) => visit(session, `${nameOf(cookie)}=${noise(400)}`),
  },
}

/** A scenario with one library, after it has answered correctly. */
export async function operationOf(scenario, session) {
  const { data, make } = scenarios[scenario]
  const operation = make(session, cookieOf(await session.write(data)))
  const said = await (await operation()).text()
  const known = scenario.startsWith('read only') ? data.userId : undefined
  if (known !== undefined && said !== known) throw new Error(`answers ${said} to ${scenario}`)
  return operation
}

function requestWith(cookie) {
  return new Request(URL, cookie === '' ? {} : { headers: { cookie } })
}

function nameOf(cookie) {
  return cookie.slice(0, cookie.indexOf('='))
}
