// Detects which of the two engines seals: `node:crypto` never calls WebCrypto's `encrypt`.

export type Engine = 'node:crypto' | 'webcrypto'

export async function engineOf(seal: () => Promise<unknown>): Promise<Engine> {
  const prototype: unknown = Object.getPrototypeOf(crypto.subtle)
  if (!hasEncrypt(prototype)) throw new Error('crypto.subtle has no encrypt to count')
  const { encrypt } = prototype
  let calls = 0
  prototype.encrypt = function (...values) {
    calls++
    return Reflect.apply(encrypt, this, values)
  }
  try {
    await seal()
  } finally {
    prototype.encrypt = encrypt
  }
  return calls === 0 ? 'node:crypto' : 'webcrypto'
}

function hasEncrypt(value: unknown): value is { encrypt: (...values: unknown[]) => unknown } {
  return typeof value === 'object' && value !== null && 'encrypt' in value
}
