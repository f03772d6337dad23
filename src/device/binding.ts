// `sealed-session/device`: sessions that are bound to a device by Device Bound Session Credentials,
// without a store.

import type { DeviceAnswer, DeviceBinding, DeviceRequest, DeviceSupport } from '../device-option.ts'
import { deviceName, ticketName } from '../cookies/cookie-names.ts'
import { deletion } from '../cookies/set-cookie.ts'
import { supportDevice } from '../pipeline/pipeline.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
import { lifetimeOf } from '../token/claims.ts'
import { refuse } from '../validate.ts'
import { findBoundUse, hasProofEnded, isRenewable, proofLife } from './bound-tickets.ts'
import { sealChallenge } from './challenge.ts'
import { assertBindable, assertTicketRoom, resolveDeviceOptions } from './device-options.ts'
import type { DeviceBoundOptions, ResolvedDeviceOptions } from './device-options.ts'
import { createEndpoint } from './endpoint.ts'
import { keyDeletion } from './key-cookie.ts'
import { formatRegistration } from './registration.ts'

export type { DeviceBinding } from '../device-option.ts'
export type { DeviceBoundOptions } from './device-options.ts'

/**
 * Most bindings whose cookies one response deletes: their number is the client's choice, and the
 * response must stay small.
 */
const MAX_DELETED = 5

/**
 * Returns the value of the option `device`. `session.bindToDevice()` then binds a session: if the
 * browser supports Device Bound Session Credentials, it creates a key in the machine's secure
 * hardware, and a copy of its cookies ends after `interval` seconds. Other browsers use the session
 * as before.
 *
 * Browsers support this only over HTTPS with a trusted certificate.
 *
 * @throws SessionConfigError if an option is wrong; `createSessions` throws it if the path does not lie
 * within `cookie.path`, or the cookies are partitioned
 * @example
 * const sessions = createSessions({ secrets: process.env.SESSION_SECRETS, device: deviceBound() })
 */
// @__NO_SIDE_EFFECTS__
export function deviceBound(options?: DeviceBoundOptions): DeviceBinding {
  const resolved = resolveDeviceOptions(options)
  const { path, interval } = resolved
  const device = Object.freeze({ path, interval })
  supportDevice(device, (pipeline) => createSupport(resolved, pipeline))
  return device
}

/**
 * Returns the header field `Secure-Session-Registration` of a session that was bound in this
 * request, or `undefined`. For responses whose cookies come from `setCookies` or `save`, after that
 * call: `commit`, `wrap` and the adapters set it themselves. Without it, the browser is not asked.
 *
 * @throws SessionConfigError if `session` is not a session
 * @example
 * await sessions.save(session, event.cookies) // SvelteKit
 * const field = registrationOf(session)
 * if (field) event.setHeaders({ 'Secure-Session-Registration': field })
 */
export function registrationOf<Data extends object>(session: Session<Data>): string | undefined {
  const state = getState(session)
  if (state !== undefined) return state.registration
  return refuse('session', session, 'a session')
}

function createSupport(options: ResolvedDeviceOptions, pipeline: Pipeline): DeviceSupport {
  const { path, interval } = options
  const { cookie, limits, lifetimes, now } = pipeline
  assertBindable(options, cookie)
  assertTicketRoom(cookie, limits.cookie)
  const answer = createEndpoint(options, pipeline)
  return {
    // Only a proof renews a proven ticket.
    isRenewable: ({ usedAt, provenAt }, { binding, lifetime }) =>
      binding !== '' &&
      provenAt === undefined &&
      isRenewable(now() - usedAt, lifetimeOf(lifetime, lifetimes)),
    answer,
    findUse: (claims, cookies) => findBoundUse(claims, cookies, interval, pipeline),
    hasEnded: (provenAt, lifetime) =>
      hasProofEnded(provenAt, proofLife(interval, lifetime), pipeline),
    askFor: async (binding) =>
      formatRegistration(path, await sealChallenge('register', binding, pipeline)),
    deletions({ tickets, devices }, binding = '', isKept) {
      // Its own comes first, because only the first are deleted.
      const bindings = new Set([binding, ...devices.map(([each]) => each)])
      bindings.delete(isKept ? binding : '')
      return [
        ...(tickets.length === 0 ? [] : [deletion(ticketName(cookie.name))]),
        ...[...bindings]
          .slice(0, MAX_DELETED)
          .flatMap((each) => [
            deletion(deviceName(cookie.name, each)),
            keyDeletion(cookie.name, each, path),
          ]),
      ]
    },
    respond(request) {
      // Compares the path only if it may be the endpoint's, because every request passes here.
      if (request.method !== 'POST') return undefined
      return answer(fetchRequest(request))?.then(toResponse)
    },
  }
}

function fetchRequest(request: Request): DeviceRequest {
  const { method, url, headers } = request
  // The requests of some frameworks have only a path.
  const { pathname, host } = new URL(url, 'https://host')
  // Not every runtime lists the `Host` header, from which the URL was built.
  const field = (name: string) => headers.get(name) ?? (name === 'Host' ? host : undefined)
  return { method, path: pathname, field, source: request }
}

function toResponse({ status, fields, setCookie, body }: DeviceAnswer): Response {
  const headers = new Headers([...fields].map(([name, value]) => [name, value]))
  for (const line of setCookie) headers.append('Set-Cookie', line)
  return new Response(body === '' ? null : body, { status, headers })
}
