// What the steps of both directions share: the options, the keys, and the application's own veto.

import type { DeviceSupport } from '../device-option.ts'
import { assertStorable } from '../data/serialize.ts'
import { resolveOptions } from '../options.ts'
import type { CommonOptions, ResolvedOptions } from '../options.ts'
import { parseBodyText } from '../session/body.ts'
import { Session } from '../session/session.ts'
import { createState } from '../session/state.ts'
import type { RejectedSession, ValidSession } from '../session/opened.ts'
import type { SessionRuntime } from '../session/state.ts'
import { chooseEngine } from '../token/jwe-engine.ts'
import { createKeyRing } from '../token/key-ring.ts'
import type { KeyRing } from '../token/key-ring.ts'
import { createProvidedKeyRing } from '../token/secrets-provider.ts'
import { ownProperties, refuse } from '../validate.ts'
import { createWarnings } from './warnings.ts'
import type { Warnings } from './warnings.ts'

/** What the steps of both directions may need. */
export interface Pipeline extends ResolvedOptions, Warnings {
  readonly ring: KeyRing
  readonly runtime: SessionRuntime
  /** Calls the option `revoked`; `undefined` without one. */
  readonly askRevoked: ((session: ValidSession) => Promise<RejectedSession | undefined>) | undefined
  /** The implementation of the option `device`; `undefined` without one. */
  readonly device: DeviceSupport | undefined
}

const supports = new WeakMap<object, (pipeline: Pipeline) => DeviceSupport>()

/** Records the implementation of a value of the option `device`. */
export function supportDevice(option: object, create: (pipeline: Pipeline) => DeviceSupport): void {
  supports.set(option, create)
}

/**
 * Checks the options and builds what they call for.
 *
 * @throws SessionConfigError
 */
export function createPipeline<Data extends object>(given: CommonOptions<Data>): Pipeline {
  const resolved = resolveOptions(given)
  const options = { ...resolved, ...createWarnings(resolved) }
  const { lifetimes, serializer, now } = options
  const { revoked, device } = ownProperties(given)
  const runtime: SessionRuntime = {
    lifetimes,
    now,
    isBindable: device !== undefined,
    isAsking: false,
    assertStorable: serializer === undefined ? assertStorable : undefined,
    restore: (body) => parseBodyText(body, serializer),
    changed: options.changed,
    readLate: () => options.warn('late'),
  }
  const askRevoked = revoked && createVeto(revoked, runtime)
  const pipeline = { ...options, ring: createRing(options), runtime, askRevoked, device: undefined }
  if (device === undefined) return pipeline
  const create = supports.get(device)
  if (create !== undefined) return { ...pipeline, device: create(pipeline) }
  return refuse('device', device, 'deviceBound()')
}

function createRing(options: ResolvedOptions): KeyRing {
  const { secrets, secretsRefresh, secretsGrace, cookie, lifetimes, now, observe } = options
  const makeKey = chooseEngine()
  if (typeof secrets !== 'function') {
    return createKeyRing(secrets, cookie.name, lifetimes.longest, makeKey)
  }
  return createProvidedKeyRing(secrets, {
    name: cookie.name,
    lifetime: lifetimes.longest,
    makeKey,
    refresh: secretsRefresh,
    grace: secretsGrace,
    now,
    observe,
  })
}

const REVOKED: RejectedSession = { reason: 'revoked', limit: 'revoked' }

/** Fails closed: a session whose revocation cannot be determined is revoked. */
function createVeto<Data extends object>(
  revoked: NonNullable<CommonOptions<Data>['revoked']>,
  runtime: SessionRuntime,
): (session: ValidSession) => Promise<RejectedSession | undefined> {
  const ask = (session: ValidSession): unknown => {
    // A copy: what `revoked` reads is no use of the handler, and what it changes is not seen there.
    const contents = runtime.restore(session.body)
    const copy = new Session<Data>(createState(runtime, { ...session, contents }))
    runtime.isAsking = true
    try {
      return revoked(copy)
    } finally {
      runtime.isAsking = false
    }
  }
  return async (session) => {
    try {
      return (await ask(session)) === false ? undefined : REVOKED
    } catch (error) {
      return { ...REVOKED, error }
    }
  }
}
