// `sealed-session/device`: sessions that are bound to the device of a browser, by Device Bound Session
// Credentials, without a store.

import type { DeviceAnswer, DeviceBinding, DeviceRequest, DeviceSupport } from '../device-option.ts'
import { deviceName, ticketName } from '../cookies/cookie-names.ts'
import { deletion } from '../cookies/set-cookie.ts'
import { supportDevice } from '../pipeline/pipeline.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { getState } from '../session/session.ts'
import type { Session } from '../session/session.ts'
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
 * Returns what the option `device` takes. A session is then bound by `session.bindToDevice()`: where the
 * browser knows Device Bound Session Credentials, it makes a key in the machine's secure hardware, and a
 * copy of its cookies ends after `interval` seconds. Other browsers go on as before.
 *
 * Only browsers over HTTPS with a trusted certificate do it.
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
 * Returns the header field `Secure-Session-Registration` of a session that was bound in this request, or
 * `undefined`. For responses that get their cookies by `setCookies` or `save`, after those: `commit`,
 * `wrap` and the adapters set it themselves. Without it, the browser is not asked.
 *
 * @throws SessionConfigError if it is no session
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
  const { cookie, limits, now } = pipeline
  assertBindable(options, cookie)
  assertTicketRoom(cookie, limits.cookie)
  const answer = createEndpoint(options, pipeline)
  return {
    // A ticket that is proven is renewed by a proof alone.
    isRenewable: (usedAt, provenAt, lifetime) =>
      provenAt === undefined && isRenewable(now() - usedAt, lifetime),
    answer,
    findUse: (claims, cookies) => findBoundUse(claims, cookies, interval, pipeline),
    hasEnded: (provenAt, lifetime) =>
      hasProofEnded(provenAt, proofLife(interval, lifetime), pipeline),
    askFor: async (binding) =>
      formatRegistration(path, await sealChallenge('register', binding, pipeline)),
    deletions({ tickets, devices }, binding = '', isKept) {
      const bindings = new Set(devices.map(([each]) => each))
      if (isKept) bindings.delete(binding)
      else if (binding !== '') bindings.add(binding)
      return [
        ...(tickets.length === 0 ? [] : [deletion(ticketName(cookie.name))]),
        ...[...bindings].flatMap((each) => [
          deletion(deviceName(cookie.name, each)),
          keyDeletion(cookie.name, each, path),
        ]),
      ]
    },
    respond(request) {
      // The path is compared where it may be the endpoint's: every request passes here.
      if (request.method !== 'POST') return undefined
      return answer(fetchRequest(request))?.then(toResponse)
    },
  }
}

function fetchRequest(request: Request): DeviceRequest {
  const { method, url, headers } = request
  // Some frameworks' requests have a path alone.
  const { pathname, host } = new URL(url, 'https://host')
  // Not every runtime lists the header that the URL was made of.
  const field = (name: string) => headers.get(name) ?? (name === 'Host' ? host : undefined)
  return { method, path: pathname, field, source: request }
}

function toResponse({ status, fields, setCookie, body }: DeviceAnswer): Response {
  const headers = new Headers([...fields].map(([name, value]) => [name, value]))
  for (const line of setCookie) headers.append('Set-Cookie', line)
  return new Response(body === '' ? null : body, { status, headers })
}
