// `sealed-session/overflow`: stores what does not fit the cookies, sealed, and reads it with them.

import { SessionConfigError } from '../errors.ts'
import { secondsOption } from '../lifetime-options.ts'
import type {
  LoadedContents,
  OverflowContext,
  PackedSession,
  SessionOverflow,
} from '../overflow-option.ts'
import { decrypt } from '../pipeline/decrypt.ts'
import { formatBody, parseBodyText } from '../session/body.ts'
import type { Contents } from '../session/contents.ts'
import type { Refusal } from '../session/opened.ts'
import type { Parcel } from '../session/parcel.ts'
import type { SessionState } from '../session/state.ts'
import { createId } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import { formatValue, parseValue } from '../token/jwe.ts'
import type { DayKey } from '../token/jwe.ts'
import { formatPayload } from '../token/payload.ts'
import { assertKnownKeys, describe, isRecord, ownProperties, refuse } from '../validate.ts'
import { padParcel, parseParcel } from './parcel.ts'
import { isTooLarge, mergeContents, planMove } from './plan.ts'
import { DEFAULT_TIMEOUT, MAX_TIMEOUT, assertStorage, limitStore } from './storage.ts'
import type { OverflowStorage, Store } from './storage.ts'

export { revocations } from './revocations.ts'
export type { RevocationOptions, SessionRevocations } from './revocations.ts'
export type { OverflowStorage } from './storage.ts'

/**
 * The options of `overflow`.
 *
 * @example
 * const options: OverflowOptions = { storage, keys: ['cart', 'groups'], timeout: 1 }
 */
export interface OverflowOptions {
  /** Storage of the parcels: an `unstorage` storage, or an object with its three methods. */
  readonly storage: OverflowStorage
  /** The keys that may move. Default: all. A scope is written `scope(name)`, messages `flash(key)`. */
  readonly keys?: readonly string[] | undefined
  /** Seconds that a call of the store may take. Default 2, from 1 to 60. */
  readonly timeout?: number | undefined
}

const OVERFLOW_OPTIONS = ['storage', 'keys', 'timeout']

/** Seconds. Cloudflare KV stores nothing for less than a minute. */
const LEAST_TTL = 60

const GONE: Refusal = Object.freeze({ reason: 'incomplete' })
const FOREIGN: Refusal = Object.freeze({ reason: 'undecryptable' })
const UNREADABLE: Refusal = Object.freeze({ reason: 'invalid-data' })

/**
 * Returns the value of the option `overflow` of `createSessions`. A session that is over its limits
 * then stores its largest keys in `storage`, up to 512 kB: sealed, under a random id, until the session's
 * absolute end. A session that fits never touches the store.
 *
 * If the store fails, `open` and `commit` reject with a SessionError `ERR_SESSION_STORE`, and no
 * cookie is changed. If it has lost a parcel, the session is rejected as `incomplete`.
 *
 * @throws SessionConfigError if an option is wrong
 * @example
 * const sessions = createSessions({ secrets, overflow: overflow({ storage }) })
 */
export function overflow(options: OverflowOptions): SessionOverflow {
  const { storage, keys, timeout } = overflowOptions(options)
  const store = limitStore(storage, timeout)
  const names = keys && new Set(keys)
  return Object.freeze<SessionOverflow>({
    keys: keys && Object.freeze([...keys]),
    load: (kept, parcel, claims, context) => load(store, kept, parcel, claims, context),
    plan(contents, claims, cookies, key, context) {
      const bytes = lengthOf(claims, formatBody(contents, claims, context.serializer))
      if (!isTooLarge(bytes, claims, cookies, key, context)) return undefined
      return planMove(contents, claims, cookies, key, names, context)
    },
    pack: (body, claims, state, key, context) =>
      pack(store, names, body, claims, state, key, context),
    remove: (parcels) => removeAll(store, parcels),
  })
}

