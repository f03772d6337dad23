// Tokens as somebody makes them who holds the secret and has read SECURITY.md, but has not got the
// library: WebCrypto alone.

import { NAME, SECRET, START } from './scene.ts'

const encoder = new TextEncoder()

export interface Craft {
  readonly secret?: string
  readonly purpose?: 'cookie' | 'token'
  readonly name?: string
  readonly day?: number
  /** The protected header's text. */
  readonly header?: string
  readonly payload?: string | Uint8Array<ArrayBuffer>
  /** The second part, which must be empty with a direct key. */
  readonly encryptedKey?: string
  readonly ivBytes?: number
  readonly tagBytes?: number
  /** Bytes of the key that are used: 32, or 16 for AES-128. */
  readonly keyBytes?: number
}

export function dayOf(seconds: number): number {
  return Math.floor(seconds / 86_400)
}

export async function craft(changes: Craft = {}): Promise<string> {
  const { secret = SECRET, purpose = 'cookie', name = NAME, day = dayOf(START) } = changes
  const { payload = claims(), encryptedKey = '', ivBytes = 12, tagBytes = 16 } = changes
  const header = base64url(encoder.encode(changes.header ?? (await headerOf(secret, day))))
  const info = `sealed-session/1 ${purpose} ${day} ${name}`
  const bytes = (await hkdf(secret, info, 32)).slice(0, changes.keyBytes ?? 32)
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const plaintext = typeof payload === 'string' ? encoder.encode(payload) : payload
  const algorithm = { name: 'AES-GCM', iv, additionalData: encoder.encode(header) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext))
  const ciphertext = sealed.slice(0, plaintext.length)
  // A shorter tag is a prefix of the full one (SP 800-38D section 7.1); a longer one is no tag.
  const tag = new Uint8Array(tagBytes)
  tag.set(sealed.slice(plaintext.length).subarray(0, tagBytes))
  // Not every WebCrypto seals under another length: the IV is cut, or gets zeros, afterwards.
  const written = new Uint8Array(ivBytes)
  written.set(iv.subarray(0, ivBytes))
  return [header, encryptedKey, base64url(written), base64url(ciphertext), base64url(tag)].join('.')
}

/** What a token holds, opened by the description of the format. */
export async function uncraft(token: string, changes: Craft = {}): Promise<string> {
  const { secret = SECRET, purpose = 'cookie', name = NAME, day = dayOf(START) } = changes
  const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.')
  const bytes = await hkdf(secret, `sealed-session/1 ${purpose} ${day} ${name}`, 32)
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt'])
  const algorithm = {
    name: 'AES-GCM',
    iv: bytesOf(iv),
    additionalData: encoder.encode(header),
  }
  const sealed = Uint8Array.from([...bytesOf(ciphertext), ...bytesOf(tag)])
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, sealed))
}

/** The protected header's text, to the byte. */
export async function headerOf(secret: string = SECRET, day = dayOf(START)): Promise<string> {
  return `{"alg":"dir","enc":"A256GCM","kid":"${await kidOf(secret, day)}"}`
}

export async function kidOf(secret: string = SECRET, day = dayOf(START)): Promise<string> {
  return `${base64url(await hkdf(secret, 'sealed-session/1 id', 3))}.${day}`
}

/** Claims as they stand in a token, with whatever is to be different. */
export function claims(changes: Readonly<Record<string, unknown>> = {}): string {
  const usual = {
    jti: 'AAECAwQFBgcICQoLDA0ODw',
    iat: START,
    exp: START + 86_400,
    d: { user: 'ada' },
  }
  return JSON.stringify({ ...usual, ...changes })
}

/** A text as a raw DEFLATE stream of one stored block (RFC 1951 section 3.2.4). */
export function deflateStored(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(text)
  const [low, high] = [bytes.length & 0xff, bytes.length >> 8]
  return Uint8Array.from([1, low, high, low ^ 0xff, high ^ 0xff, ...bytes])
}

export function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

async function hkdf(secret: string, info: string, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const salt = new Uint8Array(0)
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info: encoder.encode(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, material, bytes * 8))
}
