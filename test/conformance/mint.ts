// Seals cookie values, tickets and bare tokens from docs/format.md, with WebCrypto and without the
// library: as another implementation does, or an attacker who has a key.

import { DAY, dayOf, formatHeader, listElements } from '../support/format.ts'
import type { Payload } from '../support/format.ts'
import { NAME, SECRET, START } from './scene.ts'

const encoder = new TextEncoder()

export interface Minting {
  readonly secret?: string
  /** The secret's id in the value, if it is not the derived one. */
  readonly id?: string
  readonly purpose?: 'cookie' | 'token' | 'ticket' | `token ${string}`
  readonly name?: string
  readonly day?: number
  readonly payload?: string | Uint8Array<ArrayBuffer>
  /** `<secret id>.<day>` as it is written and authenticated. */
  readonly kid?: string
  /** The protected header of a bare token. */
  readonly header?: string
  /** The second part of a bare token, which must be empty with a direct key. */
  readonly encryptedKey?: string
  readonly ivBytes?: number
  readonly tagBytes?: number
  /** Bytes of the key: 32, or 16 for AES-128. */
  readonly keyBytes?: number
}

/** Seals the value of a cookie. */
export async function mint(changes: Minting = {}): Promise<string> {
  const kid = await kidFor(changes)
  return `${kid}.${await seal(formatHeader(kid), changes)}`
}

/** Seals a bare token: a compact JWE. */
export async function mintToken(changes: Minting = {}): Promise<string> {
  const header = changes.header ?? formatHeader(await kidFor(changes))
  const { encryptedKey = '' } = changes
  const sealed = await seal(header, { purpose: 'token', ...changes })
  return `${base64url(encoder.encode(header))}.${encryptedKey}.${sealed}`
}

/** Seals the ticket of a session that was used at `usedAt`, in seconds. */
export function mintTicket(usedAt: number, id: string, changes: Minting = {}): Promise<string> {
  const payload = JSON.stringify([id.slice(0, 8), usedAt % DAY])
  return mint({ purpose: 'ticket', day: dayOf(usedAt), payload, ...changes })
}

/** Returns the plaintext of a cookie's value, opened as docs/format.md describes. */
export async function decryptValue(value: string, changes: Minting = {}): Promise<string> {
  const { secret = SECRET, purpose = 'cookie', name = NAME } = changes
  const [id = '', day = '', iv = '', ciphertext = '', tag = ''] = value.split('.')
  const bytes = await derive(secret, contextOf(purpose, Number(day), name), 32)
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt'])
  const algorithm = {
    name: 'AES-GCM',
    iv: bytesOf(iv),
    additionalData: associatedData(formatHeader(`${id}.${day}`)),
  }
  const sealed = Uint8Array.from([...bytesOf(ciphertext), ...bytesOf(tag)])
  return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, sealed))
}

/** Returns `<secret id>.<day>`, with the derived id. */
export async function kidOf(secret: string = SECRET, day = dayOf(START)): Promise<string> {
  return `${base64url(await derive(secret, 'id', 3))}.${day}`
}

/** Returns a payload of the format, with some of its elements replaced. */
export function formatPayload(changes: Payload = {}): string {
  return JSON.stringify(listElements(changes))
}

/** Returns a string as a raw DEFLATE stream of one stored block (RFC 1951 section 3.2.4). */
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

async function kidFor({ secret, id, day = dayOf(START), kid }: Minting): Promise<string> {
  return kid ?? (id === undefined ? kidOf(secret, day) : `${id}.${day}`)
}

/** Returns `<iv>.<ciphertext>.<tag>`, with the header authenticated as given. */
async function seal(header: string, changes: Minting): Promise<string> {
  const { secret = SECRET, purpose = 'cookie', name = NAME, day = dayOf(START) } = changes
  const { payload = formatPayload(), ivBytes = 12, tagBytes = 16, keyBytes = 32 } = changes
  const bytes = (await derive(secret, contextOf(purpose, day, name), 32)).slice(0, keyBytes)
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const plaintext = typeof payload === 'string' ? encoder.encode(payload) : payload
  const algorithm = { name: 'AES-GCM', iv, additionalData: associatedData(header) }
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext))
  const ciphertext = sealed.slice(0, plaintext.length)
  // A shorter tag is a prefix of the full one (SP 800-38D section 7.1); a longer one is invalid.
  const tag = new Uint8Array(tagBytes)
  tag.set(sealed.slice(plaintext.length).subarray(0, tagBytes))
  // Not every WebCrypto seals with another length: the IV is cut, or padded with zeros, afterwards.
  const written = new Uint8Array(ivBytes)
  written.set(iv.subarray(0, ivBytes))
  return [written, ciphertext, tag].map(base64url).join('.')
}

function associatedData(header: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(base64url(encoder.encode(header)))
}

/** A purpose text follows the name. */
function contextOf(purpose: string, day: number, name: string): string {
  const [kind, ...text] = purpose.split(' ')
  return [kind, day, name, ...text].join(' ')
}

async function derive(
  secret: string,
  context: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const salt = new Uint8Array(0)
  const info = encoder.encode(`sealed-session/1 ${context}`)
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info }
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, material, bytes * 8))
}
