// The cookie with the public key of a session's device. It is sealed, and sent only to the
// endpoint's path: no other request grows, and the server stores no key.

import { deletion } from '../cookies/set-cookie.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import type { SourceCookies } from '../cookies/source.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { cookieMaxAge } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import { isPublicKey } from './public-key.ts'
import type { PublicKey } from './public-key.ts'
import { openArray, sealArray } from './sealed-arrays.ts'

/** A key, and when its device proved itself last. */
export interface DeviceKey {
  readonly key: PublicKey
  /** Seconds since 1970. */
  readonly provenAt: number
}

/** A name can come from several scopes. More than this is noise. */
const MAX_KEYS = 4

/** Seals a key of a session as its cookie. */
export async function sealKey(
  claims: Claims,
  { alg, parts }: PublicKey,
  path: string,
  pipeline: Pipeline,
): Promise<CookieWrite> {
  const { cookie, lifetimes, now } = pipeline
  const value = await sealArray('device-key', [claims.binding, alg, ...parts], pipeline)
  const maxAge = cookieMaxAge(claims, now(), lifetimes)
  return { name: keyName(cookie.name, claims.binding), value, maxAge, path }
}

/** Returns the deletion of the key cookie of a binding. */
export function keyDeletion(name: string, binding: string, path: string): CookieWrite {
  return { ...deletion(keyName(name, binding)), path }
}

/** Returns the values of the key cookie of a binding, in the order of the request. */
export function findKeys(cookies: SourceCookies, name: string, binding: string): string[] {
  const wanted = keyName(name, binding)
  const pairs = typeof cookies === 'string' ? splitHeader(cookies) : cookies
  return pairs
    .filter(([cookie]) => cookie === wanted)
    .slice(0, MAX_KEYS)
    .map(([, value]) => value)
}

/**
 * Returns the most recently proven key of a binding; `undefined` if none of the values holds one.
 */
export async function openKey(
  values: readonly string[],
  binding: string,
  pipeline: Pipeline,
): Promise<DeviceKey | undefined> {
  let latest: DeviceKey | undefined
  for (const value of values) {
    // oxlint-disable-next-line no-await-in-loop
    const opened = await openArray('device-key', value, pipeline)
    const [givenBinding, alg, ...parts] = opened?.items ?? []
    const key = { alg, parts }
    if (opened === undefined || givenBinding !== binding || !isPublicKey(key)) continue
    if (latest === undefined || opened.sealedAt > latest.provenAt) {
      latest = { key: { alg: key.alg, parts: key.parts }, provenAt: opened.sealedAt }
    }
  }
  return latest
}

/** Returns the name of the key cookie. It has no prefix `__Host-`, which would require `Path=/`. */
function keyName(name: string, binding: string): string {
  return `${name.replace(/^__Host-/i, '__Secure-')}.k.${binding}`
}

/**
 * Splits at commas, with which Deno and workerd join several `Cookie` lines. No value of ours has
 * one.
 */
function splitHeader(header: string): [name: string, value: string][] {
  return header.split(/[;,]/).map((pair) => {
    const [name = '', ...value] = pair.trim().split('=')
    return [name, value.join('=')]
  })
}
