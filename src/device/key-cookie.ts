// The cookie with the public key of a session's device. It travels to the endpoint's path alone, sealed, so
// that no request to another path is larger for it and the server keeps no key.

import { deletion } from '../cookies/set-cookie.ts'
import type { CookieWrite } from '../cookies/set-cookie.ts'
import type { SourceCookies } from '../cookies/source.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { cookieMaxAge } from '../token/claims.ts'
import type { Claims } from '../token/claims.ts'
import { isPublicKey } from './public-key.ts'
import type { PublicKey } from './public-key.ts'
import { openArray, sealArray } from './sealed-arrays.ts'

/** A key, and when its device has proven itself last. */
export interface DeviceKey {
  readonly key: PublicKey
  /** Seconds since 1970. */
  readonly provenAt: number
}

/** The same name can come from a few scopes. More than this is noise. */
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

/** Returns the deletion of the cookie of a binding. */
export function keyDeletion(name: string, binding: string, path: string): CookieWrite {
  return { ...deletion(keyName(name, binding)), path }
}

/** Returns the values of the cookie of a binding, as they came. */
export function findKeys(cookies: SourceCookies, name: string, binding: string): string[] {
  const wanted = keyName(name, binding)
  const pairs = typeof cookies === 'string' ? splitHeader(cookies) : cookies
  return pairs
    .filter(([cookie]) => cookie === wanted)
    .slice(0, MAX_KEYS)
    .map(([, value]) => value)
}

/** Returns the key of a binding that was proven last; `undefined` if none of the values holds one. */
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

/** It cannot have the prefix `__Host-`, because that asks for `Path=/`. */
function keyName(name: string, binding: string): string {
  return `${name.replace(/^__Host-/i, '__Secure-')}.k.${binding}`
}

/** Deno and workerd join several `Cookie` lines with a comma, which no value of ours holds. */
function splitHeader(header: string): [name: string, value: string][] {
  return header.split(/[;,]/).map((pair) => {
    const [name = '', ...value] = pair.trim().split('=')
    return [name, value.join('=')]
  })
}
