// The option `revoked` over a store: which sessions have been ended on the server. The store
// receives only hashes and times.

import { encode } from '../token/base64url.ts'
import { SessionConfigError, SessionError } from '../errors.ts'
import { secondsOption } from '../lifetime-options.ts'
import type { Session } from '../session/session.ts'
import { LONGEST_LIFE } from '../token/claims.ts'
import {
  assertKnownKeys,
  describe,
  isRecord,
  ownProperties,
  refuse,
  timestampOption,
} from '../validate.ts'
import { createReader } from './cached-reader.ts'
import { DEFAULT_TIMEOUT, MAX_TIMEOUT, assertStorage, limitStore } from './storage.ts'
import type { OverflowStorage } from './storage.ts'

/**
 * The options of `revocations`. All times are in seconds.
 *
 * @example
 * const options: RevocationOptions<{ user: string }> = { user: (session) => session.get('user') }
 */
export interface RevocationOptions<Data extends object = Record<string, unknown>> {
  /** Returns the user's id; `undefined` for visitors. Required for `endUser`. */
  readonly user?: ((session: Session<Data>) => string | undefined) | undefined
  /**
   * The longest `maxAge` of the sessions, after which an entry may expire. Default: 400 days, the
   * longest possible (RFC 6265bis section 5.5).
   */
  readonly maxAge?: number | undefined
  /** How long an answer of the store is reused. Default 1, at most 60; 0 asks every time. */
  readonly cache?: number | undefined
  /** How long a call of the store may take. Default 2, from 1 to 60. */
  readonly timeout?: number | undefined
  /** Returns milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined
}

/**
 * What `revocations` returns. Its members use no `this`. Each rejects with a SessionError
 * `ERR_SESSION_STORE` if the store fails; a session is then rejected as `revoked`.
 *
 * @example
 * const ended: SessionRevocations = revocations(storage)
 * createSessions({ secrets, revoked: ended.revoked })
 */
export interface SessionRevocations<Data extends object = Record<string, unknown>> {
  /** For the option `revoked`. */
  revoked(session: Session<Data>): Promise<boolean>
  /** Ends the session with this id. */
  endSession(id: string): Promise<void>
  /**
   * Ends all sessions of a user that began until now, except those with the ids in `except`.
   *
   * @throws SessionConfigError without the option `user`
   */
  endUser(user: string, options?: { readonly except?: string | readonly string[] }): Promise<void>
  /** Ends all sessions that began before a moment: a Date, its ISO text or seconds. Default: now. */
  endAll(before?: Date | string | number): Promise<void>
}

/** An entry: sessions that began before a moment have ended, with exceptions. */
interface Cutoff {
  /** Seconds since 1970. */
  readonly before: number
  /** Hashes of the ids of sessions that have not ended. */
  readonly except: readonly string[]
}

const REVOCATION_OPTIONS = ['user', 'maxAge', 'cache', 'timeout', 'clock']

/** A second: how late another server may notice a logout. */
const DEFAULT_CACHE = 1

/** Upper bound for the difference between the clocks of two servers. */
const MARGIN = 60

const ALL = 'revoked:all'
const NEVER: Cutoff = { before: 0, except: [] }

/** A string of its own form, because some stores parse JSON that they return. */
const CUTOFF = /^before ([0-9]{1,12})((?: [A-Za-z0-9_-]{43})*)$/
const ENDED = 'ended'

/**
 * Returns the option `revoked` for sessions that were ended in a store that all servers share. An
 * open reads the entry of the session and that of its user concurrently; entries expire by
 * themselves.
 *
 * A session has ended if it began before the second in which it was ended. A login right after "log
 * out everywhere" is thus accepted, and so is one from the beginning of that second.
 *
 * @throws SessionConfigError if an argument is wrong
 * @example
 * const { revoked, endUser } = revocations<{ user: string }>(storage, {
 *   user: (session) => session.get('user'),
 * })
 * const sessions = createSessions<{ user: string }>({ secrets, revoked })
 */
export function revocations<Data extends object = Record<string, unknown>>(
  storage: OverflowStorage,
  options: RevocationOptions<Data> = {},
): SessionRevocations<Data> {
  assertStorage(storage)
  const { user, maxAge, cache, timeout, clock } = revocationOptions(options)
  const store = limitStore(storage, timeout)
  const now = () => Math.floor(clock() / 1000)
  const reader = createReader(store, cache, () => clock() / 1000)

  async function revoked(session: Session<Data>): Promise<boolean> {
    const { id = '', startedAt } = session
    const name = user?.(session)
    const began = (startedAt?.getTime() ?? 0) / 1000
    const hash = await hashOf(id)
    const cutoffs = [ALL, ...(name === undefined ? [] : [await placeOfUser(name)])]
    const [ended, ...found] = await Promise.all([
      reader.get(placeOfSession(hash)),
      ...cutoffs.map(async (place) => parseCutoff(await reader.get(place))),
    ])
    if (ended !== undefined) return true
    return found.some(({ before, except }) => began < before && !except.includes(hash))
  }

  async function endSession(id: string): Promise<void> {
    await write(placeOfSession(await hashOf(requireText('id', id))), ENDED)
  }

  async function endUser(
    name: string,
    { except = [] }: { readonly except?: string | readonly string[] } = {},
  ): Promise<void> {
    if (user === undefined) {
      throw new SessionConfigError('revocations.user', 'is missing: endUser needs it')
    }
    const place = await placeOfUser(requireText('user', name))
    const ids = typeof except === 'string' ? [except] : except
    await writeCutoff(place, now(), await Promise.all(ids.map(hashOf)))
  }

  async function endAll(before?: Date | string | number): Promise<void> {
    const moment = before === undefined ? now() : Math.floor(timestampOption('before', before))
    await writeCutoff(ALL, moment, [])
  }

  /** Writes a cutoff, unless the stored one is later. */
  async function writeCutoff(
    place: string,
    moment: number,
    except: readonly string[],
  ): Promise<void> {
    const former = parseCutoff(await store.get(place))
    const cutoff = former.before > moment ? former : { before: moment, except }
    await write(place, formatCutoff(cutoff))
  }

  async function write(place: string, value: string): Promise<void> {
    await store.set(place, value, maxAge + MARGIN)
    reader.forget(place)
  }

  return Object.freeze({ revoked, endSession, endUser, endAll })
}

function formatCutoff({ before, except }: Cutoff): string {
  return ['before', before, ...except].join(' ')
}

/**
 * @throws SessionError `ERR_SESSION_STORE` for a value that was never written: it may have ended
 * the session
 */
function parseCutoff(text: string | undefined): Cutoff {
  if (text === undefined) return NEVER
  const match = CUTOFF.exec(text)
  if (match === null) {
    throw new SessionError('ERR_SESSION_STORE', 'the session store: a revocation cannot be read')
  }
  const [, before = '', hashes = ''] = match
  return { before: Number(before), except: hashes.split(' ').slice(1) }
}

function placeOfSession(hash: string): string {
  return `revoked:session:${hash}`
}

async function placeOfUser(user: string): Promise<string> {
  return `revoked:user:${await hashOf(user)}`
}

/** Returns the SHA-256 of a string, in 43 characters. */
async function hashOf(text: string): Promise<string> {
  return encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
  )
}

function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  return refuse(name, value, 'a string')
}

function revocationOptions<Data extends object>(given: RevocationOptions<Data>) {
  if (!isRecord(given)) {
    throw new SessionConfigError('revocations', `was given ${describe(given)} as its options`)
  }
  const options: RevocationOptions<Data> = ownProperties(given)
  assertKnownKeys({ ...options }, REVOCATION_OPTIONS, 'revocations.')
  const { user, maxAge, cache, timeout, clock = Date.now } = options
  for (const [name, value] of Object.entries({ user, clock })) {
    if (value === undefined || typeof value === 'function') continue
    refuse(`revocations.${name}`, value, 'a function')
  }
  return {
    user,
    clock,
    maxAge: secondsOption('revocations.maxAge', maxAge ?? LONGEST_LIFE, 1, LONGEST_LIFE),
    cache: secondsOption('revocations.cache', cache ?? DEFAULT_CACHE, 0, MARGIN),
    timeout: secondsOption('revocations.timeout', timeout ?? DEFAULT_TIMEOUT, 1, MAX_TIMEOUT),
  }
}
