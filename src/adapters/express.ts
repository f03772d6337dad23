// `sealed-session/express`: the sessions of this library with the habits of express-session and
// cookie-session: `request.session.user = …`, callbacks, `request.session = null`.

import { getInternals } from '../internals.ts'
import { SessionConfigError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { ownProperties, refuse } from '../validate.ts'
import type { NodeRequest } from './node.ts'
import { answerNodeDevice } from './node-device.ts'
import type { NodeResponse } from './node-response.ts'
import { attachNodeSession } from './node-session.ts'
import { reportError } from './report-error.ts'
import { createRequestSession } from './request-session.ts'
import type { RequestSession } from './request-session.ts'
import type { ExpressSessionMembers } from './session-members.ts'

export type { ExpressSessionCookie } from './session-cookie.ts'
export type { ExpressSessionMembers } from './session-members.ts'
export type { SessionCallback } from './callback-or-promise.ts'

/**
 * `request.session`: the application's keys as properties, and the members of express-session and
 * cookie-session.
 *
 * @example
 * const greet = (session: ExpressSession<{ user: string }>) => `Hello ${session.user ?? 'you'}`
 */
export type ExpressSession<Data extends object = Record<string, unknown>> = Partial<Data> &
  ExpressSessionMembers

/**
 * The type of a request that has been through the middleware, for an application to apply in a
 * declaration of its own. With `@types/express-session` none is needed: `SessionData` is what it was.
 *
 * @example
 * declare global {
 *   namespace Express {
 *     interface Request extends WithExpressSession<Data> {}
 *   }
 * }
 */
export interface WithExpressSession<Data extends object = Record<string, unknown>> {
  get session(): ExpressSession<Data>
  /** Ends the session, or begins another one with these keys. */
  set session(value: ExpressSession<Data> | Partial<Data> | null | undefined)
  readonly sessionID: string
}

/**
 * What `expressSession` returns: middleware for Express, Connect and `io.engine.use` of Socket.IO.
 *
 * @example
 * const middleware: ExpressSessionMiddleware = expressSession(sessions)
 */
export type ExpressSessionMiddleware = (
  request: NodeRequest,
  response: NodeResponse,
  next: (error?: unknown) => unknown,
) => void

/** Has a request's session. Each copy of this module has a symbol of its own. */
const REQUEST_SESSION = Symbol('express session')

/** All requests have the same accessors: with their own, each would have a hidden class of its own. */
const PROPERTIES: PropertyDescriptorMap = ownProperties({
  session: ownProperties<PropertyDescriptor>({
    configurable: true,
    get(this: object) {
      return findSession(this)?.read()
    },
    set(this: object, value: unknown) {
      findSession(this)?.assign(value)
    },
  }),
  sessionID: ownProperties<PropertyDescriptor>({
    configurable: true,
    get(this: object) {
      return findSession(this)?.id()
    },
    set() {
      throw new TypeError(
        'request.sessionID cannot be assigned: write request.session.regenerate()',
      )
    },
  }),
})

/**
 * Returns middleware that gives requests `session` and `sessionID` as express-session and cookie-session
 * do. The cookies are written with the head of the response; what prevents that is given to `next`.
 *
 * A key that is `undefined` counts as absent, in nested objects too. Whatever else JSON would change or
 * lose is an error, as is a key with the name of a member, such as `save`.
 *
 * @throws SessionConfigError if `sessions` did not come from `createSessions`
 * @example
 * app.use(expressSession(sessions))
 * app.get('/', (request, response) => {
 *   request.session.visits = (request.session.visits ?? 0) + 1
 *   response.send(`visit ${request.session.visits}`)
 * })
 */
export function expressSession<Data extends object>(
  sessions: Sessions<Data>,
): ExpressSessionMiddleware {
  const internals = getInternals(sessions)

  /** Opens the session, and runs the handlers. What they throw or reject with is reported too. */
  async function run(
    request: NodeRequest,
    response: NodeResponse,
    next: (error?: unknown) => unknown,
  ): Promise<void> {
    const fail = (error: unknown) => reportError(next, error, response)
    try {
      if (await answerNodeDevice(internals, request, response)) return
      const known = findSession(request)
      if (known === undefined) await begin(request, response, fail)
      else assertSame(known)
      await next()
    } catch (error) {
      fail(error)
    }
  }

  async function begin(
    request: NodeRequest,
    response: NodeResponse,
    fail: (error: unknown) => void,
  ): Promise<void> {
    const session = await internals.open(request)
    const own = createRequestSession(sessions, internals, session, fail)
    attachNodeSession(sessions, session, response, fail, () => own.prepare())
    defineSession(request, own)
  }

  function assertSame(known: RequestSession): void {
    if (known.sessions === sessions) return
    throw new SessionConfigError(
      'expressSession',
      'ran before with other sessions: use nodeSessions(sessions, { property }) for one of them',
    )
  }

  return (request, response, next) => {
    if (typeof next !== 'function') {
      refuse('next', next, 'a function')
    }
    void run(request, response, next)
  }
}

/**
 * Returns the session of a request as this library has it, with scopes, flash messages and
 * `csrfToken`. It is the same session as `request.session`.
 *
 * @param request has been through the middleware of `expressSession`
 * @param sessions those of the middleware, for the type of the data
 * @throws SessionConfigError if it has not, or the sessions are others
 * @example
 * sessionOf(request, sessions).regenerate({ keep: ['cart'], lifetime: 'remembered' })
 */
export function sessionOf<Data extends object = Record<string, unknown>>(
  request: object,
  sessions?: Sessions<Data>,
): Session<Data> {
  const found = findSession(request)
  if (found !== undefined && isOf(found.session, found.sessions, sessions)) return found.session
  throw new SessionConfigError(
    'request',
    `has not been through expressSession(${sessions === undefined ? '' : 'these '}sessions)`,
  )
}

function isOf<Data extends object>(
  session: object,
  own: object,
  wanted: Sessions<Data> | undefined,
): session is Session<Data> {
  return typeof session === 'object' && (wanted === undefined || own === wanted)
}

function findSession(request: object): RequestSession | undefined {
  const found: unknown = Reflect.get(request, REQUEST_SESSION)
  return isRequestSession(found) ? found : undefined
}

function isRequestSession(value: unknown): value is RequestSession {
  return value !== undefined
}

function defineSession(request: object, session: RequestSession): void {
  const hidden = ownProperties<PropertyDescriptor>({ value: session })
  const isDefined =
    Reflect.defineProperty(request, REQUEST_SESSION, hidden) &&
    Object.entries(PROPERTIES).every(([name, property]) =>
      Reflect.defineProperty(request, name, property),
    )
  if (isDefined) return
  throw new SessionConfigError('request', 'takes no properties: do not freeze it before')
}
