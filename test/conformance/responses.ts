// The effect of a commit on a response of each kind.

import { check, equal, errorOf, holds } from './check.ts'
import type { Check, Library } from './check.ts'
import { createScene, NAME } from './scene.ts'

const PRIVATE = 'private, no-store'

export const responses: readonly Check[] = [
  check('a redirect, whose headers are immutable, carries the cookie', async (library) => {
    const response = await write(library, Response.redirect('https://app.example/next', 303))
    equal([response.status, response.headers.get('Location')], [303, 'https://app.example/next'])
    equal(response.headers.getSetCookie().length, 1)
    equal(
      [response.headers.get('Vary'), response.headers.get('Cache-Control')],
      ['Cookie', PRIVATE],
    )
  }),

  check('responses that have no body carry the cookie and still have none', async (library) => {
    for (const status of [204, 205, 304]) {
      const response = await write(library, new Response(null, { status }))
      equal([response.status, response.body, await response.text()], [status, null, ''])
      equal(response.headers.getSetCookie().length, 1)
    }
  }),

  check('a response of fetch, whose headers are immutable, carries the cookie', async (library) => {
    const fetched = await fetch('data:text/plain,hello')
    const response = await write(library, fetched)
    equal(response.headers.getSetCookie().length, 1)
    equal(await response.text(), 'hello')
  }),

  check("the application's own cookies are kept, each on a line of its own", async (library) => {
    const own = ['theme=dark; Path=/', 'seen=Thu, 01 Jan 2026; Path=/']
    const response = new Response('ok')
    for (const line of own) response.headers.append('Set-Cookie', line)
    const lines = (await write(library, response)).headers.getSetCookie()
    equal(lines.slice(0, 2), own)
    equal(lines.length, 3)
  }),

  check("a response's own cookies survive the rebuilding of immutable headers", async (library) => {
    const source = new Response('hello', { status: 201, statusText: 'Made' })
    source.headers.append('Set-Cookie', 'a=1')
    source.headers.append('Set-Cookie', 'b=2')
    const response = await write(library, frozen(source))
    equal([response.status, response.statusText], [201, 'Made'])
    equal(response.headers.getSetCookie().slice(0, 2), ['a=1', 'b=2'])
    equal(response.headers.getSetCookie().length, 3)
    equal(await response.text(), 'hello')
  }),

  check(
    'the response of a handler is never changed, and may be returned again',
    async (library) => {
      const shared = new Response(null, { status: 204, headers: { 'X-Own': '1' } })
      const written = await write(library, shared)
      holds(written !== shared, 'another response')
      equal([written.status, written.headers.get('X-Own')], [204, '1'])
      equal([...shared.headers], [['x-own', '1']])
      const next = await read(library, shared)
      equal([next.headers.getSetCookie(), [...shared.headers]], [[], [['x-own', '1']]])
    },
  ),

  check('a response that needs no change is returned as it is', async (library) => {
    const headers = { Vary: 'Cookie', 'Cache-Control': 'private' }
    const response = new Response('ok', { headers })
    holds((await read(library, response)) === response, 'the same response')
  }),

  check('a response whose body has been read is rejected', async (library) => {
    const response = new Response('ok')
    await response.text()
    equal((await errorOf(() => write(library, response))).code, 'ERR_SESSION_RESPONSE')
  }),

  check('cookies of the session that a response already has are replaced', async (library) => {
    const { sessions } = createScene(library)
    const response = new Response('ok')
    response.headers.append('Set-Cookie', `${NAME}=other; Path=/; Secure`)
    response.headers.append('Set-Cookie', 'theme=dark')
    const session = await sessions.open(null)
    session.set('user', 'ada')
    const lines = (await sessions.commit(session, response)).headers.getSetCookie()
    equal(
      lines.map((line) => line.split('=', 1).join()),
      ['theme', NAME],
    )
  }),

  check('a streaming body is passed on without buffering', async (library) => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(new TextEncoder().encode(`${pulled++},`))
          if (pulled === 3) controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const response = await write(library, new Response(body))
    equal(pulled, 0, 'parts pulled by the commit')
    equal(await response.text(), '0,1,2,')
  }),

  check(
    'reading adds Vary: Cookie and private, unless the handler has set more',
    async (library) => {
      const response = await read(library, new Response('ok'))
      equal(response.headers.getSetCookie(), [])
      equal(
        [response.headers.get('Vary'), response.headers.get('Cache-Control')],
        ['Cookie', 'private'],
      )
      const headers = { 'Cache-Control': 'public, max-age=600' }
      const shared = await read(library, new Response('ok', { headers }))
      equal(shared.headers.get('Cache-Control'), 'public, max-age=600')
    },
  ),

  check('Vary is extended, never repeated', async (library) => {
    const cases: [string, string][] = [
      ['Accept', 'Accept, Cookie'],
      ['cookie', 'cookie'],
      ['Accept, COOKIE', 'Accept, COOKIE'],
      ['*', '*'],
    ]
    for (const [Vary, expected] of cases) {
      const response = await read(library, new Response('ok', { headers: { Vary } }))
      equal(response.headers.get('Vary'), expected)
    }
  }),

  check('writing forbids caching unless the handler does', async (library) => {
    const cases: [string | undefined, string][] = [
      [undefined, PRIVATE],
      ['public, max-age=600', PRIVATE],
      ['no-store', 'no-store'],
      ['private, max-age=5', 'private, max-age=5'],
      ['public, s-maxage=600, private', PRIVATE],
      ['no-cache="x, private"', PRIVATE],
    ]
    for (const [said, expected] of cases) {
      const headers = new Headers()
      if (said !== undefined) headers.set('Cache-Control', said)
      const response = await write(library, new Response('ok', { headers }))
      equal(response.headers.get('Cache-Control'), expected)
    }
  }),

  check('writing removes the cache fields for CDNs', async (library) => {
    const headers = {
      'CDN-Cache-Control': 'max-age=600',
      'Vercel-CDN-Cache-Control': 'max-age=600',
      'Surrogate-Control': 'max-age=600',
      'X-Accel-Expires': '600',
      'Edge-Control': 'max-age=600',
      'X-LiteSpeed-Cache-Control': 'max-age=600',
      'Oxygen-Cache-Control': 'max-age=600',
    }
    const response = await write(library, new Response('ok', { headers }))
    for (const name of Object.keys(headers)) equal(response.headers.get(name), null)
  }),
]

/** The response of a handler that wrote to the session. */
async function write(library: Library, response: Response): Promise<Response> {
  const { sessions } = createScene(library)
  const session = await sessions.open(null)
  session.set('user', 'ada')
  return sessions.commit(session, response)
}

/** The response of a handler that only read the session. */
async function read(library: Library, response: Response): Promise<Response> {
  const { sessions } = createScene(library)
  return sessions.commit(await sessions.open(null), response)
}

/** The same response with headers that reject every change, as `fetch` returns them. */
function frozen(response: Response): Response {
  const refuse = () => {
    throw new TypeError('immutable')
  }
  Object.assign(response.headers, { append: refuse, set: refuse, delete: refuse })
  return response
}
