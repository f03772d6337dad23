import { describe, expect, test } from 'vitest'
import { createReader } from '../../../src/overflow/cached-reader.ts'

function setUp(seconds: number) {
  const asked: string[] = []
  const time = { now: 1000 }
  const store = {
    get: async (key: string) => {
      asked.push(key)
      return `${key} at ${time.now}`
    },
    set: async () => {},
    remove: async () => {},
  }
  return { asked, time, reader: createReader(store, seconds, () => time.now) }
}

describe('createReader', () => {
  test('reuses an answer until it is too old', async () => {
    const { asked, time, reader } = setUp(2)
    expect(await reader.get('a')).toBe('a at 1000')
    time.now = 1001.999
    expect(await reader.get('a')).toBe('a at 1000')
    expect(await reader.get('b')).toBe('b at 1001.999')
    time.now = 1002
    expect(await reader.get('a')).toBe('a at 1002')
    expect(asked).toEqual(['a', 'b', 'a'])
  })

  test('asks every time with 0 seconds', async () => {
    const { asked, reader } = setUp(0)
    await reader.get('a')
    await reader.get('a')
    expect(asked).toEqual(['a', 'a'])
  })

  test('does not reuse an answer from the future, after a clock was set back', async () => {
    const { asked, time, reader } = setUp(2)
    await reader.get('a')
    time.now = 500
    await reader.get('a')
    expect(asked).toEqual(['a', 'a'])
  })

  test('removes an answer with forget', async () => {
    const { asked, reader } = setUp(2)
    await reader.get('a')
    reader.forget('a')
    await reader.get('a')
    expect(asked).toEqual(['a', 'a'])
  })

  test('does not reuse an answer that was asked for before forget, and arrived after it', async () => {
    const { asked, reader } = setUp(2)
    const inFlight = reader.get('a')
    reader.forget('a')
    await inFlight
    await reader.get('a')
    expect(asked).toEqual(['a', 'a'])
  })

  test('keeps the latest 10 000 answers', async () => {
    const { asked, reader } = setUp(2)
    for (let at = 0; at <= 10_000; at++) await reader.get(`${at}`)
    asked.length = 0
    await reader.get('1')
    await reader.get('0')
    expect(asked).toEqual(['0'])
  })
})
