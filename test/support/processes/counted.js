// Random bytes that are the same in every run. Imports nothing: globals may be frozen after this.

const nodeCrypto = process.getBuiltinModule('node:crypto')

/** Starts to count random bytes, from zero at each call. */
export function countRandomBytes() {
  let count = 0
  const fill = (bytes) => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = count++
    return bytes
  }
  crypto.getRandomValues = fill
  nodeCrypto.randomFillSync = fill
}
