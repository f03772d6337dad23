import { afterEach, describe, expect, test, vi } from 'vitest'
import { assertStorage, limitStore } from '../../../src/overflow/storage.ts'
import type { OverflowStorage } from '../../../src/overflow/storage.ts'

const DOWN = new Error('down')

function storageWith(changes: Partial<OverflowStorage>): OverflowStorage {
  return { getItem: () => null, setItem() {}, removeItem() {}, ...changes }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('limitStore', () => {
  test('returns strings, at once or later, and undefined for nothing', async () => {
    for (const [answer, expected] of [
      ['text', 'text'],
      ['', ''],
      [Promise.resolve('text'), 'text'],
      [null, undefined],
      [undefined, undefined],
      [Promise.resolve(null), undefined],
    ] as const) {
      const store = limitStore(storageWith({ getItem: () => answer }), 2)
      expect(await store.get('key')).toBe(expected)
    }
  })

  test('passes key, value and time to live on', async () => {
    const setItem = vi.fn()
    const removeItem = vi.fn()
    const store = limitStore(storageWith({ setItem, removeItem }), 2)
    await store.set('key', 'value', 60)
    await store.remove('key')
    expect(setItem).toHaveBeenCalledWith('key', 'value', { ttl: 60 })
    expect(removeItem).toHaveBeenCalledWith('key')
  })

  test.each([
    ['getItem', 'get'],
    ['setItem', 'set'],
    ['removeItem', 'remove'],
  ] as const)('names %s where it fails, with the cause', async (method, member) => {
    const storage = storageWith({ [method]: () => Promise.reject(DOWN) })
    await expect(limitStore(storage, 2)[member]('key', 'value', 60)).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: `the session store: ${method} failed`,
      cause: DOWN,
    })
  })

  test('gives up after the time limit', async () => {
    vi.useFakeTimers()
    const store = limitStore(storageWith({ getItem: () => new Promise(() => {}) }), 3)
    const result = expect(store.get('key')).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: 'the session store: getItem was not over in 3 seconds',
    })
    await vi.advanceTimersByTimeAsync(3001)
    await result
  })

  test('accepts an answer that arrived while the process was paused, even beyond the time limit', async () => {
    let answer: (value: string) => void = () => {}
    const getItem = () => new Promise((resolve) => (answer = resolve))
    const found = limitStore(storageWith({ getItem }), 1).get('key')
    setTimeout(() => setImmediate(() => answer('text')), 0)
    // The answer is processed after the timers that are due by then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100)
    expect(await found).toBe('text')
  })
})

describe('assertStorage', () => {
  test('accepts an object or an instance with the three methods', () => {
    expect(() => assertStorage(storageWith({}))).not.toThrow()
    expect(() => assertStorage(Object.create(storageWith({})))).not.toThrow()
  })

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://127.0.0.1', '"redis://127.0.0.1"'],
    [new Map(), 'an object'],
    [{ getItem() {}, setItem() {} }, 'an object'],
    [() => {}, 'a function'],
  ])('refuses %s', (storage, shown) => {
    expect(() => assertStorage(storage)).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_CONFIG',
        message: `storage is ${shown} and must have getItem, setItem and removeItem, as an unstorage storage has`,
      }),
    )
  })
})
