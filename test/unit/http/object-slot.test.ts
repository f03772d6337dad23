import { describe, expect, test, vi } from 'vitest'
import { createObjectSlot } from '../../../src/http/object-slot.ts'

const objects: [string, () => object][] = [
  ['a request', () => new Request('https://app.example/')],
  ['a record', () => ({ headers: {} })],
  ['an object without a prototype', () => ({ __proto__: null })],
  ['a frozen object', () => Object.freeze({ headers: {} })],
  ['a proxy', () => new Proxy(new Request('https://app.example/'), {})],
]

describe.each(objects)('%s', (_, make) => {
  test('has the value that was set last, which no other object has', () => {
    const slot = createObjectSlot<string>()
    const [one, other] = [make(), make()]
    expect(slot.get(one)).toBeUndefined()
    slot.set(one, 'first')
    slot.set(one, 'last')
    expect(slot.get(one)).toBe('last')
    expect(slot.get(other)).toBeUndefined()
  })

  test('has a value of its own in each slot', () => {
    const [a, b] = [createObjectSlot<string>(), createObjectSlot<string>()]
    const object = make()
    a.set(object, 'of a')
    expect(b.get(object)).toBeUndefined()
    b.set(object, 'of b')
    expect([a.get(object), b.get(object)]).toEqual(['of a', 'of b'])
  })

  test('has no value after it was deleted, and accepts another', () => {
    const slot = createObjectSlot<string>()
    const object = make()
    slot.set(object, 'first')
    slot.delete(object)
    expect(slot.get(object)).toBeUndefined()
    slot.set(object, 'second')
    expect(slot.get(object)).toBe('second')
  })

  test('has the same own keys as before', () => {
    const object = make()
    const before = Reflect.ownKeys(object)
    createObjectSlot<string>().set(object, 'value')
    expect(Reflect.ownKeys(object)).toEqual(before)
  })
})

test('an object that is frozen later keeps its value, and accepts another', () => {
  const slot = createObjectSlot<string>()
  const object = { headers: {} }
  slot.set(object, 'before')
  Object.freeze(object)
  expect(slot.get(object)).toBe('before')
  slot.set(object, 'after')
  expect(slot.get(object)).toBe('after')
})

test('a WeakMap is used only for objects that cannot be extended', () => {
  const keep = vi.spyOn(WeakMap.prototype, 'set')
  const slot = createObjectSlot<string>()
  const [open, frozen] = [{}, Object.freeze({})]
  for (const object of [open, frozen, open, frozen]) slot.set(object, 'value')
  const kept = keep.mock.calls.map(([object]) => object === frozen)
  keep.mockRestore()
  expect(kept).toEqual([true, true])
})

test('a proxy and its target are two objects, as they are to a WeakMap', () => {
  const slot = createObjectSlot<string>()
  const target = { headers: {} }
  const proxy = new Proxy(target, {})
  slot.set(proxy, 'of the proxy')
  expect(slot.get(target)).toBeUndefined()
})

test('a copy of an object is another object', () => {
  const slot = createObjectSlot<string>()
  const object = { headers: {} }
  slot.set(object, 'value')
  expect(slot.get({ ...object })).toBeUndefined()
  expect(slot.get(Object.create(object))).toBeUndefined()
})
