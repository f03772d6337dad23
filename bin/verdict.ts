// Whether the application would accept a session: the result of the library itself with the known
// options. An unknown option rejects nothing.

import { createSessions } from 'sealed-session'
import type { SessionEvent, SessionOptions } from 'sealed-session'
import { deviceBound } from 'sealed-session/device'
import type { ToldOptions } from './configuration.ts'
import type { ShownPayload } from './payload.ts'

/** The result of the library for the cookies. */
export interface Verdict {
  /** The reason of the rejection; `undefined` if it is accepted. */
  readonly reason: string | undefined
  /** The option that rejected it, if one did. */
  readonly limit: string | undefined
  readonly expiresAt: Date | undefined
  /** Whether the session is bound to a device, and whether that is proven. */
  readonly device: 'none' | 'unproven' | 'proven'
  readonly data: unknown
}

const NEVER = 400 * 86_400

/** Opens a session as the application would. */
export async function askLibrary(
  header: string,
  name: string,
  payload: ShownPayload | undefined,
  told: ToldOptions,
  now: number,
): Promise<Verdict> {
  const events: SessionEvent[] = []
  const options = completeOptions(name, payload, told)
  const sessions = createSessions({
    ...options,
    clock: () => now * 1000,
    observe: (event) => events.push(event),
  })
  const session = await sessions.open(header)
  const rejected = events.find((event) => event.type === 'rejected')
  return {
    reason: session.rejection?.reason,
    limit: rejected?.limit,
    expiresAt: session.expiresAt,
    device: session.device,
    data: hasText(payload, told) ? payload?.data : session.toJSON(),
  }
}

/** Opens a bare token as the application would. */
export async function askAboutToken(
  token: string,
  purpose: string | undefined,
  name: string,
  payload: ShownPayload | undefined,
  told: ToldOptions,
  now: number,
): Promise<Verdict> {
  const options = completeOptions(name, payload, told)
  const sessions = createSessions({ ...options, clock: () => now * 1000 })
  const session = await sessions.unseal(token, purpose)
  const data = hasText(payload, told) ? payload?.data : session.toJSON()
  const { rejection, expiresAt, device } = session
  return { reason: rejection?.reason, limit: undefined, expiresAt, device, data }
}

/** Whether a serializer that is unknown here wrote the data. */
function hasText(payload: ShownPayload | undefined, { serializer }: ToldOptions): boolean {
  return typeof payload?.data === 'string' && serializer === undefined
}

function completeOptions(
  name: string,
  payload: ShownPayload | undefined,
  told: ToldOptions,
): SessionOptions {
  const { isComplete, ...known } = told
  const neutral = isComplete
    ? {}
    : {
        maxAge: NEVER,
        idleTimeout: false as const,
        clockTolerance: 60,
        lifetimes: neutralLifetime(payload),
        // A proof is valid for at most a day, for any interval.
        device: deviceBound({ interval: 86_400 }),
      }
  const serializer = hasText(payload, told) ? { serializer: readTexts(payload) } : {}
  return {
    ...neutral,
    ...known,
    lifetimes: { ...neutral.lifetimes, ...known.lifetimes },
    cookie: { ...known.cookie, name },
    ...serializer,
  }
}

/** Returns the payload's named lifetime without limits. The default one must not apply to it. */
function neutralLifetime(payload: ShownPayload | undefined): SessionOptions['lifetimes'] {
  const { lifetime } = payload ?? {}
  return lifetime === undefined ? {} : { [lifetime]: { maxAge: NEVER, idleTimeout: false } }
}

/** Keeps the output of an unknown serializer as it is: the data, then scopes and messages. */
function readTexts(payload: ShownPayload | undefined): NonNullable<SessionOptions['serializer']> {
  const others = (payload?.texts ?? []).map((name) => (name === 'scopes' ? {} : []))
  let read = 0
  return {
    stringify: JSON.stringify,
    parse: (text) => (read++ === 0 ? { text } : others[read - 2]),
  }
}
