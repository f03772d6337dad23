// Release candidates of h3 2 answer every object with the same `Headers`.

import { H3, serve, toResponse } from 'h3'
import { afterEach, test } from 'vitest'
import { CARELESS, act, createApplicationSessions } from './application.ts'
import { expectNoLeak, expectSharing } from './visitors.ts'

let stop: (() => Promise<void>) | undefined

afterEach(() => stop?.())

async function start(): Promise<string> {
  const sessions = createApplicationSessions()
  const app = new H3()
  app.use((event, next) =>
    sessions.wrap(async (request, session) => {
      act(request.url, session)
      event.context['session'] = session
      const response = await toResponse(await next(), event)
      if (event.url.pathname === '/careless') response.headers.append(CARELESS, 'yes')
      return response
    })(event.req),
  )
  app.get('/me', ({ context }) => context['session'])
  app.get('/**', () => ({ page: 'the same for everybody' }))
  const server = serve(app, { hostname: '127.0.0.1', port: 0, silent: true })
  stop = () => server.close(true)
  await server.ready()
  return new URL(server.url ?? '').origin
}

test('answers that share their Headers carry nothing to the next visitor', async () => {
  await expectNoLeak(await start())
})

test('h3 shares its Headers: what is appended to one answer is on the next', async () => {
  await expectSharing(await start())
})
