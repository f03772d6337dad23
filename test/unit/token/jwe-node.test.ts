import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeJoseKey } from '../../../src/token/jwe-jose.ts'
import { nodeKeys } from '../../../src/token/jwe-node.ts'
import { formatValue, headerOf, parseValue } from '../../../src/token/jwe.ts'

const keyId = { id: 'a1b2', day: 20_778 }
const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7)

async function bothKeys() {
  const makeNodeKey = nodeKeys()
  if (makeNodeKey === undefined) throw new Error('this runtime has no node:crypto')
  return { node: await makeNodeKey(keyId, bytes), jose: await makeJoseKey(keyId, bytes) }
}

describe('the two engines', () => {
  test('open each other’s values, for any text', async () => {
    const { node, jose } = await bothKeys()
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
        async (text) => {
          expect(await jose.open(await node.seal(text))).toBe(text)
          expect(await node.open(await jose.seal(text))).toBe(text)
        },
      ),
    )
  })

  test('have IV, ciphertext and tag of the same length', async () => {
    const { node, jose } = await bothKeys()
    const lengthsOf = (sealed: string) => sealed.split('.').map(({ length }) => length)
    expect(lengthsOf(await node.seal('text'))).toEqual([16, 6, 22])
    expect(lengthsOf(await jose.seal('text'))).toEqual([16, 6, 22])
  })

  test('reject the same altered values, and do not throw', async () => {
    const { node, jose } = await bothKeys()
    const sealed = await node.seal('["AAECAwQFBgcICQoLDA0ODw",1,2,0,{"user":"ada"}]')
    const at = fc.nat({ max: sealed.length - 1 })
    const character = fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.',
    )
    await fc.assert(
      fc.asyncProperty(at, character, async (index, other) => {
        fc.pre(sealed[index] !== other)
        const altered = sealed.slice(0, index) + other + sealed.slice(index + 1)
        if (parseValue(formatValue(keyId, altered)) === undefined) return
        expect(await node.open(altered)).toBeUndefined()
        expect(await jose.open(altered)).toBeUndefined()
      }),
      { numRuns: 400 },
    )
  })

  test('do not open authentic bytes that are not UTF-8', async () => {
    const { createCipheriv } = await import('node:crypto')
    const { node, jose } = await bothKeys()
    const iv = Buffer.alloc(12, 1)
    const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(Buffer.from(headerOf(keyId)))
    const ciphertext = Buffer.concat([cipher.update(Buffer.from([0xff, 0xfe])), cipher.final()])
    const sealed = [iv, ciphertext, cipher.getAuthTag()]
      .map((part) => part.toString('base64url'))
      .join('.')
    expect(parseValue(formatValue(keyId, sealed))?.sealed).toBe(sealed)
    expect(await node.open(sealed)).toBeUndefined()
    expect(await jose.open(sealed)).toBeUndefined()
  })

  test('do not open a value with an IV or a tag of another length', async () => {
    const { node, jose } = await bothKeys()
    const sealed = await node.seal('text')
    const [iv = '', ciphertext = '', tag = ''] = sealed.split('.')
    const altered = [
      ...Array.from({ length: tag.length }, (_, length) => [iv, ciphertext, tag.slice(0, length)]),
      // Node ignores a dot in base64url: the last one would be the same 12 bytes.
      ...['', iv.slice(0, 15), `.${iv.slice(1)}`, `${iv.slice(0, 8)}.${iv.slice(8)}`].map(
        (other) => [other, ciphertext, tag],
      ),
    ].map((fields) => fields.join('.'))
    for (const each of altered) {
      expect(parseValue(formatValue(keyId, each))).toBeUndefined()
      expect(node.open(each)).toBeUndefined()
      expect(await jose.open(each)).toBeUndefined()
    }
  })
})

describe('a runtime without a usable node:crypto', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('without getBuiltinModule has no such engine', () => {
    vi.stubGlobal('process', {})
    expect(nodeKeys()).toBeUndefined()
  })

  test('without process has no such engine', () => {
    vi.stubGlobal('process', undefined)
    expect(nodeKeys()).toBeUndefined()
  })

  test.each(['node:crypto', 'node:buffer'])('without %s has no such engine', (missing) => {
    const { getBuiltinModule } = process
    vi.stubGlobal('process', {
      getBuiltinModule: (name: string) => (name === missing ? undefined : getBuiltinModule(name)),
    })
    expect(nodeKeys()).toBeUndefined()
  })

  test('with a node:crypto that throws or seals differently has no such engine', () => {
    const { getBuiltinModule } = process
    const notImplemented = { createSecretKey: () => throwNotImplemented() }
    vi.stubGlobal('process', {
      getBuiltinModule: (name: string) =>
        name === 'node:crypto' ? notImplemented : getBuiltinModule(name),
    })
    expect(nodeKeys()).toBeUndefined()

    const crypto = getBuiltinModule('node:crypto')
    for (const broken of [
      { createCipheriv: withZeroTag(crypto) },
      { createDecipheriv: thatOpensAnything(crypto) },
      { createDecipheriv: thatOpensToZeros(crypto) },
    ]) {
      vi.stubGlobal('process', {
        getBuiltinModule: (name: string) =>
          name === 'node:crypto' ? { ...crypto, ...broken } : getBuiltinModule(name),
      })
      expect(nodeKeys()).toBeUndefined()
    }
  })
})

function throwNotImplemented(): never {
  throw new Error('not implemented')
}

function withZeroTag({ createCipheriv }: typeof import('node:crypto')) {
  return (_name: string, ...rest: [Buffer, Buffer, { authTagLength: 16 }]) => {
    const cipher = createCipheriv('aes-256-gcm', ...rest)
    cipher.getAuthTag = () => Buffer.alloc(16)
    return cipher
  }
}

function thatOpensAnything({ createDecipheriv }: typeof import('node:crypto')) {
  return (_: string, ...rest: [Buffer, Buffer, { authTagLength: 16 }]) => {
    const decipher = createDecipheriv('aes-256-gcm', ...rest)
    Reflect.set(decipher, 'final', () => Buffer.alloc(0))
    return decipher
  }
}

function thatOpensToZeros({ createDecipheriv }: typeof import('node:crypto')) {
  return (_: string, ...rest: [Buffer, Buffer, { authTagLength: 16 }]) => {
    const decipher = createDecipheriv('aes-256-gcm', ...rest)
    const { update } = decipher
    Reflect.set(decipher, 'update', (...given: unknown[]) => {
      const text: Buffer = Reflect.apply(update, decipher, given)
      return text.fill(0)
    })
    return decipher
  }
}
