// Stores one value for an object of the application or its server, for as long as that object
// lives: the session that was opened from a request.

/** Stores at most one value for each object. */
export interface ObjectSlot<Value> {
  get(object: object): Value | undefined
  set(object: object, value: Value): void
  delete(object: object): void
}

/**
 * Base class whose constructor returns its argument, so a subclass's private fields are installed on
 * that object.
 */
// oxlint-disable-next-line no-extraneous-class
class Installed {
  constructor(object: object) {
    return object
  }
}

/**
 * Creates a slot that stores its values in a private field of the objects themselves, which no
 * other code can see.
 *
 * A `WeakMap` does the same and costs more: minor garbage collections treat its entries as alive,
 * so each request with its session would be promoted before it is freed. That took a ninth of the
 * time of a whole request that only reads its session (Node 20).
 */
export function createObjectSlot<Value>(): ObjectSlot<Value> {
  /**
   * Fallback for objects that cannot be extended: a proposal makes them reject private fields too.
   */
  const fixed = new WeakMap<object, Value>()

  class Slot extends Installed {
    #value: Value | undefined

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : fixed.get(object)
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else if (Object.isExtensible(object)) new Slot(object).#value = value
      else fixed.set(object, value)
    }

    static delete(object: object): void {
      if (#value in object) object.#value = undefined
      else fixed.delete(object)
    }
  }

  return Slot
}
