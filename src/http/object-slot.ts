// One value for an object of somebody else's, for as long as that object lives: the session that was
// opened from a request.

/** What is remembered of objects. */
export interface ObjectSlot<Value> {
  get(object: object): Value | undefined
  set(object: object, value: Value): void
  delete(object: object): void
}

/** A class over this one gives its private members to the object that it is constructed with. */
// oxlint-disable-next-line no-extraneous-class
class Given {
  constructor(object: object) {
    return object
  }
}

/**
 * A memo that its objects carry themselves, in a private member that nobody else can see.
 *
 * A `WeakMap` says the same and costs more: the garbage collector's quick passes take its entries for
 * alive, so each request with its session would grow old before it is let go. A ninth of the time of a
 * whole request that only reads its session was that (Node 20).
 */
export function createObjectSlot<Value>(): ObjectSlot<Value> {
  /** For objects that take no members any more. There is a proposal that they refuse private ones too. */
  const fixed = new WeakMap<object, Value>()

  class Carrier extends Given {
    #value: Value | undefined

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : fixed.get(object)
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else if (Object.isExtensible(object)) new Carrier(object).#value = value
      else fixed.set(object, value)
    }

    static delete(object: object): void {
      if (#value in object) object.#value = undefined
      else fixed.delete(object)
    }
  }

  return Carrier
}
