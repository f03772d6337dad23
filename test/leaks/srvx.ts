// srvx has a `FastResponse` that keeps the `Headers` object that it receives.

import { afterEach, test } from 'vitest'
import { createApplication } from './application.ts'
import { expectNoLeak, expectSharing } from './visitors.ts'

/** The members of srvx that are used, in any version. */
export interface Srvx {
  readonly FastResponse: new (body: string | null, init?: ResponseInit) => Response
  serve(options: {
    fetch: (request: Request) => Promise<Response>
    hostname: string
    port: number
    silent: boolean
  }): RunningServer
}

interface RunningServer {
  readonly url?: string | undefined
  ready(): Promise<unknown>
  close(closeActiveConnections?: boolean): Promise<unknown>
}

/** Tests one version of srvx. */
export function examine({ FastResponse, serve }: Srvx): void {
  let server: RunningServer | undefined

  afterEach(() => server?.close(true))

  async function start(shared: () => Response): Promise<string> {
    server = serve({
      fetch: createApplication(shared),
      hostname: '127.0.0.1',
      port: 0,
      silent: true,
    })
    await server.ready()
    return new URL(server.url ?? '').origin
  }

  function sharingHeaders(): () => Response {
    const headers = new Headers({ 'content-type': 'text/plain' })
    return () => new FastResponse('text', { headers })
  }

  test('two responses that share their Headers carry nothing to the next visitor', async () => {
    await expectNoLeak(await start(sharingHeaders()))
  })

  test('a Response constant carries nothing to the next visitor', async () => {
    const shared = new Response(null)
    await expectNoLeak(await start(() => shared))
  })

  test('the server shares Headers: a field that is appended to one response is on the next', async () => {
    await expectSharing(await start(sharingHeaders()))
  })
}
