// The same bytes as jwe-jose.ts, with `node:crypto`, which is synchronous: a token costs what AES costs,
// and not a trip to a thread pool. Nothing of Node is imported, so that every bundler takes this file.

import { IV_LENGTH, TAG_LENGTH, decodeText, headerOf } from './jwe.ts'
import type { DayKey, KeyId, MakeKey } from './jwe.ts'
import { ownProperties } from '../validate.ts'

/** The part of `node:crypto` that is used here. */
interface NodeCrypto {
  randomFillSync(bytes: Bytes): Bytes
  createSecretKey(bytes: Uint8Array): object
  createCipheriv(name: string, key: object, iv: Uint8Array, options: TagLength): Cipher
  createDecipheriv(name: string, key: object, iv: Uint8Array, options: TagLength): Decipher
}

interface TagLength {
  readonly authTagLength: number
}

interface Cipher {
  setAAD(bytes: Uint8Array): unknown
  update(text: string, from: 'utf8'): Bytes
  final(): unknown
  getAuthTag(): Bytes
}

interface Decipher {
  setAAD(bytes: Uint8Array): unknown
  setAuthTag(tag: Uint8Array): unknown
  update(text: string, from: 'base64url'): Bytes
  final(): unknown
}

interface Bytes extends Uint8Array {
  toString(encoding?: 'base64url'): string
  write(text: string, encoding: 'base64url'): number
}

/** The part of `Buffer` that is used here. */
interface NodeBuffer {
  from(text: string): Bytes
  from(bytes: ArrayBufferLike): Bytes
}

/** `process.getBuiltinModule`: Node 20.16 and later, Bun, Deno. */
interface Builtins {
  (name: 'node:crypto'): NodeCrypto
  (name: 'node:buffer'): { readonly Buffer: NodeBuffer }
}

const NAME = 'aes-256-gcm'

/**
 * 96 random bits (SP 800-38D section 8.2.2), drawn for each token. Drawing many at once would be
 * cheaper, but a snapshot of the machine that is started twice would then use each of them twice.
 */
const IV_BYTES = 12

const TAG_BYTES = 16

/** The full tag. Without this option Node takes tags of 4 bytes too (CVE-2018-1000539 elsewhere). */
const FULL_TAG: TagLength = ownProperties({ authTagLength: TAG_BYTES })

/**
 * Returns how keys are made with `node:crypto`, or `undefined` where the runtime has none or one that
 * does not seal as specified. Decided by a known answer, never by a runtime's name.
 */
export function nodeKeys(): MakeKey | undefined {
  const process: { getBuiltinModule: Builtins } = Reflect.get(globalThis, 'process')
  try {
    // Throws where any of these is missing.
    const crypto = process.getBuiltinModule('node:crypto')
    const { Buffer } = process.getBuiltinModule('node:buffer')
    if (!worksAsKnown(crypto, Buffer)) return undefined
    const draw = (iv: Bytes) => crypto.randomFillSync(iv)
    return (keyId, bytes) => makeNodeKey(keyId, bytes, crypto, Buffer, draw)
  } catch {
    return undefined
  }
}

function makeNodeKey(
  keyId: KeyId,
  bytes: Uint8Array,
  crypto: NodeCrypto,
  Buffer: NodeBuffer,
  draw: (iv: Bytes) => void,
): DayKey {
  const key = crypto.createSecretKey(bytes)
  const aad = Buffer.from(headerOf(keyId))
  // Filled anew for every token, and used before anything else can run.
  const iv = Buffer.from(new ArrayBuffer(IV_BYTES))
  const tag = Buffer.from(new ArrayBuffer(TAG_BYTES))
  return {
    ...keyId,
    seal(text) {
      draw(iv)
      const cipher = crypto.createCipheriv(NAME, key, iv, FULL_TAG)
      cipher.setAAD(aad)
      const ciphertext = cipher.update(text, 'utf8').toString('base64url')
      // GCM is a stream cipher: the end adds the tag and no text.
      cipher.final()
      const tagText = cipher.getAuthTag().toString('base64url')
      return `${iv.toString('base64url')}.${ciphertext}.${tagText}`
    },
    open(sealed) {
      // `iv.ciphertext.tag`: all of them but one have a known length.
      const tagAt = sealed.length - TAG_LENGTH
      if (iv.write(sealed.slice(0, IV_LENGTH), 'base64url') !== IV_BYTES) return undefined
      if (tag.write(sealed.slice(tagAt), 'base64url') !== TAG_BYTES) return undefined
      const decipher = crypto.createDecipheriv(NAME, key, iv, FULL_TAG)
      decipher.setAAD(aad)
      decipher.setAuthTag(tag)
      const plaintext = decipher.update(sealed.slice(IV_LENGTH + 1, tagAt - 1), 'base64url')
      try {
        // GCM is a stream cipher: the end gives the verdict on the tag and no text.
        decipher.final()
      } catch {
        return undefined
      }
      return decodeText(plaintext)
    },
  }
}

/** Under 32 zero bytes and an IV of zeros, as any implementation makes it. */
const KNOWN_TEXT = 'gr\u00fc\u00dfe'
const KNOWN_SEALED = 'AAAAAAAAAAAAAAAA.qdWDgY7_Dg._oxIt-1cllbJcOS8t0jPOw'

/** Whether sealing and opening give the known answers, and an altered tag gives nothing. */
function worksAsKnown(crypto: NodeCrypto, Buffer: NodeBuffer): boolean {
  // An IV that is not drawn is all zeros.
  const key = makeNodeKey({ id: 'test', day: 0 }, new Uint8Array(32), crypto, Buffer, () => {})
  return (
    key.seal(KNOWN_TEXT) === KNOWN_SEALED &&
    key.open(KNOWN_SEALED) === KNOWN_TEXT &&
    key.open(KNOWN_SEALED.replace('._oxI', '._oxJ')) === undefined
  )
}
