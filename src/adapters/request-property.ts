// `request.session`: a read-only property.

import { SessionConfigError } from '../errors.ts'
import { ownProperties } from '../validate.ts'

/** Defines a property on each request. */
export type DefineProperty = (request: object, value: object) => void

/**
 * Returns a function that defines a property of this name on a request, or on the object that the
 * framework calls `owner`. It is not enumerable, because printing a request would show the data of
 * its session. An assignment throws, because `request.session = null` would not end the session.
 *
 * All requests share one accessor and keep their value under a symbol: accessors of its own would
 * give each request a hidden class of its own, which takes V8 half as long as opening the session.
 */
export function createRequestProperty(name: string, owner = 'request'): DefineProperty {
  const slot = Symbol(name)
  const accessor = ownProperties<PropertyDescriptor>({
    configurable: true,
    get(this: object): unknown {
      return Reflect.get(this, slot)
    },
    set(): never {
      throw new TypeError(
        `${owner}.${name} cannot be assigned: write ${owner}.${name}.destroy() to end the session, and ` +
          `${owner}.${name}.set(key, value) to change it`,
      )
    },
  })
  return (request, value) => {
    const hidden = ownProperties<PropertyDescriptor>({ value, writable: true, configurable: true })
    const isDefined =
      Reflect.defineProperty(request, slot, hidden) &&
      Reflect.defineProperty(request, name, accessor)
    if (isDefined) return
    throw new SessionConfigError(
      'request',
      `takes no property ${name}: do not freeze it before the middleware, or use open(request, response)`,
    )
  }
}
