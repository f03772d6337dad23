// Seals and opens with jose, over WebCrypto: for every runtime without `node:crypto`. jose is loaded with
// the first key, because loading it is most of a cold start.

import { decodeText, headerOf } from './jwe.ts'
import type { DayKey, KeyId } from './jwe.ts'
import { ownProperties } from '../validate.ts'

/** jwe.ts accepts nothing else, and jose must not either. */
const ONLY_OURS = ownProperties({
  keyManagementAlgorithms: ['dir'],
  contentEncryptionAlgorithms: ['A256GCM'],
  maxDecompressedLength: 0,
})

/** Makes a key that seals and opens with jose. */
export async function makeJoseKey(keyId: KeyId, bytes: Uint8Array<ArrayBuffer>): Promise<DayKey> {
  const { JOSEError, compactDecrypt, CompactEncrypt } = await import('./jose.ts')
  const usages: KeyUsage[] = ['encrypt', 'decrypt']
  // Imported once: jose would import raw bytes again for every token.
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, usages)
  const frame = `${headerOf(keyId)}..`
  const kid = `${keyId.id}.${keyId.day}`
  return {
    ...keyId,
    async seal(text) {
      const token = await new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
        .encrypt(key)
      return token.slice(frame.length)
    },
    async open(sealed) {
      try {
        return decodeText((await compactDecrypt(frame + sealed, key, ONLY_OURS)).plaintext)
      } catch (error) {
        // Any other error is not the client's doing.
        if (error instanceof JOSEError) return undefined
        throw error
      }
    },
  }
}
