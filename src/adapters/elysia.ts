// `sealed-session/elysia`: the session of each request in the context of its handlers. Nothing of Elysia
// is imported.

import { getInternals } from '../internals.ts'
import { SessionConfigError } from '../errors.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { discardChanges, prepareWithdrawal } from './failed-handler.ts'

/** Answers a request: what Elysia gives to a server. */
type FetchFunction = (...args: unknown[]) => unknown

/** What every hook is given. */
interface RequestContext {
  readonly request: Request
}

/** A hook that leaves the answer as it is. */
type RequestHook = (context: RequestContext) => Promise<void>

/** How far the handlers of a request have come: to a function that takes the cookies back, if these are made. */
type HandlerProgress = 'begun' | 'failed' | (() => void)

/** The scope of a hook: the routes of every instance, whatever it is used by. */
interface HookScope {
  as: 'global'
}

/**
 * What is needed of an application.
 *
 * @example
 * const use = (app: ElysiaSessionApp): unknown => elysiaSession(sessions)(app)
 */
export interface ElysiaSessionApp {
  wrap(around: (handle: FetchFunction) => (request: Request) => unknown): unknown
  derive(
    scope: HookScope,
    derive: (context: RequestContext) => Promise<{ session: unknown }>,
  ): unknown
  onAfterHandle(scope: HookScope, hook: RequestHook): unknown
  onError(scope: HookScope, hook: RequestHook): unknown
}

/**
 * What the plugin adds to the type of an application: `session` in the context of its handlers.
 *
 * @example
 * type Context = ElysiaSessionTypes<Data>['~Singleton']['derive']
 */
export interface ElysiaSessionTypes<Data extends object = Record<string, unknown>> {
  '~Singleton': {
    decorator: object
    store: object
    derive: { readonly session: Session<Data> }
    resolve: object
  }
}

/**
 * A plugin of Elysia.
 *
 * @example
 * const plugin: ElysiaSessionPlugin<Data> = elysiaSession(sessions)
 */
export type ElysiaSessionPlugin<Data extends object = Record<string, unknown>> = <
  App extends ElysiaSessionApp,
>(
  app: App,
) => App & ElysiaSessionTypes<Data>

const GLOBAL: HookScope = { as: 'global' }

/**
 * Returns a plugin of Elysia that opens the session of each request, and commits it to the response.
 * Where a handler fails, the session stays as it came. A session that does not fit comes to `onError`:
 * the cookies are made when the handler has returned, so an `onAfterHandle` that changes the session
 * must be registered before the plugin.
 *
 * @throws SessionConfigError if `sessions` is not what `createSessions` has returned
 * @example
 * new Elysia()
 *   .use(elysiaSession(sessions))
 *   .get('/', ({ session }) => `Hello ${session.get('user', 'you')}`)
 */
export function elysiaSession<Data extends object>(
  sessions: Sessions<Data>,
): ElysiaSessionPlugin<Data> {
  const internals = getInternals(sessions)

  const progress = createObjectSlot<HandlerProgress>()

  /** Commits the session to what Elysia answers: results, streams, static routes and errors. */
  function around(handle: FetchFunction): (request: Request, ...rest: unknown[]) => unknown {
    return sessions.wrap<Request, unknown[]>(async (request, session, ...rest) => {
      const response = await answer(handle, request, ...rest)
      // An error handler before this plugin's has answered.
      if (progress.get(request) === 'begun') discardChanges(session)
      return response
    })
  }

  async function begin({ request }: RequestContext): Promise<{ session: Session<Data> }> {
    const session = await internals.open(request)
    assertWrapped(session)
    progress.set(request, 'begun')
    return { session }
  }

  /** Makes the cookies where a failure still comes to `onError`. */
  async function succeed({ request }: RequestContext): Promise<void> {
    const session = await internals.open(request)
    const withdraw = prepareWithdrawal(session)
    await sessions.setCookies(session)
    progress.set(request, withdraw)
  }

  async function fail({ request }: RequestContext): Promise<void> {
    const reached = progress.get(request)
    if (reached === undefined || reached === 'failed') return
    if (reached !== 'begun') reached()
    discardChanges(await internals.open(request))
    progress.set(request, 'failed')
  }

  function install<App extends ElysiaSessionApp>(
    app: App,
  ): asserts app is App & ElysiaSessionTypes<Data> {
    app.wrap(around)
    app.derive(GLOBAL, begin)
    app.onAfterHandle(GLOBAL, succeed)
    app.onError(GLOBAL, fail)
  }

  return (app) => {
    install(app)
    return app
  }
}

/**
 * Answers a request as Elysia does. That is nothing where Bun has made a WebSocket of the connection, and
 * a commit leaves that as it is.
 */
function answer(handle: FetchFunction, ...args: unknown[]): Response | Promise<Response>
function answer(handle: FetchFunction, ...args: unknown[]): unknown {
  return handle(...args)
}

/** Elysia leaves `wrap` out where it compiles nothing, and every change would be lost. */
function assertWrapped<Data extends object>(session: Session<Data>): void {
  if (getState(session)?.handlers !== 0) return
  throw new SessionConfigError('aot', 'must not be false, because wrap() of Elysia needs it')
}
