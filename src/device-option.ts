// What the option `device` takes, and its implementation's interface, so that nothing of device/ is in the bundle of
// an application that does not use it.

import type { CookieSource } from './cookies/source.ts'
import type { RequestCookies } from './cookies/request-cookies.ts'
import type { CookieWrite } from './cookies/set-cookie.ts'
import type { Claims, Lifetime } from './token/claims.ts'

/**
 * What `deviceBound` returns, for the option `device`.
 *
 * @example
 * const device: DeviceBinding = deviceBound({ interval: 300 })
 */
export interface DeviceBinding {
  /** The path that the browser sends its key and its proofs to. */
  readonly path: string
  /** Seconds for which a proof is good. */
  readonly interval: number
}

/** What the tickets of a session say. */
export interface DeviceUse {
  /** When the session was last used, in seconds since 1970; now if the tickets do not keep it. */
  readonly usedAt: number
  /** When its device has proven itself, if it has. */
  readonly provenAt: number | undefined
  /** The tickets do not keep the session. */
  readonly reason: 'unproven' | undefined
  /** Its binding, if the received ticket is a proof that has ended. */
  readonly lapsed: { readonly binding: string } | undefined
}

/** Returns what a ticket says of a session that it keeps. */
export function usedSince(usedAt: number, provenAt?: number): DeviceUse {
  return { usedAt, provenAt, reason: undefined, lapsed: undefined }
}

/** A request to the path of the option, whatever carries it. */
export interface DeviceRequest {
  readonly method: string
  /** The path, without the query. */
  readonly path: string
  /** Returns a header field; `undefined` without it. */
  readonly field: (name: string) => string | undefined
  readonly source: CookieSource
}

/** The answer to it. */
export interface DeviceAnswer {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly setCookie: readonly string[]
  readonly body: string
}

/** What sessions with the option need of device/. */
export interface DeviceSupport {
  /** Finds out what the tickets of a request say of a bound session. */
  readonly findUse: (claims: Claims, cookies: RequestCookies) => Promise<DeviceUse>
  /** Whether use may renew the ticket of a bound session: not if it is proven, and not soon after the session was bound. */
  readonly isRenewable: (
    use: Pick<DeviceUse, 'usedAt' | 'provenAt'>,
    claims: Pick<Claims, 'binding' | 'lifetime'>,
  ) => boolean
  /** Whether a proof has ended. */
  readonly hasEnded: (provenAt: number, lifetime: Lifetime) => boolean
  /** Returns the header field that asks the browser for a key. */
  readonly askFor: (binding: string) => Promise<string>
  /**
   * Returns the deletions of all tickets and keys.
   *
   * @param binding that of the session that was received
   * @param isKept whether what belongs to it stays
   */
  readonly deletions: (
    cookies: RequestCookies,
    binding: string | undefined,
    isKept: boolean,
  ) => CookieWrite[]
  /** Answers a request to the option's path; `undefined` for any other. */
  readonly answer: (request: DeviceRequest) => Promise<DeviceAnswer> | undefined
  /** The same for a fetch request. */
  readonly respond: (request: Request) => Promise<Response> | undefined
}
