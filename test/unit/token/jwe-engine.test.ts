import { afterEach, describe, expect, test, vi } from 'vitest'
import { chooseEngine } from '../../../src/token/jwe-engine.ts'
import { makeJoseKey } from '../../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../../src/token/jwe-node.ts'

const KEY_ID = { id: 'a1b2', day: 20_778 }
const BYTES = new Uint8Array(32).fill(7)

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('chooseEngine', () => {
  test('uses node:crypto if the runtime has it: keys are created and used synchronously', () => {
    const key = chooseEngine()(KEY_ID, BYTES)
    expect(key).not.toBeInstanceOf(Promise)
    expect('seal' in key && typeof key.seal('text')).toBe('string')
  })

  test('uses jose if the runtime does not, and each opens what the other sealed', async () => {
    const [node] = [await nodeKeys()?.(KEY_ID, BYTES)]
    vi.stubGlobal('process', {})
    const made = chooseEngine()(KEY_ID, BYTES)
    expect(made).toBeInstanceOf(Promise)
    const key = await made
    const sealed = key.seal('text')
    expect(sealed).toBeInstanceOf(Promise)
    expect(await node?.open(await sealed)).toBe('text')
    const jose = await makeJoseKey(KEY_ID, BYTES)
    expect(await key.open(await jose.seal('more'))).toBe('more')
  })
})
