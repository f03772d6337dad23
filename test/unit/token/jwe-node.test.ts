import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodeKeys } from '../../../src/token/jwe-node.ts'
import { makeJoseKey, parse } from '../../../src/token/jwe.ts'

const kid = { id: 'a1b2', day: 20_778 }
const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7)

async function bothKeys() {
  const makeNodeKey = nodeKeys()
  if (makeNodeKey === undefined) throw new Error('this runtime has no node:crypto')
  return { node: await makeNodeKey(kid, bytes), jose: await makeJoseKey(kid, bytes) }
}

describe('one format, two engines', () => {
  test('what one seals the other opens, for any text', async () => {
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

  test('the parts beside IV, ciphertext and tag are the same to the byte', async () => {
    const { node, jose } = await bothKeys()
    const frame = (token: string) =>
      token.split('.').map((part, at) => (at < 2 ? part : part.length))
    expect(frame(await node.seal('text'))).toEqual(frame(await jose.seal('text')))
  })

  test('both refuse the same altered tokens, and neither throws', async () => {
    const { node, jose } = await bothKeys()
    const token = await node.seal('{"jti":"x","d":{"user":"ada"}}')
    const at = fc.nat({ max: token.length - 1 })
    const character = fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.',
    )
    await fc.assert(
      fc.asyncProperty(at, character, async (index, other) => {
        fc.pre(token[index] !== other)
        const altered = token.slice(0, index) + other + token.slice(index + 1)
        const asked = parse(altered)
        if (asked === undefined || asked.id !== kid.id || asked.day !== kid.day) return
        expect(await node.open(altered)).toBeUndefined()
        expect(await jose.open(altered)).toBeUndefined()
      }),
      { numRuns: 400 },
    )
  })

  test('authentic bytes that are no UTF-8 open with neither', async () => {
    const { createCipheriv } = await import('node:crypto')
    const { node, jose } = await bothKeys()
    const [header = ''] = (await node.seal('text')).split('.')
    const iv = Buffer.alloc(12, 1)
    const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(Buffer.from(header))
    const parts = [cipher.update(Buffer.from([0xff, 0xfe])), cipher.final()]
    const ciphertext = Buffer.concat(parts).toString('base64url')
    const tag = cipher.getAuthTag().toString('base64url')
    const token = `${header}..${iv.toString('base64url')}.${ciphertext}.${tag}`
    expect(parse(token)).toEqual(kid)
    expect(await node.open(token)).toBeUndefined()
    expect(await jose.open(token)).toBeUndefined()
  })

  test('an IV or a tag of any other length opens nothing, should it ever get there', async () => {
    const { node } = await bothKeys()
    const token = await node.seal('text')
    for (const characters of [6, 8, 16, 20]) {
      const short = token.slice(0, token.lastIndexOf('.') + 1 + characters)
      expect(parse(short)).toBeUndefined()
      expect(node.open(short)).toBeUndefined()
    }
    const [header = '', , iv = '', ...rest] = token.split('.')
    for (const other of ['', iv.slice(0, 15), `.${iv.slice(1)}`]) {
      const misfit = [header, '', other, ...rest].join('.')
      expect(parse(misfit)).toBeUndefined()
      expect(node.open(misfit)).toBeUndefined()
    }
  })
})

describe('where the runtime has no usable node:crypto', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('no getBuiltinModule, no engine', () => {
    vi.stubGlobal('process', {})
    expect(nodeKeys()).toBeUndefined()
  })

  test('no process at all, no engine', () => {
    vi.stubGlobal('process', undefined)
    expect(nodeKeys()).toBeUndefined()
  })

  test('a node:crypto that throws or seals something else is not taken', () => {
    const { getBuiltinModule } = process
    const notImplemented = { createSecretKey: () => raise() }
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

function raise(): never {
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
