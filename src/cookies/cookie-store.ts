// Writes into a framework's cookie store. A store belongs to the framework: only its `set` is
// called.

import { hasMember, hasMethod, refuse } from '../validate.ts'
import type { ResolvedCookieOptions } from './cookie-options.ts'
import { attributesOf, optionsOf } from './set-cookie.ts'
import type { CookieAttributes, CookieWrite } from './set-cookie.ts'
import type { CookieStoreSource } from './source.ts'

/**
 * Sets one cookie. Write such a function for Astro and other frameworks whose stores have another
 * form.
 *
 * @example
 * await sessions.save(session, (name, value, attributes) => {
 *   context.cookies.set(name, value, attributes) // Astro
 * })
 */
export type SetCookieFunction = (
  name: string,
  value: string,
  attributes: CookieAttributes,
) => unknown

/**
 * Destination of cookies: a store with `set`, or a function.
 *
 * @example
 * await sessions.save(session, await cookies()) // Next.js
 * await sessions.save(session, event.cookies) // SvelteKit
 */
export type CookieSink =
  | SetCookieFunction
  | { set: SetCookieFunction }
  // The cookies of a request accept no attributes: `NextRequest.cookies`, in a proxy of Next.js.
  | (CookieStoreSource & { set(name: string, value: string): unknown })

/**
 * Sets each cookie, one after the other. Awaits what the store returns, because browsers' `cookieStore`
 * is asynchronous.
 *
 * @throws what the store throws
 */
export async function writeToStore(
  writes: readonly CookieWrite[],
  sink: CookieSink,
  options: ResolvedCookieOptions,
): Promise<void> {
  const set: SetCookieFunction =
    typeof sink === 'function' ? sink : (...given) => Reflect.apply(sink.set, sink, given)
  for (const write of writes) {
    const { name, value, maxAge } = write
    // Sequential, because the first part says how many there are.
    // oxlint-disable-next-line no-await-in-loop
    await set(name, value, attributesOf(maxAge, optionsOf(write, options)))
  }
}

/**
 * Throws unless `sink` can receive cookies.
 *
 * @throws SessionConfigError
 */
export function assertCookieSink(sink: unknown): asserts sink is CookieSink {
  if (typeof sink === 'function' || isStore(sink)) return
  refuse('store', sink, 'a cookie store with set(name, value, attributes)')
}

/**
 * Whether `sink` is a cookie store. Other objects have a `set` of another meaning: `Headers` and responses would get a header
 * with the cookie's name, and a `Map` would keep the cookie to itself.
 */
function isStore(sink: unknown): boolean {
  if (typeof sink !== 'object' || sink === null) return false
  const isOther = hasMember(sink, 'append') || sink instanceof Map || sink instanceof WeakMap
  return !isOther && hasMethod(sink, 'set')
}
