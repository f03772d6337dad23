// An object whose properties are the keys of a session.

import { SessionConfigError } from '../errors.ts'
import { describeName, ownProperties, refuse } from '../validate.ts'
import type { SessionKeys } from './session-keys.ts'
import { SessionMembers } from './session-members.ts'
import type { SessionControl } from './session-members.ts'

/** Names that no key can have. */
const MEMBER_NAMES: ReadonlySet<PropertyKey> = new Set(
  Object.getOwnPropertyNames(SessionMembers.prototype).filter((name) => name !== 'constructor'),
)

/**
 * Returns an object with the members of a session, and its keys as properties. Only the keys are
 * own and enumerable, so that copies and JSON contain the data alone.
 */
export function createSessionObject(control: SessionControl, keys: SessionKeys): object {
  const members: SessionMembers = new SessionMembers(control, keys, () => object)
  const object: object = new Proxy(members, createHandler(keys))
  return object
}

/**
 * Throws for a key that is the name of a member.
 *
 * @throws SessionConfigError with the key
 */
export function assertUsableKey(key: string): void {
  if (!MEMBER_NAMES.has(key)) return
  throw new SessionConfigError(
    `session.${key}`,
    `is a member of the session and no key: rename it, or write sessionOf(request).set(${describeName(key)}, value)`,
  )
}

function createHandler(keys: SessionKeys): ProxyHandler<SessionMembers> {
  const isKey = (name: PropertyKey): name is string =>
    typeof name === 'string' && !MEMBER_NAMES.has(name) && keys.read().has(name)

  function set(name: PropertyKey, value: unknown): boolean {
    if (typeof name !== 'string') {
      refuse('key', name, 'a string')
    }
    assertUsableKey(name)
    keys.set(name, value)
    return true
  }

  return ownProperties<ProxyHandler<SessionMembers>>({
    get(members, name) {
      if (isKey(name)) return keys.get(name)
      const member: unknown = Reflect.get(members, name, members)
      return typeof member === 'function' && MEMBER_NAMES.has(name) ? member.bind(members) : member
    },
    has: (members, name) => isKey(name) || Reflect.has(members, name),
    set: (_, name, value) => set(name, value),
    deleteProperty(_, name) {
      if (isKey(name)) keys.delete(name)
      return true
    },
    ownKeys: () => [...keys.read().keys()].filter((name) => !MEMBER_NAMES.has(name)),
    getOwnPropertyDescriptor(_, name) {
      if (!isKey(name)) return undefined
      return { value: keys.get(name), writable: true, enumerable: true, configurable: true }
    },
    defineProperty(_, name, descriptor) {
      const { enumerable, configurable, writable } = descriptor
      const isPlain = [enumerable, configurable, writable].every((flag) => flag === true)
      return isPlain && Object.hasOwn(descriptor, 'value') && set(name, descriptor.value)
    },
    preventExtensions: () => false,
    setPrototypeOf: () => false,
  })
}
