// Counts the cryptography of an execution, and the tokens it was for, with engines that count.

import nodeCrypto from 'node:crypto'
import { withBuiltinModules } from '../support/engines.ts'

export class Meter {
  /** Every token that `node:crypto` was called to decrypt, as it was passed. */
  attempts: string[] = []
  decryptions = 0
  derivations = 0

  reset(): void {
    this.attempts = []
    this.decryptions = 0
    this.derivations = 0
  }
}

type Method = (...given: unknown[]) => unknown

interface Decipher {
  setAAD(bytes: Uint8Array): unknown
  setAuthTag(tag: Uint8Array): unknown
  update(text: string, from: string): unknown
  final(): unknown
}

/** Calls `create` with cryptography from `node:crypto`, counted. */
export function withNodeCrypto<T>(meter: Meter, create: () => T): T {
  const { getBuiltinModule } = process
  const counting = { ...nodeCrypto, createDecipheriv: countingDecipher(meter) }
  return withBuiltinModules(
    (name: string) => (name === 'node:crypto' ? counting : getBuiltinModule(name)),
    create,
  )
}

/** Calls `create` with only WebCrypto. */
export function withWebCrypto<T>(create: () => T): T {
  return withBuiltinModules(undefined, create)
}

/** Counts calls of WebCrypto by any code until the returned function is called. */
export function watchWebCrypto(meter: Meter): () => void {
  const { subtle } = crypto
  const watch = (method: 'decrypt' | 'deriveBits', name: 'decryptions' | 'derivations') => {
    const before = Object.getOwnPropertyDescriptor(subtle, method)
    const original: unknown = Reflect.get(subtle, method)
    Reflect.set(subtle, method, (...given: unknown[]): unknown => {
      meter[name]++
      return Reflect.apply(original as Method, subtle, given)
    })
    return () => {
      Reflect.deleteProperty(subtle, method)
      if (before !== undefined) Object.defineProperty(subtle, method, before)
    }
  }
  const ends = [watch('decrypt', 'decryptions'), watch('deriveBits', 'derivations')]
  return () => {
    for (const end of ends) end()
  }
}

function countingDecipher(meter: Meter): Method {
  return (...given) => {
    const decipher = Reflect.apply(nodeCrypto.createDecipheriv, nodeCrypto, given) as Decipher
    meter.decryptions++
    const [, , iv] = given as [unknown, unknown, Uint8Array]
    const parts = ['', '', textOf(iv), '', '']
    return {
      setAAD: (bytes: Uint8Array) => {
        parts[0] = Buffer.from(bytes).toString('latin1')
        return decipher.setAAD(bytes)
      },
      setAuthTag: (tag: Uint8Array) => {
        parts[4] = textOf(tag)
        return decipher.setAuthTag(tag)
      },
      update: (text: string, from: string) => {
        parts[3] += text
        return decipher.update(text, from)
      },
      final: () => {
        meter.attempts.push(parts.join('.'))
        return decipher.final()
      },
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
