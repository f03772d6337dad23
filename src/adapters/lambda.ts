// `sealed-session/lambda`: the same sessions for AWS Lambda behind API Gateway (payload 1.0 and 2.0),
// a function URL or an Application Load Balancer.

import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../sessions.ts'
import { SessionConfigError, SessionError } from '../errors.ts'
import { getInternals } from '../internals.ts'
import { hasMethod, refuse } from '../validate.ts'
import { answerResult, deviceEvent } from './lambda-device.ts'
import { attachToResult, formOf } from './lambda-result.ts'
import type { LambdaEvent, LambdaResponse } from './lambda-result.ts'

export type { LambdaEvent, LambdaResponse } from './lambda-result.ts'

/**
 * A Lambda handler that receives the session beside the event.
 *
 * @example
 * type Handler = LambdaHandler<{ user: string }, LambdaEvent, [], LambdaResponse>
 */
export type LambdaHandler<
  Data extends object,
  Event extends LambdaEvent,
  Rest extends readonly unknown[],
  Result,
> = (event: Event, session: Session<Data>, ...rest: Rest) => Result | Promise<Result>

/**
 * Returns a Lambda handler around a handler that also receives the session: `(event, session,
 * context)`.
 *
 * The result gets the session's cookies in `cookies` (payload 2.0, function URLs) or in
 * `multiValueHeaders` (payload 1.0, load balancers); all its headers then move there. The handler's
 * own object is never changed, and is returned as it is if the handler did not access the session.
 * Exceptions of the handler are passed on.
 *
 * A handler that streams its response puts `await sessions.setCookies(session)` into the `cookies` of
 * `HttpResponseStream.from`. It answers no device: let another function answer that path.
 *
 * A load balancer without multi-value headers carries one cookie a response. A logout is then its
 * stamp alone, which ends the session; a flash message and other cookies of that response are lost.
 *
 * @throws SessionConfigError if an argument is wrong. The returned function rejects with what
 * `setCookies` throws, and with SessionError `ERR_SESSION_RESPONSE` if the result cannot carry the
 * cookies
 * @example
 * export const handler = wrapLambda(sessions, async (event, session) => {
 *   session.set('visits', session.get('visits', 0) + 1)
 *   return { statusCode: 200, body: `visit ${session.get('visits')}` }
 * })
 */
export function wrapLambda<
  Data extends object,
  Event extends LambdaEvent,
  Rest extends readonly unknown[],
  Result,
>(
  sessions: Sessions<Data>,
  handler: LambdaHandler<Data, Event, Rest, Result>,
): (event: Event, ...rest: Rest) => Promise<Result | LambdaResponse> {
  const internals = getInternals(sessions)
  if (typeof handler !== 'function') {
    refuse('handler', handler, 'a function (event, session) => result')
  }
  return async (event, ...rest) => {
    const isStreaming = hasMethod(rest[0], 'write')
    // Lambda has passed one until Node.js 22, and would send its result without the cookies.
    if (!isStreaming && handler.length > 3 && typeof rest[1] === 'function') {
      throw new SessionConfigError('handler', 'takes a callback: return the result instead')
    }
    const answering = isStreaming ? undefined : internals.answerDevice?.(deviceEvent(event))
    if (answering !== undefined) return answerResult(await answering, formOf(event))
    const session = await internals.open(event)
    const state = getState(session)
    // A handler that throws has no result to commit to.
    if (state !== undefined) state.handlers++
    const result = await handler(event, session, ...rest)
    const isMade = state?.committed === true
    const lines = await sessions.setCookies(session)
    if (isStreaming) {
      if (!isMade && lines.length > 0) throw missingCookies()
      return result
    }
    if (state?.accessed === true) {
      const isOwnCookie = (name: string) => internals.isOwnCookie(name)
      const reportOverwrite = () => internals.reportOverwrite()
      const { registration } = state
      const cookies = { lines, isOwnCookie, reportOverwrite, registration }
      return attachToResult(result, formOf(event), cookies)
    }
    // Later changes could not reach the browser.
    if (state !== undefined) state.committed = true
    return result
  }
}

/** Lambda ignores what a handler returns that streams its response. */
function missingCookies(): SessionError {
  return new SessionError(
    'ERR_SESSION_RESPONSE',
    'the handler streams: give `await sessions.setCookies(session)` to HttpResponseStream.from as cookies',
  )
}
