// `sealed-session/hono`: the session of each request as `c.var.session`. Imports nothing of Hono.

import { getInternals } from '../internals.ts'
import { SessionError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { discardChanges, forbidCachingOf } from './failed-handler.ts'

/**
 * The types of an application's variables for Hono: `c.var.session` is the session.
 *
 * @example
 * const app = new Hono<HonoSessionEnv<Data>>()
 */
export interface HonoSessionEnv<Data extends object = Record<string, unknown>> {
  Variables: { session: Session<Data> }
}

/**
 * The members of Hono's context that the middleware uses.
 *
 * @example
 * const visits = (c: HonoSessionContext<Data>): number => c.get('session').get('visits', 0)
 */
export interface HonoSessionContext<Data extends object = Record<string, unknown>> {
  readonly req: { readonly raw: Request }
  readonly error: Error | undefined
  readonly finalized: boolean
  set(key: 'session', value: Session<Data>): void
  get(key: 'session'): Session<Data>
  get res(): Response
  set res(response: Response | undefined)
}

/**
 * A middleware of Hono.
 *
 * @example
 * const middleware: HonoSessionMiddleware<Data> = honoSession(sessions)
 */
export type HonoSessionMiddleware<Data extends object = Record<string, unknown>> = (
  c: HonoSessionContext<Data>,
  next: () => Promise<void>,
) => Promise<Response | undefined>

/**
 * Returns a middleware of Hono that opens the session of each request as `c.var.session`, and
 * commits it to the response. If a handler throws, its changes are discarded. The error of a
 * session that does not fit goes to `app.onError`.
 *
 * @throws SessionConfigError if `sessions` is not what `createSessions` has returned
 * @example
 * const app = new Hono<HonoSessionEnv<Data>>()
 * app.use(honoSession(sessions))
 * app.get('/', (c) => c.text(`Hello ${c.var.session.get('user', 'you')}`))
 */
export function honoSession<Data extends object>(
  sessions: Sessions<Data>,
): HonoSessionMiddleware<Data> {
  getInternals(sessions)
  const run = sessions.wrap<Request, [HonoSessionContext<Data>, () => Promise<void>]>(
    async (_, session, c, next) => {
      c.set('session', session)
      await next()
      // Hono has already built a response from the error.
      if (c.error !== undefined) discardChanges(session)
      if (c.finalized) return c.res
      throw new SessionError(
        'ERR_SESSION_RESPONSE',
        'no handler has returned a response: return one, or await next()',
      )
    },
  )
  return async (c, next) => {
    let response: Response
    try {
      response = await run(c.req.raw, c, next)
    } catch (error) {
      const headers = new Headers(c.res.headers)
      forbidCachingOf(headers)
      // Hono merges these header fields into those of the answer to the error.
      replaceResponse(c, new Response(null, { headers }))
      throw error
    }
    if (!c.finalized) return response
    replaceResponse(c, response)
    return undefined
  }
}

/** Clears the former response first, because Hono would merge its header fields into this one. */
function replaceResponse<Data extends object>(
  c: HonoSessionContext<Data>,
  response: Response,
): void {
  c.res = undefined
  c.res = response
}
