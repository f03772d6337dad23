// Release candidates of h3 2 answer every object with the same `Headers`.

import { H3, serve, toResponse } from 'h3'
import type { H3Event } from 'h3'
import { afterEach, test } from 'vitest'
import type { Session } from 'sealed-session'
import { h3Session } from 'sealed-session/h3'
import { CARELESS, act, createApplicationSessions } from './application.ts'
import type { Data } from './application.ts'
import { expectNoLeak, expectSharing } from './visitors.ts'

let stop: (() => Promise<void>) | undefined

afterEach(() => stop?.())

/** Copies an answer of h3 into a new response. */
function useWrap(app: H3): void {
  const sessions = createApplicationSessions()
  app.use((event, next) =>
    sessions.wrap(async (request, session) => {
      act(request.url, session)
      event.context['session'] = session
      return careless(event, await toResponse(await next(), event))
    })(event.req),
  )
}

function useAdapter(app: H3): void {
  app.use(h3Session(createApplicationSessions()))
  app.use(async (event, next) => {
    act(event.req.url, event.context['session'] as Session<Data>)
    const answer = await next()
    return event.url.pathname === '/careless'
      ? careless(event, await toResponse(answer, event))
      : answer
  })
}

function careless(event: H3Event, response: Response): Response {
  if (event.url.pathname === '/careless') response.headers.append(CARELESS, 'yes')
  return response
}

async function start(use: (app: H3) => void): Promise<string> {
  const app = new H3()
  use(app)
  app.get('/me', ({ context }) => context['session'])
  app.get('/**', () => ({ page: 'the same for everybody' }))
  const server = serve(app, { hostname: '127.0.0.1', port: 0, silent: true })
  stop = () => server.close(true)
  await server.ready()
  return new URL(server.url ?? '').origin
}

test.each([
  ['wrap', useWrap],
  ['the adapter', useAdapter],
])(
  'answers that share their Headers carry nothing to the next visitor, with %s',
  async (_, use) => {
    await expectNoLeak(await start(use))
  },
)

test('h3 shares its Headers: a field that is appended to one answer is on the next', async () => {
  await expectSharing(await start(useAdapter))
})
