import { describe, expect, test, vi } from 'vitest'
import { createObjectSlot } from '../../../src/http/object-slot.ts'

const objects: [string, () => object][] = [
  ['a request', () => new Request('https://app.example/')],
  ['a record', () => ({ headers: {} })],
  ['an object under no prototype', () => ({ __proto__: null })],
  ['a frozen object', () => Object.freeze({ headers: {} })],
  ['a proxy', () => new Proxy(new Request('https://app.example/'), {})],
]

describe.each(objects)('%s', (_, make) => {
  test('has the value that was set for it last, and no other has it', () => {
    const memo = createObjectSlot<string>()
    const [one, other] = [make(), make()]
    expect(memo.get(one)).toBeUndefined()
    memo.set(one, 'first')
    memo.set(one, 'last')
    expect(memo.get(one)).toBe('last')
    expect(memo.get(other)).toBeUndefined()
  })

  test('has a value of its own in each memo', () => {
    const [a, b] = [createObjectSlot<string>(), createObjectSlot<string>()]
    const object = make()
    a.set(object, 'of a')
    expect(b.get(object)).toBeUndefined()
    b.set(object, 'of b')
    expect([a.get(object), b.get(object)]).toEqual(['of a', 'of b'])
  })

  test('has none any more once it is deleted, and may be given another', () => {
    const memo = createObjectSlot<string>()
    const object = make()
    memo.set(object, 'first')
    memo.delete(object)
    expect(memo.get(object)).toBeUndefined()
    memo.set(object, 'second')
    expect(memo.get(object)).toBe('second')
  })

  test('looks to everybody else as it did before', () => {
    const object = make()
    const before = Reflect.ownKeys(object)
    createObjectSlot<string>().set(object, 'value')
    expect(Reflect.ownKeys(object)).toEqual(before)
  })
})

test('an object that is frozen later keeps its value, and takes another', () => {
  const memo = createObjectSlot<string>()
  const object = { headers: {} }
  memo.set(object, 'before')
  Object.freeze(object)
  expect(memo.get(object)).toBe('before')
  memo.set(object, 'after')
  expect(memo.get(object)).toBe('after')
})

test('only of objects that take no members a table is kept', () => {
  const keep = vi.spyOn(WeakMap.prototype, 'set')
  const memo = createObjectSlot<string>()
  const [open, frozen] = [{}, Object.freeze({})]
  for (const object of [open, frozen, open, frozen]) memo.set(object, 'value')
  const kept = keep.mock.calls.map(([object]) => object === frozen)
  keep.mockRestore()
  expect(kept).toEqual([true, true])
})

test('a proxy and what stands behind it are two objects, as they are to a WeakMap', () => {
  const memo = createObjectSlot<string>()
  const target = { headers: {} }
  const proxy = new Proxy(target, {})
  memo.set(proxy, 'of the proxy')
  expect(memo.get(target)).toBeUndefined()
})

test('a copy of an object is another object', () => {
  const memo = createObjectSlot<string>()
  const object = { headers: {} }
  memo.set(object, 'value')
  expect(memo.get({ ...object })).toBeUndefined()
  expect(memo.get(Object.create(object))).toBeUndefined()
})
