// Objects in the conditions in which frameworks pass them: behind a proxy, and deeply frozen.

/** Returns a proxy that forwards everything, as frameworks put around their objects. */
export function forwardingProxy(response: Response): Response {
  return new Proxy(response, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Freezes an object and every object in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
