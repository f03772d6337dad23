// The option `overflow`, as the pipeline uses it. Its implementation is in overflow/, which an application
// without the option does not load.

import type { RequestCookies } from './cookies/request-cookies.ts'
import type { ResolvedCookieOptions } from './cookies/cookie-options.ts'
import type { SessionSerializer } from './data/serialize.ts'
import type { Contents } from './session/contents.ts'
import type { Parcel } from './session/parcel.ts'
import type { Refusal } from './session/opened.ts'
import type { SessionState } from './session/state.ts'
import type { SizeLimits } from './size/limits.ts'
import type { Claims, Lifetimes } from './token/claims.ts'
import type { DayKey } from './token/jwe.ts'
import type { KeyRing } from './token/key-ring.ts'
import { refuse } from './validate.ts'

/**
 * What the option `overflow` takes: `overflow` of `sealed-session/overflow` returns it.
 *
 * @example
 * const moving: SessionOverflow = overflow({ storage, keys: ['cart'] })
 * createSessions({ secrets, overflow: moving })
 */
export interface SessionOverflow {
  /** The keys that may move; `undefined` for all. */
  readonly keys: readonly string[] | undefined
  /**
   * Returns the contents of a token with those of the parcel that it names, or why they cannot be had.
   *
   * @internal
   */
  readonly load: (
    kept: Contents,
    parcel: string,
    claims: Claims,
    context: OverflowContext,
  ) => Promise<LoadedContents | Refusal>
  /**
   * Returns which parts of a session would move; `undefined` if it fits, or if moving would not help.
   *
   * @internal
   */
  readonly plan: (
    contents: Contents,
    claims: Claims,
    cookies: RequestCookies,
    key: DayKey,
    context: OverflowContext,
  ) => MovePlan | undefined
  /**
   * Stores what does not fit of a session with this body; `undefined` as for `plan`.
   *
   * @internal
   */
  readonly pack: (
    body: string,
    claims: Claims,
    state: SessionState,
    key: DayKey,
    context: OverflowContext,
  ) => Promise<PackedSession | undefined>
  /**
   * Removes the parcels of a session that has ended. Never rejects.
   *
   * @internal
   */
  readonly remove: (parcels: readonly (Parcel | undefined)[]) => Promise<void>
}

/** What `overflow` needs of the pipeline. */
export interface OverflowContext {
  readonly ring: KeyRing
  readonly cookie: ResolvedCookieOptions
  readonly lifetimes: Lifetimes
  readonly limits: SizeLimits
  readonly serializer: SessionSerializer | undefined
  readonly now: () => number
}

/** The contents of a session, whole again. */
export interface LoadedContents {
  readonly contents: Contents
  readonly parcel: Parcel
}

/** What stays in the cookies, and what moves. */
export interface MovePlan {
  readonly kept: Contents
  /** The body of the parcel that would hold the rest. */
  readonly parcelBody: string
  /** The parts that move, as a size report names them. */
  readonly labels: readonly string[]
}

/** A session whose parcel is in the store. */
export interface PackedSession {
  readonly parcel: Parcel
  /** The body of the token. */
  readonly body: string
  readonly labels: readonly string[]
}

/** The room that a parcel's id takes in a token. */
export const PARCEL_PLACEHOLDER: string = 'p'.repeat(22)

/**
 * Returns the option `overflow`.
 *
 * @throws SessionConfigError if it is not what `overflow` has returned
 */
export function resolveOverflow(option: SessionOverflow | undefined): SessionOverflow | undefined {
  if (option === undefined || typeof option?.load === 'function') return option
  return refuse('overflow', option, 'overflow({ storage }) of sealed-session/overflow')
}
