// `sealed-session/koa`: the session of each request as `ctx.session`. Imports nothing of Koa.

import { getInternals } from '../internals.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { discardChanges, forbidCaching } from './failed-handler.ts'
import type { NodeRequest } from './node.ts'
import { answerNodeDevice } from './node-device.ts'
import { nodeFields } from './node-fields.ts'
import type { NodeResponse } from './node-response.ts'
import { attachNodeSession } from './node-session.ts'
import { toError } from './report-error.ts'
import { createRequestProperty } from './request-property.ts'

/**
 * What the middleware adds to Koa's context.
 *
 * @example
 * const app = new Koa<Koa.DefaultState, KoaSessionContext<Data>>()
 */
export interface KoaSessionContext<Data extends object = Record<string, unknown>> {
  readonly session: Session<Data>
}

/**
 * The members of Koa's context that the middleware uses.
 *
 * @example
 * const isSecure = (ctx: KoaContext): boolean => ctx.req.headers.cookie !== undefined
 */
export interface KoaContext {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly method: string
  /** The path and query as the browser sent them: koa-mount shortens those of `req`. */
  readonly originalUrl: string
  /** Whether Koa sends a response. */
  respond?: boolean | undefined
  onerror(error: Error): void
}

/**
 * A middleware of Koa.
 *
 * @example
 * const middleware: KoaSessionMiddleware<Data> = koaSession(sessions)
 */
export type KoaSessionMiddleware<Data extends object = Record<string, unknown>> = (
  ctx: KoaContext & KoaSessionContext<Data>,
  next: () => Promise<unknown>,
) => Promise<void>

/**
 * Returns a middleware of Koa that opens the session of each request as `ctx.session`, and commits
 * it after the downstream middleware has run. If that throws, its changes are discarded. The error
 * of a session that does not fit is thrown to the upstream middleware.
 *
 * @throws SessionConfigError if `sessions` is not what `createSessions` has returned
 * @example
 * app.use(koaSession(sessions))
 * app.use((ctx) => {
 *   ctx.body = `Hello ${ctx.session.get('user', 'you')}`
 * })
 */
export function koaSession<Data extends object>(
  sessions: Sessions<Data>,
): KoaSessionMiddleware<Data> {
  const internals = getInternals(sessions)
  const defineSession = createRequestProperty('session', 'ctx')
  return async (ctx, next) => {
    const { method, originalUrl, req } = ctx
    const received = { method, originalUrl, headers: req.headers }
    if (await answerNodeDevice(internals, received, ctx.res)) {
      ctx.respond = false
      return
    }
    const session = await internals.open(ctx.req)
    // Middleware that writes to `ctx.res` itself may send the head before the commit.
    attachNodeSession(sessions, session, ctx.res, (error) => ctx.onerror(toError(error)))
    defineSession(ctx, session)
    try {
      await next()
      await sessions.setCookies(session).catch((error: unknown) => {
        if (!ctx.res.headersSent) forbidCaching(nodeFields(ctx.res))
        throw error
      })
    } catch (error) {
      discardChanges(session)
      throw error
    }
  }
}
