// `sealed-session/elysia`: the session of each request in the context of its handlers. Imports
// nothing of Elysia.

import { getInternals } from '../internals.ts'
import { SessionConfigError } from '../errors.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { discardChanges, forbidCaching, prepareWithdrawal } from './failed-handler.ts'
import type { AnswerFields } from './failed-handler.ts'

/** Answers a request: the function that Elysia gives to a server. */
type FetchFunction = (...args: unknown[]) => unknown

/** The context that every hook receives. */
interface RequestContext {
  readonly request: Request
}

/** The context of a hook that runs when a handler has returned. */
interface ResultContext extends RequestContext {
  readonly responseValue: unknown
  /** The header fields of the answer, by names in any case. */
  readonly set: { readonly headers: object }
}

/** A hook that does not replace the answer. */
type RequestHook<Context> = (context: Context) => Promise<void>

/** What a wrapped handler tells beside its response. */
interface Opening {
  isOpened: boolean
}

/** The progress of one request through its handlers: a function that withdraws the cookies, once they are made. */
type HandlerProgress = 'begun' | 'failed' | (() => void)

/** The scope of a hook: the routes of every instance, also of those that use this one. */
interface HookScope {
  as: 'global'
}

/**
 * The members of an Elysia application that the plugin uses.
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
  onAfterHandle(scope: HookScope, hook: RequestHook<ResultContext>): unknown
  onError(scope: HookScope, hook: RequestHook<RequestContext>): unknown
}

/**
 * The type that the plugin adds to an application: `session` in the context of its handlers.
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
 * If a handler throws or returns an error, its changes are discarded. The error of a session that does not fit
 * goes to `onError`: the cookies are made when the handler has returned, so an `onAfterHandle` that changes
 * the session must be registered before the plugin. The error of a session that cannot be opened goes there too.
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
  /** The reason for which the session of a request could not be opened. */
  const failures = createObjectSlot<{ readonly error: unknown }>()

  /** Commits the session to what Elysia answers: results, streams, static routes and errors. */
  function around(handle: FetchFunction): (request: Request, ...rest: unknown[]) => unknown {
    const run = sessions.wrap<Request, [Opening, ...unknown[]]>(
      async (request, session, opening, ...rest) => {
        opening.isOpened = true
        const response = await answer(handle, request, ...rest)
        // An error handler that was registered before this plugin has answered.
        if (progress.get(request) === 'begun') discardChanges(session)
        return response
      },
    )
    return async (request, ...rest) => {
      const opening: Opening = { isOpened: false }
      try {
        return await run(request, opening, ...rest)
      } catch (error) {
        if (opening.isOpened) throw error
        // Thrown again in a hook, from which it reaches `onError`.
        failures.set(request, { error })
        return answer(handle, request, ...rest)
      }
    }
  }

  async function begin({ request }: RequestContext): Promise<{ session: Session<Data> }> {
    const failure = failures.get(request)
    if (failure !== undefined) throw failure.error
    const session = await internals.open(request)
    assertWrapped(session)
    progress.set(request, 'begun')
    return { session }
  }

  /** Makes the cookies at a point from which a failure still reaches `onError`. */
  async function succeed({ request, responseValue, set }: ResultContext): Promise<void> {
    const session = await internals.open(request)
    if (responseValue instanceof Error) discardChanges(session)
    const withdraw = prepareWithdrawal(session)
    try {
      await sessions.setCookies(session)
    } catch (error) {
      forbidCaching(fieldsOf(set.headers))
      throw error
    }
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
 * Calls the handler of Elysia. It returns `undefined` after Bun has upgraded the connection to a WebSocket:
 * a commit passes that on.
 */
function answer(handle: FetchFunction, ...args: unknown[]): Response | Promise<Response>
function answer(handle: FetchFunction, ...args: unknown[]): unknown {
  return handle(...args)
}

/** Returns the header fields that Elysia gives to an answer. */
function fieldsOf(headers: object): AnswerFields {
  return {
    keys: () => Object.keys(headers),
    set: (name, value) => Reflect.set(headers, name, value),
    delete: (name) => Reflect.deleteProperty(headers, name),
  }
}

/**
 * Throws if Elysia has left `wrap` out, as it does when it compiles nothing: every change would be
 * lost.
 */
function assertWrapped<Data extends object>(session: Session<Data>): void {
  if (getState(session)?.handlers !== 0) return
  throw new SessionConfigError('aot', 'must not be false, because wrap() of Elysia needs it')
}
