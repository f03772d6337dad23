// `sealed-session/fastify`: the session of each request as `request.session`. Imports nothing of
// Fastify.

import type { CookieSource } from '../cookies/source.ts'
import { SessionConfigError } from '../errors.ts'
import { createObjectSlot } from '../http/object-slot.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { hasMethod } from '../validate.ts'
import { discardChanges } from './failed-handler.ts'
import { nodeSessions } from './node.ts'
import type { NodeRequest } from './node.ts'
import { callMethod } from './node-response.ts'
import type { NodeResponse } from './node-response.ts'

/**
 * Sessions of any data, because Fastify cannot infer which.
 *
 * @example
 * const any: FastifySessions = createSessions<{ user: string }>({ secrets })
 */
export interface FastifySessions {
  open(source: CookieSource): Promise<object>
  setCookies(session: never): Promise<string[]>
}

/**
 * The options of the plugin.
 *
 * @example
 * app.register(fastifySession, { sessions })
 */
export interface FastifySessionOptions {
  /** What `createSessions` has returned. */
  readonly sessions: FastifySessions
}

/**
 * The members of Fastify's request that the plugin uses.
 *
 * @example
 * const read = ({ raw }: FastifySessionRequest): string => raw.headers.cookie ?? ''
 */
export interface FastifySessionRequest {
  readonly raw: NodeRequest
}

/**
 * The members of Fastify's reply that the plugin uses.
 *
 * @example
 * const isSent = ({ raw }: FastifySessionReply): boolean => raw.headersSent
 */
export interface FastifySessionReply {
  readonly raw: NodeResponse
  getHeaders(): object
  removeHeader(name: string): unknown
}

/**
 * The members of a Fastify instance that the plugin uses.
 *
 * @example
 * const count = (app: FastifySessionInstance): unknown =>
 *   app.addHook('onRequest', (request, reply, done) => done())
 */
export interface FastifySessionInstance {
  decorateRequest(
    name: 'session',
    property: { getter(this: FastifySessionRequest): unknown },
  ): unknown
  addHook(
    name: 'onRequest',
    hook: (
      request: FastifySessionRequest,
      reply: FastifySessionReply,
      done: (error?: Error) => void,
    ) => void,
  ): unknown
  addHook(
    name: 'onError',
    hook: (
      request: FastifySessionRequest,
      reply: FastifySessionReply,
      error: Error,
      done: () => void,
    ) => void,
  ): unknown
}

/**
 * A plugin of Fastify, for all routes of the instance that it is registered on.
 *
 * @example
 * const plugin: FastifySessionPlugin = fastifySession
 */
export type FastifySessionPlugin = (
  app: FastifySessionInstance,
  options: FastifySessionOptions,
) => Promise<void>

/**
 * Opens the session of each request as `request.session`, and makes the reply carry its cookies. If
 * a handler throws, its changes are discarded; changes of an error handler are kept. The error of a
 * session that does not fit goes to that error handler. Where the session could not be opened,
 * `request.session` is `undefined` there.
 *
 * Registering it rejects with SessionConfigError if `sessions` is not what `createSessions` has returned.
 *
 * @example
 * app.register(fastifySession, { sessions })
 * app.get('/', (request) => `Hello ${request.session.get('user')}`)
 */
export const fastifySession: FastifySessionPlugin = Object.assign(registerSession, {
  // As fastify-plugin does: the hooks apply to the whole instance, not only to this plugin's own
  // routes.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'sealed-session',
})

async function registerSession(
  app: FastifySessionInstance,
  { sessions }: FastifySessionOptions,
): Promise<void> {
  if (!isSessions(sessions)) {
    throw new SessionConfigError('sessions', 'must be what createSessions has returned')
  }
  const node = nodeSessions(sessions)
  const opened = createObjectSlot<Session<object>>()
  /** Requests whose session was not opened, because that or a hook before it has failed. */
  const unopened = createObjectSlot<true>()
  app.decorateRequest('session', {
    getter() {
      // An error handler must not fail itself.
      return unopened.get(this.raw) ? undefined : node.sessionOf(this.raw)
    },
  })
  app.addHook('onRequest', ({ raw }, reply, done) => {
    node.middleware(raw, reply.raw, (error) => {
      if (error === undefined) opened.set(raw, node.sessionOf(raw))
      else if (opened.get(raw)) withdrawFields(reply)
      done(error)
    })
  })
  app.addHook('onError', ({ raw }, _reply, _error, done) => {
    const session = opened.get(raw)
    if (session === undefined) unopened.set(raw, true)
    else discardChanges(session)
    done()
  })
}

/**
 * Resets the fields that Fastify itself keeps to those of the response, which was withdrawn: the answer
 * to the error would have those of the page, such as its encoding and its caching.
 */
function withdrawFields(reply: FastifySessionReply): void {
  for (const name of Object.keys(reply.getHeaders())) {
    const value = reply.raw.getHeader(name)
    reply.removeHeader(name)
    if (value !== undefined) callMethod(reply.raw, 'setHeader', name, value)
  }
}

/** Whether sessions are of any data. `nodeSessions` throws for those that `createSessions` has not made. */
function isSessions(given: FastifySessions): given is Sessions<object> {
  return hasMethod(given, 'wrap')
}
