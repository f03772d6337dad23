// The cookies that one response sets: a token, its ticket, deletions and a logout stamp. Formats
// each as a `Set-Cookie` line (RFC 6265bis) with the package `cookie`.

import { stringifySetCookie } from 'cookie'
import type { SetCookie } from 'cookie'
import type { ResolvedCookieOptions } from './cookie-options.ts'

/** One cookie that a response sets or deletes. */
export interface CookieWrite {
  readonly name: string
  readonly value: string
  /** Seconds; `undefined` for a cookie that ends with the browser, 0 for a deletion. */
  readonly maxAge: number | undefined
  /** Its path, if it differs from that of the option `cookie`. */
  readonly path?: string
}

/**
 * Attributes of a cookie in the form that frameworks' cookie stores accept.
 *
 * @example
 * const attributes: CookieAttributes = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' }
 */
export interface CookieAttributes {
  readonly path: string
  readonly domain?: string
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned?: boolean
  readonly priority?: 'low' | 'medium' | 'high'
  /** Seconds. */
  readonly maxAge?: number
  readonly expires?: Date
}

/** The cookies of a response that sets none. */
export const NO_WRITES: readonly CookieWrite[] = Object.freeze([])

/** Returns the write that deletes a cookie. */
export function deletion(name: string): CookieWrite {
  return { name, value: '', maxAge: 0 }
}

/** Returns the `Set-Cookie` line of each write. */
export function formatSetCookies(
  writes: readonly CookieWrite[],
  options: ResolvedCookieOptions,
): string[] {
  return writes.map((write) => formatSetCookie(write, options))
}

/** Returns the `Set-Cookie` line of one write. */
export function formatSetCookie(write: CookieWrite, options: ResolvedCookieOptions): string {
  // Our values are base64url, digits and dots: there is nothing to encode.
  return `${write.name}=${write.value}${attributesText(write, options)}`
}

/** Returns the length of the `Set-Cookie` line of one write. */
export function setCookieLength(write: CookieWrite, options: ResolvedCookieOptions): number {
  return write.name.length + '='.length + write.value.length + attributesText(write, options).length
}

/** Returns everything behind the value of a write: `; Max-Age=…; Path=/; …`. */
function attributesText(write: CookieWrite, given: ResolvedCookieOptions): string {
  const { maxAge } = write
  const options = optionsOf(write, given)
  if (last?.options !== options || last.maxAge !== maxAge) {
    last = { options, maxAge, text: formatAttributes(maxAge, options) }
  }
  return last.text
}

/** The last attributes: the lines of one response, and of the next ones, mostly share them. */
let last:
  | {
      readonly options: ResolvedCookieOptions
      readonly maxAge: number | undefined
      readonly text: string
    }
  | undefined

/**
 * Returns the options of a write. Only an own `path` counts, because a prototype may be polluted.
 */
export function optionsOf(
  write: CookieWrite,
  options: ResolvedCookieOptions,
): ResolvedCookieOptions {
  return Object.hasOwn(write, 'path') ? { ...options, path: write.path ?? '/' } : options
}

/**
 * Returns a write's attributes. A deletion repeats them all, because browsers keep a cookie whose
 * `Secure`, `Path` or `Domain` differ, and has `Max-Age` and `Expires`, because some clients know one.
 */
export function attributesOf(
  maxAge: number | undefined,
  { path, domain, secure, sameSite, partitioned, priority }: ResolvedCookieOptions,
): CookieAttributes {
  return {
    path,
    ...(domain === undefined ? {} : { domain }),
    httpOnly: true,
    secure,
    sameSite,
    ...(partitioned ? { partitioned } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(maxAge === 0 ? { expires: new Date(0) } : {}),
  }
}

function formatAttributes(maxAge: number | undefined, options: ResolvedCookieOptions): string {
  // A null prototype, because `cookie` also reads attributes that are not set.
  const cookie: SetCookie & { __proto__: null } = {
    __proto__: null,
    name: options.name,
    value: '',
    ...attributesOf(maxAge, options),
  }
  return stringifySetCookie(cookie).slice(`${options.name}=`.length)
}
