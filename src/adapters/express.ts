// `sealed-session/express`: the sessions of this library with the interface of express-session and
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
 * Type of a request that has passed the middleware, for an application's own declaration. With
 * `@types/express-session` no declaration is needed: `SessionData` is used as before.
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

/**
 * The property of a request under which its session is stored. Each copy of this module has its own
 * symbol.
 */
const REQUEST_SESSION = Symbol('express session')

/**
 * One pair of accessors for all requests, because accessors of its own would give each request a
 * hidden class of its own.
 */
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
 * Returns middleware that gives requests `session` and `sessionID` as express-session and
 * cookie-session do. The cookies are written with the head of the response; `next` receives the
 * error if they cannot be.
 *
 * A key that is `undefined` counts as absent, in nested objects too. Every other value that JSON
 * would change or lose is an error, as is a key with the name of a member, such as `save`.
 *
 * @throws SessionConfigError if `createSessions` did not return `sessions`
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

  /** Opens the session, and runs the handlers. Reports what they throw or reject with. */
  async function run(
    request: NodeRequest,
    response: NodeResponse,
    next: (error?: unknown) => unknown,
  ): Promise<void> {
    const fail = (error: unknown) => reportError(next, error, response)
    try {
      if (await answerNodeDevice(internals, request, response)) return
      const known = findSession(request)
      if (known !== undefined) assertSame(known)
      const session = await internals.open(request)
      // A server may reuse the object for another request.
      const own = known?.session === session ? known : begin(request, session, fail)
      attachNodeSession(sessions, session, response, fail, () => own.prepare())
      await next()
    } catch (error) {
      fail(error)
    }
  }

  function begin(
    request: NodeRequest,
    session: Session<Data>,
    fail: (error: unknown) => void,
  ): RequestSession {
    const own = createRequestSession(sessions, internals, session, fail)
    defineSession(request, own)
    return own
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
 * Returns the session of a request with this library's own interface: scopes, flash messages and
 * `csrfToken`. It is the same session as `request.session`.
 *
 * @param request has passed the middleware of `expressSession`
 * @param sessions the sessions of the middleware, for the type of the data
 * @throws SessionConfigError if the request has not, or if the sessions are others
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
    `has not been through expressSession(${sessions === undefined ? '' : 'these '}sessions), or could not be opened`,
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
  const hidden = ownProperties<PropertyDescriptor>({ value: session, configurable: true })
  const isDefined =
    Reflect.defineProperty(request, REQUEST_SESSION, hidden) &&
    Object.entries(PROPERTIES).every(([name, property]) =>
      Reflect.defineProperty(request, name, property),
    )
  if (isDefined) return
  throw new SessionConfigError('request', 'takes no properties: do not freeze it before')
}
