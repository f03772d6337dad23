import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeJoseKey } from '../../../src/token/jwe-jose.ts'
import { headerOf } from '../../../src/token/jwe.ts'

const KEY_ID = { id: 'a1b2', day: 20_778 }
const BYTES = new Uint8Array(32).fill(7)

afterEach(() => {
  vi.restoreAllMocks()
})

describe('makeJoseKey', () => {
  test('imports its bytes once, as a key that cannot be exported', async () => {
    const imports = vi.spyOn(crypto.subtle, 'importKey')
    const key = await makeJoseKey(KEY_ID, BYTES)
    for (const text of ['one', 'two']) {
      expect(await key.open(await key.seal(text))).toBe(text)
    }
    expect(
      imports.mock.calls.map(([, , algorithm, extractable]) => [algorithm, extractable]),
    ).toEqual([['AES-GCM', false]])
    expect([key.id, key.day]).toEqual([KEY_ID.id, KEY_ID.day])
  })

  test('authenticates the header, which is not part of its result', async () => {
    const key = await makeJoseKey(KEY_ID, BYTES)
    const encrypt = vi.spyOn(crypto.subtle, 'encrypt')
    const sealed = await key.seal('text')
    const [[algorithm] = []] = encrypt.mock.calls
    const { additionalData } = { additionalData: undefined, ...Object(algorithm) }
    expect(new TextDecoder().decode(additionalData)).toBe(headerOf(KEY_ID))
    expect(sealed.split('.').map(({ length }) => length)).toEqual([16, 6, 22])
  })

  test('returns no text for what jose rejects, and rejects with every other error', async () => {
    const key = await makeJoseKey(KEY_ID, BYTES)
    const sealed = await key.seal('text')
    expect(await key.open(`${sealed}A`)).toBeUndefined()
    const split = vi.spyOn(String.prototype, 'split').mockImplementation(() => {
      throw new RangeError('broken')
    })
    const opening = key.open(sealed)
    split.mockRestore()
    await expect(opening).rejects.toThrow(RangeError)
  })

  test('rejects a key of any other length', async () => {
    for (const length of [0, 16, 24, 31, 33]) {
      const sealWithKey = async () => {
        const key = await makeJoseKey(KEY_ID, new Uint8Array(length))
        return key.seal('text')
      }
      await expect(sealWithKey()).rejects.toThrow()
    }
  })
})