/** Reads the parcel that a token refers to. */
async function load(
  store: Store,
  kept: Contents,
  id: string,
  claims: Claims,
  context: OverflowContext,
): Promise<LoadedContents | Refusal> {
  const value = await store.get(placeOf(id))
  if (value === undefined) return GONE
  const sealed = parseValue(value)
  if (sealed === undefined) return FOREIGN
  const text = await decrypt(sealed, 'overflow', context.now(), context)
  if (typeof text !== 'string') return text
  const opened = parseParcel(text, claims.id, id, context.serializer)
  if (opened === undefined) return FOREIGN
  const { contents, body } = opened
  if (contents === undefined) return UNREADABLE
  return { contents: mergeContents(kept, contents), parcel: { id, body, secretId: sealed.id } }
}

/**
 * Stores what does not fit. Reuses the stored parcel if the same contents would be sealed under the
 * same secret, so that a change of the other contents writes nothing to the store.
 */
async function pack(
  store: Store,
  keys: ReadonlySet<string> | undefined,
  whole: string,
  claims: Claims,
  { cookies, received, written }: SessionState,
  key: DayKey,
  context: OverflowContext,
): Promise<PackedSession | undefined> {
  const { serializer } = context
  if (!isTooLarge(lengthOf(claims, whole), claims, cookies, key, context)) return undefined
  // Seals what was compared, because values may be mutated while the store is awaited.
  const contents = parseBodyText(whole, serializer)
  const plan = planMove(contents, claims, cookies, key, keys, context)
  if (plan === undefined) return undefined
  const { kept, parcelBody, labels } = plan
  // A session that was given a longer lifetime must not outlive its parcel.
  const isAsLong = (received?.claims.life ?? claims.life) >= claims.life
  const former = written?.id === claims.id && isAsLong ? written.parcel : undefined
  const isSame = former?.body === parcelBody && former.secretId === key.id
  const parcel = isSame ? former : await storeParcel(store, parcelBody, claims, key, context)
  return { parcel, body: formatBody(kept, claims, serializer, parcel.id), labels }
}

/** Seals and stores a new parcel, under the key of the same day and secret as the token's. */
async function storeParcel(
  store: Store,
  body: string,
  { id: sessionId, startedAt, life }: Claims,
  { day }: DayKey,
  { ring, lifetimes, now }: OverflowContext,
): Promise<Parcel> {
  const id = createId()
  const key = await ring.sealing('overflow', day, now())
  const value = formatValue(key, await key.seal(padParcel(sessionId, id, body)))
  // Adds the tolerance, so that the parcel outlives the token if two clocks differ.
  const ttl = startedAt + life + 2 * lifetimes.clockTolerance - now()
  await store.set(placeOf(id), value, Math.max(ttl, LEAST_TTL))
  return { id, body, secretId: key.id }
}

/** Never rejects, because a logout must not fail because of the store. Unused parcels expire. */
async function removeAll(store: Store, parcels: readonly (Parcel | undefined)[]): Promise<void> {
  const ids = new Set(parcels.flatMap((parcel) => (parcel === undefined ? [] : [parcel.id])))
  await Promise.allSettled(Array.from(ids, (id) => store.remove(placeOf(id))))
}

/** Returns the bytes of a payload with this body. */
function lengthOf(claims: Claims, body: string): number {
  return new TextEncoder().encode(formatPayload(claims, body)).length
}

/** Returns the storage key of a parcel. */
function placeOf(id: string): string {
  return `parcel:${id}`
}

function overflowOptions(given: unknown): OverflowOptions & { readonly timeout: number } {
  if (!isRecord(given)) {
    throw new SessionConfigError(
      'overflow',
      `was given ${describe(given)} and must be given an object, as in overflow({ storage })`,
    )
  }
  const options = ownProperties(given)
  assertKnownKeys(options, OVERFLOW_OPTIONS, 'overflow.')
  const { storage, keys, timeout } = options
  assertStorage(storage)
  assertKeys(keys)
  return {
    storage,
    keys,
    timeout: secondsOption('overflow.timeout', timeout ?? DEFAULT_TIMEOUT, 1, MAX_TIMEOUT),
  }
}

function assertKeys(keys: unknown): asserts keys is readonly string[] | undefined {
  if (keys === undefined) return
  const fits =
    Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string')
  if (fits) return
  refuse('overflow.keys', keys, "an array of keys, as in ['cart']: leave it out for all")
}
